//! A throw-away PostgreSQL server of one's own, with a fresh database for each test.
//!
//! The server runs from the machine's own packages on a free loopback port, in a temporary folder,
//! without durability. As root it runs as an unprivileged user, for it refuses root. It ends with
//! its last [`Server`], or with the test program, whatever ends that.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use postgres::{Client, NoTls};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use tempfile::TempDir;

/// The user of the server's own administration, without a password.
pub const USER: &str = "postgres";

/// How long a start or stop may take before it has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A private server. It stops when it is dropped.
pub struct Server {
    // Stopped before its folder goes.
    process: Mutex<Option<Child>>,
    programs: PathBuf,
    owner: Option<Owner>,
    port: u16,
    databases: AtomicU32,
    /// Whether the template that tests copy their database from is there.
    template: Mutex<bool>,
    folder: TempDir,
}

/// A database of one test's own.
pub struct Database {
    /// The server, kept alive by this.
    pub server: Arc<Server>,
    /// The database's name.
    pub name: String,
}

/// Whom the server runs as, if we are root.
#[derive(Clone, Copy)]
pub(crate) struct Owner {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

impl Server {
    /// The server that all tests of this program share while at least one of them runs.
    pub fn shared() -> Result<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = shared.upgrade() {
            return Ok(server);
        }
        let server = Arc::new(Self::start_new()?);
        *shared = Arc::downgrade(&server);
        Ok(server)
    }

    /// A server of its own, for a test that stops it.
    pub fn start_new() -> Result<Self> {
        let programs = programs()?;
        let owner = owner()?;
        let folder = tempfile::Builder::new().prefix("auxilio-postgres-").tempdir()?;
        if let Some(owner) = owner {
            chown(folder.path(), Some(owner.user), Some(owner.group))?;
        }
        let mut server = Self {
            process: Mutex::new(None),
            programs,
            owner,
            port: free_port()?,
            databases: AtomicU32::new(0),
            template: Mutex::new(false),
            folder,
        };
        server.initialise()?;
        // Between finding a free port and using it somebody else may have taken it.
        for _ in 0..3 {
            if server.start().is_ok() {
                return Ok(server);
            }
            server.port = free_port()?;
        }
        server.start()?;
        Ok(server)
    }

    /// The loopback port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops the server the fast way: connections end at once. Stopped already is fine.
    pub fn stop(&self) -> Result<()> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut child) = process.take() else { return Ok(()) };
        let pid = Pid::from_child(&child);
        kill_process(pid, Signal::INT)?;
        let start = Instant::now();
        while child.try_wait()?.is_none() {
            if start.elapsed() > PATIENCE {
                kill_process(pid, Signal::QUIT)?;
                child.wait()?;
                bail!("PostgreSQL did not stop within {PATIENCE:?} and was cut off");
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// Starts the server again on the same port, after [`Server::stop`].
    pub fn start(&self) -> Result<()> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        ensure!(process.is_none(), "PostgreSQL runs already");
        let mut command = self.command(&self.programs.join("postgres"));
        command.arg("-D").arg(self.data()).args(["-p", &self.port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            "shared_buffers=64MB",
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "log_min_messages=fatal",
        ] {
            command.args(["-c", setting]);
        }
        command.stderr(File::create(self.log())?);
        *process = Some(spawn_for_the_program_s_life(command)?);
        drop(process);
        self.wait_until_it_answers()
    }

    /// A synchronous connection to one of its databases, as [`USER`].
    pub fn client(&self, database: &str) -> Result<Client> {
        let client = postgres::Config::new()
            .host("127.0.0.1")
            .port(self.port)
            .user(USER)
            .dbname(database)
            .connect_timeout(Duration::from_secs(5))
            .connect(NoTls)?;
        Ok(client)
    }

    /// A fresh, empty database.
    pub fn empty_database(self: &Arc<Self>) -> Result<Database> {
        self.copy_of("template0")
    }

    /// A fresh copy of the template. `prepare` fills the template, given the name of an empty
    /// database, when the first test of the program asks.
    pub fn database(
        self: &Arc<Self>,
        prepare: impl FnOnce(&Server, &str) -> Result<()>,
    ) -> Result<Database> {
        const TEMPLATE: &str = "prepared";
        let mut is_there = self.template.lock().unwrap_or_else(PoisonError::into_inner);
        if !*is_there {
            let mut client = self.client("postgres")?;
            // What a failed attempt left behind.
            client.batch_execute(&format!("DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)"))?;
            client.batch_execute(&format!("CREATE DATABASE {TEMPLATE} TEMPLATE template0"))?;
            prepare(self, TEMPLATE)?;
            *is_there = true;
        }
        // Copying needs that nobody is connected to the template; the lock keeps us apart.
        self.copy_of(TEMPLATE)
    }

    fn copy_of(self: &Arc<Self>, template: &str) -> Result<Database> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut client = self.client("postgres")?;
        // Who prepared the template has hung up, but the server may not have noticed yet.
        client.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
            &[&template],
        )?;
        client
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}"))
            .with_context(|| format!("copy the database {template}"))?;
        Ok(Database { server: Arc::clone(self), name })
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("server.log")
    }

    fn initialise(&self) -> Result<()> {
        let mut command = self.command(&self.programs.join("initdb"));
        command.arg("-D").arg(self.data()).args([
            "--no-sync",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--username",
            USER,
        ]);
        let output = command.output().context("run initdb")?;
        let words = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "initdb failed: {words}");
        Ok(())
    }

    /// A program as the unprivileged user, told to end with us.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "QUIT"]);
        if let Some(Owner { user, group }) = self.owner {
            command.arg(format!("--reuid={user}")).arg(format!("--regid={group}"));
            command.arg("--clear-groups");
        }
        command.arg(program).stdin(Stdio::null()).current_dir(self.folder.path());
        command
    }

    /// Waits for the server's own word in its pid file: a client of ours would refuse to be used
    /// from a test that is asynchronous.
    fn wait_until_it_answers(&self) -> Result<()> {
        let start = Instant::now();
        let pid_file = self.data().join("postmaster.pid");
        let is_ready = || {
            let text = std::fs::read_to_string(&pid_file).unwrap_or_default();
            text.lines().last().is_some_and(|line| line.trim() == "ready")
        };
        while !is_ready() {
            let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(status) = process.as_mut().and_then(|child| child.try_wait().transpose()) {
                *process = None;
                let words = std::fs::read_to_string(self.log()).unwrap_or_default();
                bail!("PostgreSQL ended at its start with {}: {words}", status?);
            }
            ensure!(start.elapsed() < PATIENCE, "PostgreSQL is not ready after {PATIENCE:?}");
            drop(process);
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            eprintln!("testkit: {error:#}");
        }
    }
}

impl Database {
    /// A synchronous connection, as [`USER`].
    pub fn client(&self) -> Result<Client> {
        self.server.client(&self.name)
    }
}

/// Starts a process from a thread that lasts as long as the program: the signal at the parent's
/// death comes at the death of the thread that started it, and a test's thread ends early.
pub(crate) fn spawn_for_the_program_s_life(mut command: Command) -> Result<Child> {
    let (sender, receiver) = mpsc::sync_channel(1);
    thread::Builder::new().name("server-parent".into()).spawn(move || {
        let _receiver_waits = sender.send(command.spawn());
        loop {
            thread::park();
        }
    })?;
    receiver.recv()?.context("start a server through setpriv")
}

/// The folder of the newest server programs on this machine.
fn programs() -> Result<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, programs)| programs.join("postgres").exists())
        .collect();
    found.sort();
    if let Some((_, programs)) = found.pop() {
        return Ok(programs);
    }
    let output = Command::new("pg_config").arg("--bindir").output();
    let output = output.context("find PostgreSQL: apt-get install postgresql")?;
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

/// Whom to run a server as: nobody else if we are not root, else `postgres` or `nobody`.
pub(crate) fn owner() -> Result<Option<Owner>> {
    if !geteuid().is_root() {
        return Ok(None);
    }
    let users = BufReader::new(File::open("/etc/passwd")?);
    let mut found = None;
    for line in users.lines() {
        let line = line?;
        let fields: Vec<&str> = line.split(':').collect();
        let [name, _, user, group, ..] = fields[..] else { continue };
        if name == "postgres" || (name == "nobody" && found.is_none()) {
            found = Some(Owner { user: user.parse()?, group: group.parse()? });
        }
    }
    ensure!(found.is_some(), "root can't run servers, and no user postgres or nobody is here");
    Ok(found)
}

pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_comes_back_on_its_port_with_its_data() {
        let server = Arc::new(Server::start_new().unwrap());
        let database = server.empty_database().unwrap();
        database.client().unwrap().batch_execute("CREATE TABLE kept (n integer)").unwrap();
        server.stop().unwrap();
        assert!(server.client("postgres").is_err());
        server.start().unwrap();
        assert!(database.client().unwrap().query("SELECT n FROM kept", &[]).unwrap().is_empty());
    }

    #[test]
    fn each_test_has_a_copy_of_the_template_of_its_own() {
        let server = Server::shared().unwrap();
        let prepare = |server: &Server, name: &str| -> Result<()> {
            Ok(server.client(name)?.batch_execute("CREATE TABLE t (n integer)")?)
        };
        let one = server.database(prepare).unwrap();
        let two = server.database(|_, _| bail!("the template is there already")).unwrap();
        one.client().unwrap().batch_execute("INSERT INTO t VALUES (1)").unwrap();
        assert!(two.client().unwrap().query("SELECT n FROM t", &[]).unwrap().is_empty());
    }
}
