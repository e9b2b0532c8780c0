//! What the full topology has beside the roles and Postgres: HBase, its Thrift gateway, memcached.
//!
//! HBase is standalone: one process is ZooKeeper, master and region server. All of it listens on
//! loopback and lies in the folder `hbase` of the data folder.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use auxilio_service::Shutdown;

use super::daemon::{Daemon, LastWords};
use super::log_watch::Log;
use super::sidecar::Sidecars;
use crate::cli::HbaseOptions;

/// Time that HBase's start may take: after a kill it waits for its own old session to end, and
/// reads its log again.
const START_TIME_MAX: Duration = Duration::from_secs(180);

/// Time that HBase's stop may take: it writes what it holds in memory. What is cut off is in its log.
const HBASE_STOP_TIME_MAX: Duration = Duration::from_secs(30);

/// The gateway lingers by design and holds nothing; the roles, its only clients, have ended.
const GATEWAY_STOP_TIME_MAX: Duration = Duration::from_secs(2);

/// The line that HBase logs when it serves.
const READY_LINE: &str = "Master has completed initialization";

/// The settings folder, on the class path of both processes.
const SETTINGS: [(&str, &str); 3] = [
    ("hbase-site.xml", include_str!("../../../hbase/hbase-site.xml")),
    ("log4j2.properties", include_str!("../../../hbase/log4j2.properties")),
    ("java.args", include_str!("../../../hbase/java.args")),
];

/// Its ports.
#[derive(Clone, Copy, Debug)]
struct Ports {
    gateway: u16,
    zookeeper: u16,
    master: u16,
    regionserver: u16,
    memcached: u16,
}

impl Ports {
    fn of(offset: u16) -> Self {
        Self {
            gateway: gateway_address(offset).port(),
            zookeeper: 2181 + offset,
            master: 16040 + offset,
            regionserver: 16060 + offset,
            memcached: memcached_address(offset).port(),
        }
    }
}

/// Where the gateway listens in the full topology.
pub(crate) fn gateway_address(offset: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 9090 + offset).into()
}

/// Where memcached listens in the full topology.
pub(crate) fn memcached_address(offset: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 8211 + offset).into()
}

/// The servers, not yet started.
#[derive(Clone, Debug)]
pub(crate) struct FullTopology {
    dir: PathBuf,
    java: PathBuf,
    jars: PathBuf,
    ports: Ports,
}

impl FullTopology {
    /// In a data folder, from jars and a Java that are there.
    pub(crate) fn of(dir: &Path, options: &HbaseOptions, offset: u16) -> anyhow::Result<Self> {
        ensure!(
            options.jars.join("").is_dir() && options.java.is_file(),
            "\"{}\" is no folder of HBase's jars, or \"{}\" no Java: run bin/install --hbase",
            options.jars.display(),
            options.java.display()
        );
        Ok(Self {
            dir: dir.join("hbase"),
            java: options.java.clone(),
            jars: options.jars.clone(),
            ports: Ports::of(offset),
        })
    }

    /// Every address that it listens on.
    pub(crate) fn addresses(&self) -> [(&'static str, SocketAddr); 5] {
        [
            ("gateway", self.ports.gateway),
            ("zookeeper", self.ports.zookeeper),
            ("hbase master", self.ports.master),
            ("hbase region server", self.ports.regionserver),
            ("memcached", self.ports.memcached),
        ]
        .map(|(name, port)| (name, (Ipv4Addr::LOCALHOST, port).into()))
    }

    /// Ends what an earlier `up` on this folder left behind, the gateway first.
    pub(crate) fn end_leftovers(&self) -> anyhow::Result<()> {
        for daemon in self.daemons().into_iter().rev() {
            daemon.end_leftovers()?;
        }
        Ok(())
    }

    /// Starts all of it.
    pub(crate) fn start(&self, sidecars: &mut Sidecars) -> anyhow::Result<Starting> {
        self.write_settings()?;
        let log = Log::from_here(self.log("server"));
        for daemon in self.daemons() {
            sidecars.start(Arc::new(daemon))?;
        }
        Ok(Starting { log, gateway: (Ipv4Addr::LOCALHOST, self.ports.gateway).into() })
    }

    /// In the order of their start.
    fn daemons(&self) -> [Daemon; 3] {
        let memory = memory_megabytes();
        // 4 GB hold sixteen dumps of 20 MB at once; a smaller machine gets fewer.
        let server_heap = (memory / 4).clamp(1024, 4096);
        let gateway_heap = (memory / 16).clamp(512, 2048);
        let server = "org.apache.hadoop.hbase.master.HMaster";
        let gateway = "org.apache.hadoop.hbase.thrift.ThriftServer";
        [
            self.memcached(),
            Daemon {
                last_words: Some(self.last_words_of_server()),
                ..self.daemon("hbase", "server", server, server_heap, HBASE_STOP_TIME_MAX)
            },
            self.daemon("gateway", "gateway", gateway, gateway_heap, GATEWAY_STOP_TIME_MAX),
        ]
    }

    /// What the server logs when its regions and its log are closed. If its master was faster than
    /// its region server, ZooKeeper is gone by then, and the region server takes 20 s to give up
    /// telling it goodbye.
    fn last_words_of_server(&self) -> LastWords {
        let ports = [self.ports.master, self.ports.regionserver];
        LastWords {
            log: self.log("server"),
            lines: ports.map(|port| format!("Stopping server on /127.0.0.1:{port}")).to_vec(),
        }
    }

    fn daemon(
        &self,
        name: &'static str,
        file: &str,
        class: &str,
        heap_megabytes: u64,
        stop_time_max: Duration,
    ) -> Daemon {
        let mark = format!("-Dauxilio.log={}", self.log(file).display());
        let settings = self.dir.join("settings");
        let mut arguments = vec![
            format!("@{}", settings.join("java.args").display()),
            format!("-Xmx{heap_megabytes}m"),
            mark.clone(),
            "-Dauxilio.distributed=false".into(),
            format!("-Dauxilio.folder={}", self.dir.display()),
            format!("-Djava.io.tmpdir={}", self.dir.join("tmp").display()),
        ];
        for (name, port) in [
            ("zookeeper", self.ports.zookeeper),
            ("master", self.ports.master),
            ("regionserver", self.ports.regionserver),
            ("gateway", self.ports.gateway),
        ] {
            arguments.push(format!("-Dauxilio.{name}.port={port}"));
        }
        arguments.push("-cp".into());
        arguments.push(format!("{}:{}/*", settings.display(), self.jars.display()));
        arguments.extend([class.into(), "start".into()]);
        Daemon {
            name,
            program: self.java.clone(),
            arguments: arguments.into_iter().map(OsString::from).collect(),
            mark: mark.into(),
            words: self.dir.join(format!("{file}.out")),
            last_words: None,
            stop_time_max,
        }
    }

    fn memcached(&self) -> Daemon {
        let pid_file = self.dir.join("memcached.pid").into_os_string();
        let port = self.ports.memcached.to_string();
        let mut arguments: Vec<OsString> =
            ["-l", "127.0.0.1", "-U", "0", "-p", &port, "-P"].map(OsString::from).to_vec();
        arguments.push(pid_file.clone());
        Daemon {
            name: "memcached",
            program: "memcached".into(),
            arguments,
            mark: pid_file,
            words: self.dir.join("memcached.out"),
            last_words: None,
            stop_time_max: Duration::from_secs(5),
        }
    }

    fn log(&self, file: &str) -> PathBuf {
        self.dir.join(format!("{file}.log"))
    }

    fn write_settings(&self) -> anyhow::Result<()> {
        let settings = self.dir.join("settings");
        for folder in [&settings, &self.dir.join("tmp")] {
            std::fs::create_dir_all(folder)
                .with_context(|| format!("can't make \"{}\"", folder.display()))?;
        }
        for (name, text) in SETTINGS {
            let path = settings.join(name);
            std::fs::write(&path, text)
                .with_context(|| format!("can't write \"{}\"", path.display()))?;
        }
        Ok(())
    }
}

/// An HBase on its way.
pub(crate) struct Starting {
    log: Log,
    gateway: SocketAddr,
}

impl Starting {
    /// Returns when HBase serves; false if the shutdown comes first.
    pub(crate) async fn wait(
        &self,
        sidecars: &mut Sidecars,
        shutdown: &Shutdown,
    ) -> anyhow::Result<bool> {
        let serves = || self.log.says(READY_LINE) && TcpStream::connect(self.gateway).is_ok();
        sidecars.wait("HBase", START_TIME_MAX, shutdown, serves).await
    }
}

/// Memory of this machine.
fn memory_megabytes() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes = text.lines().find_map(|line| {
        line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse::<u64>().ok()
    });
    kilobytes.unwrap_or(0) / 1024
}
