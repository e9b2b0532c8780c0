//! `auxilio up`: everything in one process, as a newcomer runs it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use auxilio_testkit::hbase::Jars;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::crashes::Crashes;
use crate::process::Process;
use crate::{binary, user, wait};

/// Time within which `up` is ready: its first start makes a database cluster.
const START_TIME: Duration = Duration::from_secs(180);

/// Held, with the offset added, by whom the offset belongs to.
const CLAIMED_PORT: u16 = 7_999;

/// An embedded installation.
pub struct Up {
    /// Its data folder.
    pub dir: TempDir,
    /// Real crashes to post.
    pub crashes: Arc<Crashes>,
    offset: u16,
    /// Keeps the offset from others.
    _claim: TcpListener,
    /// With what it is the full topology.
    hbase: Option<Jars>,
    process: Option<Process>,
}

impl Up {
    /// Makes a data folder and starts `up` in it.
    pub fn start() -> Result<Self> {
        let mut up = Self::prepare()?;
        up.start_again()?;
        Ok(up)
    }

    /// The same with a private HBase and memcached.
    pub fn start_with_hbase() -> Result<Self> {
        let mut up = Self::prepare()?;
        up.hbase = Some(Jars::find()?);
        up.start_again()?;
        Ok(up)
    }

    /// A data folder with symbols, and ports that nobody uses.
    pub fn prepare() -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("auxilio-up-").tempdir()?;
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755))?;
        user::give(dir.path())?;
        let made = tempfile::tempdir()?;
        std::fs::create_dir(dir.path().join("symbols"))?;
        let crashes = Crashes::make(made.path(), &dir.path().join("symbols"))?;
        let (offset, claim) = free_offset()?;
        Ok(Self {
            dir,
            crashes: Arc::new(crashes),
            offset,
            _claim: claim,
            hbase: None,
            process: None,
        })
    }

    /// Starts `up` and waits until it says that it is ready.
    pub fn start_again(&mut self) -> Result<()> {
        let log = self.dir.path().join("up.log");
        let said = self.dir.path().join("up.out");
        let mut command = binary::command()?;
        command
            .args(["up", "--port-offset", &self.offset.to_string(), "--data"])
            .arg(self.dir.path())
            .args(self.hbase.iter().flat_map(|jars| {
                [Path::new("--hbase"), &jars.folder, Path::new("--java"), &jars.java]
            }))
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(&said)?)
            .stderr(std::fs::OpenOptions::new().create(true).append(true).open(&log)?);
        // Half the processor time of HBase's start.
        command.env("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1");
        user::run_as(&mut command)?;
        let mut process = Process::start(&mut command)?;
        let ready = wait::until("auxilio up", START_TIME, || {
            if let Ok(Some(status)) = process.ended() {
                return Some(Err(status));
            }
            let text = std::fs::read_to_string(&said).unwrap_or_default();
            text.lines().any(|line| line == "ready").then_some(Ok(()))
        });
        if let Err(status) = ready {
            bail!("auxilio up ended: {status}: {}", std::fs::read_to_string(&log)?);
        }
        self.process = Some(process);
        Ok(())
    }

    /// The process, no longer looked after.
    pub fn take(&mut self) -> Result<Process> {
        self.process.take().context("up does not run")
    }

    /// A role's address.
    pub fn address(&self, role: &str) -> SocketAddr {
        let port = match role {
            "collector" => 8000,
            "webapp" => 8080,
            "middleware" => 8100,
            "postgres" => 8132,
            "crashmover" => 8301,
            "monitor" => 8302,
            "memcached" => 8211,
            "cron" => 8304,
            "gateway" => 9090,
            "zookeeper" => 2181,
            "hbase master" => 16040,
            "hbase region server" => 16060,
            _ => 8303,
        };
        SocketAddr::from((Ipv4Addr::LOCALHOST, port + self.offset))
    }

    /// The offset of its ports.
    pub fn offset(&self) -> u16 {
        self.offset
    }

    /// One number that a query on its database answers.
    pub fn count(&self, sql: &str) -> Result<i64> {
        Ok(self.client("auxilio")?.query_one(sql, &[])?.get(0))
    }

    /// A connection to a database of its server, as its owner.
    pub fn client(&self, database: &str) -> Result<postgres::Client> {
        let password = std::fs::read_to_string(self.dir.path().join("postgres_password"))?;
        let client = postgres::Config::new()
            .host("127.0.0.1")
            .port(self.address("postgres").port())
            .user("auxilio")
            .password(password.trim())
            .dbname(database)
            .connect(postgres::NoTls)?;
        Ok(client)
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // Its Postgres would outlive a killed `up`: stop it as its operator would.
        if let Some(process) = self.process.take() {
            let _ = process.terminate(Duration::from_secs(60));
        } else {
            end_postgres(self.dir.path());
            for pid in hbase_processes(self.dir.path()) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}

/// Ends the Postgres that a killed `up` left in a folder, by the pid in its own file.
fn end_postgres(dir: &Path) {
    let Ok(text) = std::fs::read_to_string(dir.join("postgres/postmaster.pid")) else { return };
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let _ = kill_process(pid, Signal::INT);
    }
}

/// HBase, its gateway and memcached of a data folder, as far as they run: each names the folder in an
/// argument of its own.
pub fn hbase_processes(dir: &Path) -> Vec<Pid> {
    let dir = dir.join("hbase");
    let marks = [
        format!("-Dauxilio.folder={}", dir.display()),
        dir.join("memcached.pid").display().to_string(),
    ];
    let is_marked = |pid: &Pid| {
        let line = std::fs::read_to_string(format!("/proc/{}/cmdline", pid.as_raw_nonzero()));
        line.is_ok_and(|line| {
            line.split('\0').any(|argument| marks.iter().any(|it| it == argument))
        })
    };
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter_map(Pid::from_raw).filter(is_marked).collect()
}

/// An offset whose ports are free, and what keeps it ours while it is held: a port that no role has.
/// Test programs run side by side, and an `up` opens its ports late.
fn free_offset() -> Result<(u16, TcpListener)> {
    let listen = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    for offset in (1..=15).map(|number| number * 1_000) {
        let Ok(claim) = listen(CLAIMED_PORT + offset) else { continue };
        let ports =
            [8000, 8080, 8100, 8132, 8211, 8301, 8302, 8303, 8304, 9090, 2181, 16040, 16060];
        if ports.iter().all(|port| listen(port + offset).is_ok()) {
            return Ok((offset, claim));
        }
    }
    bail!("no port offset is free");
}
