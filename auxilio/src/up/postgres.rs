//! The private Postgres of an embedded installation: made, started, watched and stopped.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};

use super::sidecar::Sidecar;

/// Time that a start may take: recovery after a kill reads the whole log of the last checkpoint.
pub(crate) const START_TIME_MAX: Duration = Duration::from_secs(120);

/// Time that a fast stop may take before Postgres is killed.
const STOP_TIME_MAX: Duration = Duration::from_secs(10);

/// A private server in a folder.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    programs: PathBuf,
    dir: PathBuf,
    log: PathBuf,
    port: u16,
    user: String,
    password_file: PathBuf,
}

impl Server {
    /// A server of the machine's newest PostgreSQL packages.
    pub(crate) fn of(
        dir: &Path,
        port: u16,
        user: &str,
        password_file: &Path,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            programs: find_programs()?,
            dir: dir.join("postgres"),
            log: dir.join("postgres.log"),
            port,
            user: user.to_owned(),
            password_file: password_file.to_owned(),
        })
    }

    /// A program of the server's packages.
    fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// Makes the cluster if there is none. A half-made one is made anew.
    pub(crate) fn make_missing(&self) -> anyhow::Result<()> {
        if self.dir.join("PG_VERSION").exists() {
            return Ok(());
        }
        let fresh = self.dir.with_extension("new");
        if fresh.exists() {
            std::fs::remove_dir_all(&fresh)?;
        }
        let output = Command::new(self.program("initdb"))
            .arg("--pgdata")
            .arg(&fresh)
            .args([
                "--username",
                &self.user,
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--data-checksums",
            ])
            .args(["--auth=scram-sha-256", "--no-instructions", "--pwfile"])
            .arg(&self.password_file)
            .stdin(Stdio::null())
            .output()
            .context("can't run initdb")?;
        if !output.status.success() {
            bail!("initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        std::fs::rename(&fresh, &self.dir).context("can't name the new cluster")
    }

    /// Stops a server that an earlier `up` on this folder left behind.
    pub(crate) fn end_leftover(&self) -> anyhow::Result<()> {
        let Some(pid) = self.leftover() else { return Ok(()) };
        tracing::warn!(pid, "an earlier Postgres of this folder still runs: stopping it");
        let stopped = Command::new(self.program("pg_ctl"))
            .args(["stop", "--mode=fast", "--silent", "--wait", "--timeout", "10", "--pgdata"])
            .arg(&self.dir)
            .stdin(Stdio::null())
            .status()
            .context("can't run pg_ctl")?;
        if stopped.success() || self.leftover().is_none() {
            return Ok(());
        }
        let killed = Command::new(self.program("pg_ctl"))
            .args(["kill", "KILL", &pid.to_string()])
            .status()?;
        if !killed.success() {
            bail!("the earlier Postgres of this folder (process {pid}) can't be ended");
        }
        Ok(())
    }

    /// The process of a server that runs in the folder.
    fn leftover(&self) -> Option<u32> {
        let text = std::fs::read_to_string(self.dir.join("postmaster.pid")).ok()?;
        let pid = text.lines().next()?.trim().parse::<u32>().ok()?;
        // The number may belong to another program by now.
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        String::from_utf8_lossy(&line).contains(&*self.dir.to_string_lossy()).then_some(pid)
    }

    /// Whether the server takes connections.
    pub(crate) fn answers(&self) -> bool {
        Command::new(self.program("pg_isready"))
            .args(["--quiet", "--host=127.0.0.1", "--port", &self.port.to_string()])
            .stdin(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }
}

impl Sidecar for Server {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn words(&self) -> String {
        self.log.display().to_string()
    }

    fn start(&self) -> anyhow::Result<Child> {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .with_context(|| format!("can't open \"{}\"", self.log.display()))?;
        let setting = |name: &str, value: &str| format!("--{name}={value}");
        Command::new(self.program("postgres"))
            .arg("-D")
            .arg(&self.dir)
            .arg(setting("port", &self.port.to_string()))
            .arg(setting("listen_addresses", "127.0.0.1"))
            .arg(setting("unix_socket_directories", ""))
            .arg(setting("max_connections", "100"))
            .arg(setting("shared_buffers", "64MB"))
            .arg(setting("timezone", "UTC"))
            .arg(setting("log_timezone", "UTC"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .context("can't run its program")
    }

    /// Fast, and by force if that takes too long.
    fn stop(&self, child: &mut Child) -> anyhow::Result<()> {
        // SIGINT is Postgres' fast stop: sessions are ended, the next start needs no recovery.
        if let Some(pid) = rustix::process::Pid::from_raw(i32::try_from(child.id())?) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        }
        let step = Duration::from_millis(20);
        let mut waited = Duration::ZERO;
        while waited < STOP_TIME_MAX {
            if child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(step);
            waited += step;
        }
        child.kill()?;
        child.wait()?;
        Ok(())
    }
}

/// The newest server packages of this machine.
fn find_programs() -> anyhow::Result<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            let programs = entry.path().join("bin");
            programs.join("postgres").exists().then_some((version, programs))
        })
        .collect();
    versions.sort();
    match versions.pop() {
        Some((version, programs)) if version >= 13 => Ok(programs),
        Some((version, _)) => bail!("PostgreSQL {version} is too old: 13 or newer is needed"),
        None => {
            bail!("there is no PostgreSQL server: install it with \"apt-get install postgresql\"")
        }
    }
}
