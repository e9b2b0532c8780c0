//! The server under load: this program again, as a process of its own, so that its memory is its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_service::{Shell, Shutdown, Version};
use auxilio_spool::Spool;

use crate::discard;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Collector,
    Discard,
}

/// A running server; dropped, it is killed.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    process: Child,
}

impl Server {
    /// Starts one with its spool in `dir`.
    pub(crate) fn start(kind: Kind, dir: &Path) -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let kind = match kind {
            Kind::Collector => format!("collector={address}"),
            Kind::Discard => format!("discard={address}"),
        };
        let process = Command::new(std::env::current_exe().unwrap())
            .args(["serve", &kind])
            .arg(dir)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        while TcpStream::connect(address).is_err() {
            std::thread::sleep(Duration::from_millis(5));
        }
        Self { address, process }
    }

    /// The most memory that it ever had resident, in bytes.
    pub(crate) fn peak_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()));
        let line =
            status.unwrap().lines().find(|line| line.starts_with("VmHWM:")).unwrap().to_owned();
        let kib: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves as the process that [`Server::start`] began.
pub(crate) fn serve(kind: &str, dir: &Path) {
    let (kind, address) = kind.split_once('=').unwrap();
    let address: SocketAddr = address.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if kind == "discard" {
        runtime.block_on(discard::serve(address));
        return;
    }
    let spool = auxilio_spool::Config {
        dir: dir.join("spool"),
        free_bytes_min: 0,
        free_percent_min: 0,
        ..auxilio_spool::Config::default()
    };
    let clock = Arc::new(SystemClock::start());
    let spool = Arc::new(Spool::open(spool, clock, Arc::new(SystemRandom)).unwrap());
    let config = auxilio_collector::Config { address, ..auxilio_collector::Config::default() };
    let version = Version { version: "0", commit: "0" };
    let shell = Shell::new("collector", version, Shutdown::new());
    runtime.block_on(auxilio_collector::run(config, spool, shell)).unwrap();
}
