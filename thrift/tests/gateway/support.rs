//! A client over the HBase that all tests of this program share.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_testkit::hbase::Hbase;
use auxilio_testkit::proxy::Proxy;
use auxilio_thrift::{Client, Config, ConnectionEvent, Family, Observer, Put};

/// What a client told.
#[derive(Default)]
pub(crate) struct Told(Mutex<Vec<String>>);

impl Told {
    pub(crate) fn count(&self, event: &str) -> usize {
        self.0.lock().unwrap().iter().filter(|told| *told == event).count()
    }

    fn push(&self, event: String) {
        self.0.lock().unwrap().push(event);
    }
}

impl Observer for Told {
    fn call_ended(&self, call: &'static str, outcome: &'static str, _: Duration) {
        self.push(format!("{call} {outcome}"));
    }

    fn call_repeated(&self, call: &'static str) {
        self.push(format!("{call} repeated"));
    }

    fn connection(&self, _: &str, event: ConnectionEvent) {
        self.push(event.as_str().to_owned());
    }

    fn breaker(&self, _: &str, open: bool) {
        self.push(format!("breaker {open}"));
    }

    fn threads(&self, _: usize) {}
}

/// A client, its tables' prefix, and the HBase that must stay while it is used.
pub(crate) struct Bench {
    pub(crate) client: Client,
    pub(crate) told: Arc<Told>,
    pub(crate) config: Config,
    pub(crate) hbase: Arc<Hbase>,
}

impl Bench {
    /// A client of the first gateway.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same, its configuration changed.
    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let hbase = Hbase::shared().unwrap();
        let mut config = config(&[hbase.gateways()[0]]);
        config.table_prefix = hbase.fresh_prefix();
        change(&mut config);
        let (client, told) = connect(&config);
        Self { client, told, config, hbase }
    }

    /// Another client of the same tables, behind a proxy that a test may break.
    pub(crate) fn behind_proxy(
        &self,
        change: impl FnOnce(&mut Config),
    ) -> (Proxy, Client, Arc<Told>) {
        let proxy = Proxy::start(self.hbase.gateways()[0]).unwrap();
        let mut config = self.config.clone();
        config.gateways = vec![proxy.address().to_string()];
        change(&mut config);
        let (client, told) = connect(&config);
        (proxy, client, told)
    }

    /// Makes a table with the families `f` and `g`.
    pub(crate) async fn table(&self) -> &'static str {
        let families = [Family::plain("f"), Family::plain("g")];
        self.client.create_table("t", &families).await.unwrap();
        "t"
    }
}

pub(crate) fn config(gateways: &[SocketAddr]) -> Config {
    let gateways = gateways.iter().map(ToString::to_string).collect();
    Config { gateways, ..Config::default() }
}

pub(crate) fn connect(config: &Config) -> (Client, Arc<Told>) {
    let told = Arc::new(Told::default());
    let observer = Arc::clone(&told) as Arc<dyn Observer>;
    let client =
        Client::new(config, Arc::new(SystemClock::start()), Arc::new(SystemRandom), observer);
    (client.unwrap(), told)
}

/// One cell of the column `f:q`.
pub(crate) fn cell(value: impl Into<Vec<u8>>) -> [Put; 1] {
    [Put::new("f:q", value.into())]
}

/// The value of `f:q`.
pub(crate) async fn read(client: &Client, key: &[u8]) -> Option<Vec<u8>> {
    let row = client.get_row("t", key, &[b"f:q"], 1_000).await.unwrap()?;
    row.cell("f:q").map(|cell| cell.value.clone())
}
