//! The roles as single processes on a private Postgres, as production runs them.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use auxilio_common::CrashId;
use auxilio_testkit::postgres::{Database, Server, USER};
use auxilio_testkit::published;
use serde_json::Value;
use tempfile::TempDir;

use crate::crashes::Crashes;
use crate::process::Process;
use crate::{binary, http, user, wait};

/// All roles, in the order in which a crash meets them.
pub const ROLES: [&str; 7] =
    ["collector", "crashmover", "monitor", "processor", "middleware", "webapp", "cron"];

/// Time within which a role listens, on a machine that does other things too.
const START_TIME: Duration = Duration::from_secs(60);

/// A whole system of single processes.
pub struct Roles {
    /// Its folder: spool, store, symbols, configuration, logs.
    pub dir: TempDir,
    /// Its database.
    pub database: Database,
    /// Real crashes to post.
    pub crashes: Arc<Crashes>,
    binary: PathBuf,
    settings: Vec<(&'static str, &'static str)>,
    addresses: BTreeMap<&'static str, SocketAddr>,
    running: BTreeMap<&'static str, Process>,
}

impl Roles {
    /// Starts all roles. `settings` are variables that set keys of their configuration.
    pub fn start(settings: &[(&'static str, &'static str)]) -> Result<Self> {
        let mut roles = Self::prepare(settings)?;
        for role in ROLES {
            roles.start_role(role)?;
        }
        Ok(roles)
    }

    /// Everything but the roles: folders, database, symbols, configuration.
    pub fn prepare(settings: &[(&'static str, &'static str)]) -> Result<Self> {
        Self::prepare_of(binary::auxilio()?, settings)
    }

    /// The same with roles of another build.
    pub fn prepare_of(binary: PathBuf, settings: &[(&'static str, &'static str)]) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("auxilio-test-").tempdir()?;
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755))?;
        user::give(dir.path())?;
        for folder in ["symbols", "made"] {
            std::fs::create_dir(dir.path().join(folder))?;
        }
        let crashes = Crashes::make(&dir.path().join("made"), &dir.path().join("symbols"))?;
        let database = Server::start_new().map(Arc::new)?.empty_database()?;
        let addresses = free_addresses()?;
        let roles = Self {
            dir,
            database,
            crashes: Arc::new(crashes),
            binary,
            settings: settings.to_vec(),
            addresses,
            running: BTreeMap::new(),
        };
        std::fs::write(roles.config_file(), roles.config())?;
        let migrated = roles.auxilio().args(["db", "migrate"]).output()?;
        ensure!(
            migrated.status.success(),
            "db migrate: {}",
            String::from_utf8_lossy(&migrated.stderr)
        );
        Ok(roles)
    }

    /// Starts one role and waits until it listens.
    pub fn start_role(&mut self, role: &'static str) -> Result<()> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.log(role))?;
        let mut command = self.auxilio();
        command.args(["run", role]).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        user::run_as(&mut command)?;
        let mut process = Process::start(&mut command)?;
        let address = self.address(role);
        let listening = wait::until(role, START_TIME, || {
            if let Ok(Some(status)) = process.ended() {
                return Some(Err(status));
            }
            std::net::TcpStream::connect(address).ok().map(|_| Ok(()))
        });
        listening.map_err(|status| {
            anyhow::anyhow!("the {role} ended at its start: {status}: {}", self.log_text(role))
        })?;
        self.running.insert(role, process);
        Ok(())
    }

    /// Starts a second process of a role, with variables of its own, such as another address.
    pub fn start_another(&self, role: &str, settings: &[(&str, &str)]) -> Result<Process> {
        let log = std::fs::File::create(self.log(&format!("another-{role}")))?;
        let mut command = self.auxilio();
        command.envs(settings.iter().copied()).args(["run", role]).stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log);
        user::run_as(&mut command)?;
        Process::start(&mut command)
    }

    /// The process of a role that runs.
    pub fn running(&self, role: &str) -> Result<&Process> {
        self.running.get(role).with_context(|| format!("no {role} runs"))
    }

    /// kill -9 of a role, and its next start.
    pub fn kill_and_restart(&mut self, role: &'static str) -> Result<()> {
        self.take(role)?.kill()?;
        self.start_role(role)
    }

    /// A role's process, no longer looked after.
    pub fn take(&mut self, role: &'static str) -> Result<Process> {
        self.running.remove(role).with_context(|| format!("no {role} runs"))
    }

    /// Where a role listens.
    ///
    /// # Panics
    ///
    /// For what is no role.
    pub fn address(&self, role: &str) -> SocketAddr {
        self.addresses[role]
    }

    /// The binary with the configuration.
    pub fn auxilio(&self) -> Command {
        let mut command = binary::command_of(&self.binary);
        command.envs(self.settings.iter().copied()).arg("--config").arg(self.config_file());
        command
    }

    /// The configuration's file.
    pub fn config_file(&self) -> PathBuf {
        self.dir.path().join("auxilio.toml")
    }

    /// The processed crash over the middleware, if it is there.
    pub fn processed(&self, crash_id: CrashId) -> Option<Value> {
        processed(self.address("middleware"), crash_id)
    }

    /// Waits until every crash is processed.
    pub fn wait_processed(&self, ids: &[CrashId], within: Duration) {
        wait_processed(self.address("middleware"), ids, within);
    }

    /// Reports by crash id, and how many rows each has, once no job is left. A report's row is
    /// written with the end of its job, a moment after the store shows the crash.
    pub fn reports(&self) -> Result<BTreeMap<CrashId, i64>> {
        let mut client = self.database.client()?;
        wait::until("an empty queue", Duration::from_secs(180), || {
            let left: i64 = client.query_one("SELECT count(*) FROM jobs", &[]).ok()?.get(0);
            (left == 0).then_some(())
        });
        let rows = self
            .database
            .client()?
            .query("SELECT uuid, count(*) FROM reports GROUP BY uuid", &[])?;
        rows.iter().map(|row| Ok((row.get::<_, String>(0).parse()?, row.get(1)))).collect()
    }

    /// Crash files that still wait in the spool.
    pub fn spooled(&self) -> Vec<PathBuf> {
        self.crash_files(&["spool/standard", "spool/deferred"])
    }

    /// Crash files that were set aside for a person to look at.
    pub fn quarantined(&self) -> Vec<PathBuf> {
        self.crash_files(&["spool/quarantine"])
    }

    fn crash_files(&self, folders: &[&str]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for folder in folders {
            collect_crash_files(&self.dir.path().join(folder), &mut found);
        }
        found
    }

    /// What a role logged.
    pub fn log_text(&self, role: &str) -> String {
        std::fs::read_to_string(self.log(role)).unwrap_or_default()
    }

    fn log(&self, role: &str) -> PathBuf {
        self.dir.path().join(format!("{role}.log"))
    }

    fn config(&self) -> String {
        let path = |name: &str| self.dir.path().join(name).display().to_string();
        let at = |role: &str| self.address(role);
        format!(
            "[log]\nlevel = \"info\"\n[collector]\naddress = \"{}\"\n[spool]\ndir = \"{}\"\nfree_bytes_min = 0\nfree_percent_min = 1\n\
             [crashmover]\nadmin_address = \"{}\"\nmonitor_urls = [\"http://{}\"]\n[disk_store]\ndir = \"{}\"\n\
             [database]\nport = {}\nuser = \"{USER}\"\ndatabase = \"{}\"\n[monitor]\nadmin_address = \"{}\"\ncrashmover_urls = [\"http://{}\"]\n\
             [processor]\nadmin_address = \"{}\"\nsymbols_dirs = [\"{}\"]\nsymbols_cache_dir = \"{}\"\n\
             [middleware]\naddress = \"{}\"\ncrashmover_urls = [\"http://{}\"]\n[webapp]\naddress = \"{}\"\nmiddleware_url = \"http://{}\"\n\
             [cron]\nadmin_address = \"{}\"\nextracts_dir = \"{}\"\npoll_secs = 1\nlease_secs = 2\nretry_first_secs = 1\nretry_longest_secs = 2\n",
            at("collector"),
            path("spool"),
            at("crashmover"),
            at("monitor"),
            path("store"),
            self.database.server.port(),
            self.database.name,
            at("monitor"),
            at("crashmover"),
            at("processor"),
            path("symbols"),
            path("cache"),
            at("middleware"),
            at("crashmover"),
            at("webapp"),
            at("middleware"),
            at("cron"),
            path("extracts"),
        )
    }
}

/// The processed crash over a middleware, if it is there.
pub fn processed(middleware: SocketAddr, crash_id: CrashId) -> Option<Value> {
    let answer =
        http::get(middleware, &format!("/api/ProcessedCrash/?crash_id={crash_id}")).ok()?;
    let crash = if answer.status == 200 { answer.json().ok() } else { None };
    crash.inspect(published::assert_processed)
}

/// Waits until a middleware shows every crash.
pub fn wait_processed(middleware: SocketAddr, ids: &[CrashId], within: Duration) {
    let mut missing = ids.to_vec();
    let deadline = std::time::Instant::now() + within;
    loop {
        missing.retain(|id| processed(middleware, *id).is_none());
        if missing.is_empty() {
            return;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "{} of {} acknowledged crashes are not processed, among them {}",
            missing.len(),
            ids.len(),
            missing[0]
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Files of crashes below a folder.
pub fn collect_crash_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect_crash_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "crash") {
            found.push(path);
        }
    }
}

/// A free port of loopback for each role. All are held while they are looked for.
fn free_addresses() -> Result<BTreeMap<&'static str, SocketAddr>> {
    let mut held = Vec::new();
    let mut addresses = BTreeMap::new();
    for role in ROLES {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        addresses.insert(role, listener.local_addr()?);
        held.push(listener);
    }
    Ok(addresses)
}
