//! A real HBase behind its Thrift gateway, from the jars that `bin/hbase` fetches, to throw away.
//!
//! Standalone it is one server and its gateways; distributed it is ZooKeeper, a master, region
//! servers and gateways, each a process of its own, and if ordered an HDFS below. All listen on free loopback ports and keep their
//! data and logs in a temporary folder. As root they run as an unprivileged user. They end when the
//! [`Hbase`] is dropped, or with the test program, whatever ends that.
//!
//! A kill loses no acknowledged row: on a plain folder HBase's log reaches the kernel before the
//! answer goes out.

mod admin;
mod client;
mod daemon;
mod hdfs;
mod jars;
mod last_words;
mod options;
mod regions;
mod settings;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

pub use self::client::{RawClient, raw_client};
pub use self::daemon::Daemon;
pub use self::jars::Jars;
pub use self::options::{Gateway, HbaseOptions};
pub use self::regions::Region;

use self::admin::Admin;
use crate::postgres::{Owner, owner, spawn_for_the_program_s_life};

/// How long a start, a stop or an answer may take before it has failed. A start takes five seconds
/// on an idle machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// A private HBase. It stops when it is dropped.
pub struct Hbase {
    // Ended before the folder goes.
    processes: Mutex<BTreeMap<Daemon, Process>>,
    admin: Mutex<Option<Admin>>,
    options: HbaseOptions,
    gateways: Mutex<Vec<Gateway>>,
    ports: Mutex<BTreeMap<Daemon, u16>>,
    prefixes: AtomicU32,
    jars: Jars,
    owner: Option<Owner>,
    folder: TempDir,
}

/// A daemon that runs.
struct Process {
    child: Child,
    /// Length of its log when it was started: what an earlier life wrote does not count.
    log_start: usize,
}

static SHARED: Mutex<Weak<Hbase>> = Mutex::new(Weak::new());

impl Hbase {
    /// The standalone HBase that all tests of this program share while at least one of them holds
    /// it. Tests keep apart by [`Hbase::fresh_prefix`], and ask for gateways of another mode by
    /// [`Hbase::add_gateway`].
    pub fn shared() -> Result<Arc<Self>> {
        let mut shared = lock(&SHARED);
        if let Some(hbase) = shared.upgrade() {
            return Ok(hbase);
        }
        let hbase = Arc::new(Self::start()?);
        *shared = Arc::downgrade(&hbase);
        Ok(hbase)
    }

    /// A standalone one of its own with one gateway: buffered transport, binary protocol.
    pub fn start() -> Result<Self> {
        Self::with(&HbaseOptions::default())
    }

    /// One of its own, as ordered.
    pub fn with(options: &HbaseOptions) -> Result<Self> {
        let jars = Jars::find()?;
        let mut attempts = 1..=3;
        loop {
            let attempt = attempts.next();
            let hbase = Self::prepare(options.clone(), jars.clone())?;
            match hbase.start_all() {
                // Between finding a free port and using it somebody else may have taken it.
                Err(error) if attempt < Some(3) && format!("{error:#}").contains("in use") => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(hbase),
            }
        }
    }

    fn prepare(options: HbaseOptions, jars: Jars) -> Result<Self> {
        let owner = owner()?;
        let folder = tempfile::Builder::new().prefix("auxilio-hbase-").tempdir()?;
        let gateways = options.gateways.clone();
        let hbase = Self {
            processes: Mutex::default(),
            admin: Mutex::default(),
            options,
            gateways: Mutex::default(),
            ports: Mutex::default(),
            prefixes: AtomicU32::new(0),
            jars,
            owner,
            folder,
        };
        hbase.make_folder(&hbase.data())?;
        hbase.make_folder(&hbase.data().join("tmp"))?;
        hbase.give(hbase.folder.path())?;
        let mut daemons = vec![Daemon::ZooKeeper, Daemon::Master];
        daemons.extend((0..hbase.options.region_servers.max(1)).map(Daemon::RegionServer));
        if hbase.options.hdfs {
            daemons.extend([Daemon::NameNode, Daemon::DataNode]);
        }
        hbase.find_ports(&daemons)?;
        for daemon in daemons {
            hbase.write_settings(daemon, &[])?;
        }
        for gateway in gateways {
            hbase.order_gateway(gateway)?;
        }
        Ok(hbase)
    }

    /// Where the gateways listen, in the order of their numbers, whether they run or not.
    pub fn gateways(&self) -> Vec<SocketAddr> {
        let ports = lock(&self.ports);
        let gateways = ports.iter().filter(|(daemon, _)| matches!(daemon, Daemon::Gateway(_)));
        gateways.map(|(_, port)| SocketAddr::from((Ipv4Addr::LOCALHOST, *port))).collect()
    }

    /// Where a daemon listens; of a standalone server all but the gateways are one process.
    pub fn address(&self, daemon: Daemon) -> Result<SocketAddr> {
        Ok((Ipv4Addr::LOCALHOST, self.port(daemon)?).into())
    }

    /// Starts one more gateway, perhaps of another mode, and answers its number.
    pub fn add_gateway(&self, gateway: Gateway) -> Result<usize> {
        let number = self.order_gateway(gateway)?;
        self.start_daemon(Daemon::Gateway(number))?;
        Ok(number)
    }

    /// Ends a gateway with SIGKILL.
    pub fn kill_gateway(&self, number: usize) -> Result<()> {
        self.kill(Daemon::Gateway(number))
    }

    /// Starts a gateway again, on its old port.
    pub fn start_gateway(&self, number: usize) -> Result<()> {
        self.start_daemon(Daemon::Gateway(number))
    }

    /// Starts a gateway again on its old port with other settings, killed if it runs, and waits until
    /// it listens: of one that is to be full nobody can say that it answers.
    pub fn replace_gateway(&self, number: usize, gateway: Gateway) -> Result<()> {
        let daemon = Daemon::Gateway(number);
        self.kill(daemon)?;
        self.write_settings(daemon, &gateway.settings)?;
        *lock(&self.gateways).get_mut(number).context("no such gateway")? = gateway;
        self.spawn(daemon)?;
        let port = self.port(daemon)?;
        self.wait_until(daemon, || listens(port))
    }

    /// A client of one gateway made of the published crates alone: for what a test wants to know or
    /// to compare with.
    pub fn client(&self, number: usize) -> Result<RawClient> {
        let gateway = lock(&self.gateways).get(number).cloned().context("no such gateway")?;
        raw_client(self.address(Daemon::Gateway(number))?, &gateway, PATIENCE)
    }

    /// A prefix for the names of one test's tables.
    pub fn fresh_prefix(&self) -> String {
        format!("t{}_", self.prefixes.fetch_add(1, Ordering::Relaxed))
    }

    /// Runs statements in the language of HBase's shell through HBase's own Admin, and answers what
    /// they say. One statement a line; a line that ends with a comma or an opening bracket goes on.
    pub fn admin(&self, statements: &str) -> Result<Vec<String>> {
        let mut admin = lock(&self.admin);
        let running = match admin.take() {
            Some(running) => admin.insert(running),
            None => admin.insert(Admin::start(self.admin_command()?)?),
        };
        let said = running.run(statements);
        if said.as_ref().is_err_and(|error| !error.is::<admin::Refused>()) {
            *admin = None;
        }
        said
    }

    /// Starts a daemon again, on its old port, and waits until it serves.
    pub fn start_daemon(&self, daemon: Daemon) -> Result<()> {
        self.spawn(daemon)?;
        self.wait_ready(daemon)
    }

    /// Ends a daemon with SIGKILL. Ended already is fine.
    pub fn kill(&self, daemon: Daemon) -> Result<()> {
        let Some(mut process) = lock(&self.processes).remove(&daemon) else { return Ok(()) };
        process.child.kill()?;
        process.child.wait()?;
        Ok(())
    }

    /// Ends a daemon as an operator does, and with SIGKILL if that takes longer than 30 s: a gateway
    /// lingers for 10 s.
    pub fn stop(&self, daemon: Daemon) -> Result<()> {
        let Some(mut process) = lock(&self.processes).remove(&daemon) else { return Ok(()) };
        kill_process(Pid::from_child(&process.child), Signal::TERM)?;
        let start = Instant::now();
        while process.child.try_wait()?.is_none() {
            if start.elapsed() > Duration::from_secs(30) {
                process.child.kill()?;
                process.child.wait()?;
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Stops a daemon's time: connections stay and are accepted, and nothing is answered.
    pub fn freeze(&self, daemon: Daemon) -> Result<()> {
        self.signal(daemon, Signal::STOP)
    }

    /// Lets a daemon go on after [`Hbase::freeze`].
    pub fn thaw(&self, daemon: Daemon) -> Result<()> {
        self.signal(daemon, Signal::CONT)
    }

    /// The daemons that were started and not ended by this. One that died by itself is still here.
    pub fn running(&self) -> Vec<Daemon> {
        lock(&self.processes).keys().copied().collect()
    }

    /// A daemon's process id.
    pub fn pid(&self, daemon: Daemon) -> Result<u32> {
        let processes = lock(&self.processes);
        Ok(processes.get(&daemon).with_context(|| format!("{daemon} does not run"))?.child.id())
    }

    /// All that a daemon has logged, over all its lives.
    pub fn log(&self, daemon: Daemon) -> String {
        std::fs::read_to_string(self.data().join(format!("{daemon}.log"))).unwrap_or_default()
    }

    /// The folder that holds HBase's data (`root`) and logs.
    pub fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn start_all(&self) -> Result<()> {
        if self.options.hdfs {
            self.start_hdfs()?;
        }
        let mut daemons = vec![Daemon::Master];
        if self.options.distributed {
            daemons.insert(0, Daemon::ZooKeeper);
            daemons.extend((0..self.options.region_servers).map(Daemon::RegionServer));
        }
        daemons.extend((0..lock(&self.gateways).len()).map(Daemon::Gateway));
        // All at once: each waits by itself for those that it needs.
        for daemon in &daemons {
            self.spawn(*daemon)?;
        }
        for daemon in daemons {
            self.wait_ready(daemon)?;
        }
        Ok(())
    }

    /// Gives a gateway its number, port and settings.
    fn order_gateway(&self, gateway: Gateway) -> Result<usize> {
        let settings = gateway.settings.clone();
        let number = {
            let mut gateways = lock(&self.gateways);
            gateways.push(gateway);
            gateways.len() - 1
        };
        self.find_ports(&[Daemon::Gateway(number)])?;
        self.write_settings(Daemon::Gateway(number), &settings)?;
        Ok(number)
    }

    fn spawn(&self, daemon: Daemon) -> Result<()> {
        let mut processes = lock(&self.processes);
        ensure!(!processes.contains_key(&daemon), "{daemon} runs already");
        let mut command = self.java(daemon, &daemon.to_string())?;
        let gateway = match daemon {
            Daemon::Gateway(number) => lock(&self.gateways).get(number).cloned(),
            _ => None,
        };
        command.args(["-XX:+UseG1GC", &format!("-Xmx{}", self.options.heap_of(daemon))]);
        command.args(gateway.iter().flat_map(|gateway| &gateway.java));
        let class = gateway.as_ref().and_then(|gateway| gateway.class);
        command.args(["-cp", &self.class_path(daemon), class.unwrap_or(daemon.class())]);
        command.args(gateway.iter().flat_map(Gateway::arguments));
        if !daemon.is_of_hdfs() {
            command.arg("start");
        }
        command.stdin(Stdio::null());
        let words = self.data().join(format!("{daemon}.out"));
        let words = std::fs::OpenOptions::new().create(true).append(true).open(words)?;
        command.stdout(words.try_clone()?).stderr(words);
        let log_start = self.log(daemon).len();
        let child = spawn_for_the_program_s_life(command)?;
        processes.insert(daemon, Process { child, log_start });
        Ok(())
    }

    /// Waits until a daemon serves: by its own word, and the gateway by an answer.
    fn wait_ready(&self, daemon: Daemon) -> Result<()> {
        self.wait_until(daemon, || self.is_ready(daemon))
    }

    fn wait_until(&self, daemon: Daemon, is_ready: impl Fn() -> bool) -> Result<()> {
        let start = Instant::now();
        while !is_ready() {
            if let Some(status) = self.ended(daemon)? {
                self.kill(daemon)?;
                bail!("{daemon} ended at its start with {status}:\n{}", self.last_words(daemon));
            }
            ensure!(
                start.elapsed() < PATIENCE,
                "{daemon} is not ready after {PATIENCE:?}:\n{}",
                self.last_words(daemon)
            );
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    fn is_ready(&self, daemon: Daemon) -> bool {
        match (daemon, daemon.ready_line()) {
            (Daemon::Gateway(number), _) => self.gateway_answers(number),
            (_, Some(line)) => {
                let start = lock(&self.processes).get(&daemon).map_or(0, |it| it.log_start);
                self.log(daemon).get(start..).is_some_and(|fresh| fresh.contains(line))
            }
            (_, None) => self.port(daemon).is_ok_and(listens),
        }
    }

    fn gateway_answers(&self, number: usize) -> bool {
        use hbase_thrift::hbase::THbaseSyncClient as _;
        let Ok(address) = self.address(Daemon::Gateway(number)) else { return false };
        let gateway = lock(&self.gateways).get(number).cloned();
        listens(address.port())
            && (gateway.is_some_and(|gateway| gateway.is_foreign)
                || self.client(number).is_ok_and(|mut client| client.get_table_names().is_ok()))
    }

    fn ended(&self, daemon: Daemon) -> Result<Option<std::process::ExitStatus>> {
        match lock(&self.processes).get_mut(&daemon) {
            Some(process) => Ok(process.child.try_wait()?),
            None => bail!("{daemon} does not run"),
        }
    }

    /// Java as the unprivileged user, told to end with us, with all that every daemon is told.
    fn java(&self, place: Daemon, log: &str) -> Result<Command> {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if let Some(Owner { user, group }) = self.owner {
            command.arg(format!("--reuid={user}")).arg(format!("--regid={group}"));
            command.arg("--clear-groups");
        }
        let data = self.data();
        command.arg(&self.jars.java).arg(settings::java_arguments(&self.settings_of(place)));
        if !self.options.optimised {
            // Half the processor time of a start, which is most of what a test needs.
            command.arg("-XX:TieredStopAtLevel=1");
        }
        let regionserver = match place {
            Daemon::RegionServer(number) => Daemon::RegionServer(number),
            _ => Daemon::RegionServer(0),
        };
        let gateway = if let Daemon::Gateway(_) = place { self.port(place)? } else { 0 };
        for (name, value) in [
            ("distributed", self.options.distributed.to_string()),
            ("folder", data.display().to_string()),
            ("log", data.join(format!("{log}.log")).display().to_string()),
            ("zookeeper.port", self.port(Daemon::ZooKeeper)?.to_string()),
            ("master.port", self.port(Daemon::Master)?.to_string()),
            ("regionserver.port", self.port(regionserver)?.to_string()),
            ("gateway.port", gateway.to_string()),
        ] {
            command.arg(format!("-Dauxilio.{name}={value}"));
        }
        if self.options.hdfs {
            let (names, data) = (self.port(Daemon::NameNode)?, self.port(Daemon::DataNode)?);
            command.arg(format!("-Dauxilio.namenode.port={names}"));
            command.arg(format!("-Dauxilio.datanode.port={data}"));
        }
        command.arg(format!("-Djava.io.tmpdir={}", data.join("tmp").display()));
        command.current_dir(&data);
        Ok(command)
    }

    fn admin_command(&self) -> Result<Command> {
        let mut command = self.java(Daemon::Master, "admin")?;
        command.args(["-XX:+UseSerialGC", "-Xmx256m", "-cp", &self.class_path(Daemon::Master)]);
        command.arg(settings::admin_program(&self.settings_of(Daemon::Master)));
        let words = std::fs::File::create(self.data().join("admin.out"))?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(words);
        Ok(command)
    }

    fn class_path(&self, daemon: Daemon) -> String {
        format!("{}:{}/*", self.settings_of(daemon).display(), self.jars.folder.display())
    }

    fn settings_of(&self, daemon: Daemon) -> std::path::PathBuf {
        self.folder.path().join(format!("settings-{daemon}"))
    }

    fn port(&self, daemon: Daemon) -> Result<u16> {
        lock(&self.ports).get(&daemon).copied().with_context(|| format!("there is no {daemon}"))
    }

    /// Finds a free port for each; they differ, because all are held until the last is found.
    fn find_ports(&self, daemons: &[Daemon]) -> Result<()> {
        let mut held = Vec::new();
        for daemon in daemons {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            lock(&self.ports).insert(*daemon, listener.local_addr()?.port());
            held.push(listener);
        }
        Ok(())
    }

    fn signal(&self, daemon: Daemon, signal: Signal) -> Result<()> {
        let processes = lock(&self.processes);
        let process = processes.get(&daemon).with_context(|| format!("{daemon} does not run"))?;
        Ok(kill_process(Pid::from_child(&process.child), signal)?)
    }

    fn make_folder(&self, folder: &Path) -> Result<()> {
        std::fs::create_dir(folder)?;
        self.give(folder)
    }

    fn give(&self, path: &Path) -> Result<()> {
        if let Some(owner) = self.owner {
            chown(path, Some(owner.user), Some(owner.group))?;
        }
        Ok(())
    }
}

impl Drop for Hbase {
    fn drop(&mut self) {
        *lock(&self.admin) = None;
        if thread::panicking() {
            self.tell_of_the_dead();
        }
        // The last in order are the gateways: they go first. Nothing of it is needed any more.
        for daemon in self.running().into_iter().rev() {
            if let Err(error) = self.kill(daemon) {
                eprintln!("testkit: {daemon}: {error:#}");
            }
        }
    }
}

fn listens(port: u16) -> bool {
    std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
