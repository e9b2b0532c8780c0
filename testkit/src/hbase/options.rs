//! What an HBase for a test may differ in.

use std::path::Path;

use super::Daemon;

/// What to start. The default is a standalone server with one plain gateway, small and quick.
#[derive(Clone, Debug)]
pub struct HbaseOptions {
    /// ZooKeeper, master and region servers as processes of their own.
    pub distributed: bool,
    /// Whether its data lie in an HDFS of its own and not in a plain folder.
    pub hdfs: bool,
    /// How many region servers a distributed one has.
    pub region_servers: usize,
    /// Its gateways, in order.
    pub gateways: Vec<Gateway>,
    /// Settings of hbase-site.xml for all daemons, over those of `hbase/hbase-site.xml`.
    pub settings: Vec<(String, String)>,
    /// Heap of the standalone server or of each region server, as Java's -Xmx takes it. With 16
    /// connections that write rows of 20 MB it needs `4g`.
    pub server_heap: String,
    /// Heap of a gateway.
    pub gateway_heap: String,
    /// Whether Java compiles as well as it can. That costs twice the processor time at a start; a
    /// benchmark wants it.
    pub optimised: bool,
}

impl Default for HbaseOptions {
    fn default() -> Self {
        Self {
            distributed: false,
            hdfs: false,
            region_servers: 2,
            gateways: vec![Gateway::default()],
            settings: Vec::new(),
            // With 1 GB a test program of sixty tests kept it collecting garbage, and its ZooKeeper mute.
            server_heap: "3g".into(),
            gateway_heap: "1g".into(),
            optimised: false,
        }
    }
}

impl HbaseOptions {
    /// ZooKeeper, a master, two region servers and two gateways.
    pub fn distributed() -> Self {
        let gateways = vec![Gateway::default(), Gateway::default()];
        Self { distributed: true, gateways, ..Self::default() }
    }

    /// The heap of one daemon.
    pub(super) fn heap_of(&self, daemon: Daemon) -> &str {
        match daemon {
            Daemon::ZooKeeper => "128m",
            Daemon::NameNode | Daemon::DataNode => "256m",
            Daemon::Master if self.distributed => "512m",
            Daemon::Master | Daemon::RegionServer(_) => &self.server_heap,
            Daemon::Gateway(_) => &self.gateway_heap,
        }
    }
}

/// How a gateway speaks. The default is buffered and binary with a thread for each connection.
#[derive(Clone, Debug, Default)]
pub struct Gateway {
    /// Frames instead of a plain stream.
    pub framed: bool,
    /// The compact protocol instead of the binary one.
    pub compact: bool,
    /// One of `hsha`, `nonblocking` and `threadedselector`, which all are framed; by default
    /// `threadpool`.
    pub server: Option<&'static str>,
    /// More settings of its own hbase-site.xml.
    pub settings: Vec<(String, String)>,
    /// Another program than HBase's gateway of the first interface.
    pub class: Option<&'static str>,
    /// Whether it counts as ready when it listens, because it speaks what our client does not.
    pub is_foreign: bool,
    /// More arguments for its Java; of two that say the same the later counts.
    pub java: Vec<&'static str>,
}

impl Gateway {
    /// With frames.
    pub fn framed() -> Self {
        Self { framed: true, ..Self::default() }
    }

    /// With the compact protocol.
    pub fn compact() -> Self {
        Self { compact: true, ..Self::default() }
    }

    /// Thrift over HTTP.
    pub fn http() -> Self {
        let http = Self { is_foreign: true, ..Self::default() };
        http.setting("hbase.regionserver.thrift.http", "true")
    }

    /// Thrift over HTTPS, which is all the TLS that a gateway knows. The keystore and its key have
    /// one password.
    pub fn https(keystore: &Path, password: &str) -> Self {
        Self::http()
            .setting("hbase.thrift.ssl.enabled", "true")
            .setting("hbase.thrift.ssl.keystore.store", &keystore.display().to_string())
            .setting("hbase.thrift.ssl.keystore.password", password)
            .setting("hbase.thrift.ssl.keystore.keypassword", password)
    }

    /// HBase's other interface, on the same port with the same protocol.
    pub fn thrift2() -> Self {
        let class = Some("org.apache.hadoop.hbase.thrift2.ThriftServer");
        Self { class, is_foreign: true, ..Self::default() }
    }

    /// Whether clients have to send frames.
    pub fn is_framed(&self) -> bool {
        self.framed || self.server.is_some_and(|server| server != "threadpool")
    }

    /// The same with one more setting of its own hbase-site.xml.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.into(), value.into()));
        self
    }

    /// Its command line.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        if self.framed {
            arguments.push("-f".into());
        }
        if self.compact {
            arguments.push("-c".into());
        }
        if let Some(server) = self.server {
            arguments.push(format!("-{server}"));
        }
        arguments
    }
}
