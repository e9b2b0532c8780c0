//! A collector on a free port of loopback, with a spool in a temporary folder.

use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use auxilio_collector::{Config, hash_token};
use auxilio_common::{Clock, CrashId, DumpName, RawCrash, RawEnvelope};
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_service::{Shell, Shutdown, Version};
use auxilio_spool::{Envelope, Lane, Spool};
use tempfile::TempDir;

pub(crate) const TOKEN: &str = "a token of the test";

/// A running collector; dropped, it stops.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) spool_dir: TempDir,
    shutdown: Shutdown,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {}, |_| {})
    }

    pub(crate) fn start_with(
        set: impl FnOnce(&mut Config),
        set_spool: impl FnOnce(&mut auxilio_spool::Config),
    ) -> Self {
        Self::start_at(Arc::new(SystemClock::start()), set, set_spool)
    }

    /// One that goes by this clock.
    pub(crate) fn start_at(
        clock: Arc<dyn Clock>,
        set: impl FnOnce(&mut Config),
        set_spool: impl FnOnce(&mut auxilio_spool::Config),
    ) -> Self {
        let spool_dir = tempfile::tempdir().unwrap();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let mut config =
            Config { address, submitter_tokens: vec![hash_token(TOKEN)], ..Config::default() };
        set(&mut config);
        let mut spool_config = auxilio_spool::Config {
            dir: spool_dir.path().to_owned(),
            free_bytes_min: 0,
            free_percent_min: 0,
            free_inodes_percent_min: 0,
            ..auxilio_spool::Config::default()
        };
        set_spool(&mut spool_config);
        let spool = Spool::open(spool_config, Arc::clone(&clock), Arc::new(SystemRandom)).unwrap();
        let shutdown = Shutdown::new();
        let mut shell =
            Shell::new("collector", Version { version: "test", commit: "test" }, shutdown.clone());
        shell.clock = clock;
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.spawn(async move {
            auxilio_collector::run(config, Arc::new(spool), shell).await.unwrap();
        });
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while std::net::TcpStream::connect(address).is_err() {
            assert!(std::time::Instant::now() < deadline, "the collector did not start");
            std::thread::sleep(Duration::from_millis(5));
        }
        Self { address, spool_dir, shutdown, runtime: Some(runtime) }
    }

    /// Every spooled crash, verified, with its lane.
    pub(crate) fn spooled(&self) -> Vec<(Lane, RawCrash, Envelope)> {
        let mut found = Vec::new();
        for lane in Lane::ALL {
            let Ok(minutes) = std::fs::read_dir(self.spool_dir.path().join(lane.as_str())) else {
                continue;
            };
            for minute in minutes {
                for file in std::fs::read_dir(minute.unwrap().path()).unwrap() {
                    let envelope = Envelope::open(&file.unwrap().path()).unwrap();
                    envelope.verify().unwrap();
                    found.push((lane, envelope.raw_crash().clone(), envelope));
                }
            }
        }
        found
    }

    /// The one crash of this id.
    pub(crate) fn crash(&self, crash_id: CrashId) -> (RawCrash, Envelope) {
        let found = self.spooled().into_iter().find(|(_, crash, _)| crash.crash_id == crash_id);
        let (_, crash, envelope) = found.expect("the crash is spooled");
        (crash, envelope)
    }
}

/// The bytes of a spooled crash's dump.
pub(crate) fn bytes_of(envelope: &Envelope, name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let name = DumpName::from_part(name).unwrap();
    envelope.open_dump(&name).unwrap().unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shutdown.cut();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }
}
