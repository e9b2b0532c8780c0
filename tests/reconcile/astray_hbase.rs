//! The same in a real HBase, where a crash comes in parts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{CrashId, CrashStore, RawEnvelope as _, Throttle, Timestamp};
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_testkit::hbase::Hbase;
use auxilio_testkit::proxy::{Mode, Proxy};
use auxilio_tests::roles::Roles;
use auxilio_thrift::{Client, Config, HbaseStore, Put};
use serde_json::json;
use tokio::runtime::Runtime;

use super::astray::{ALL, ago, assert_a_stream_is_left_alone, astray, recipe, spool, sum};
use super::{PATIENCE, reconciled, sorted};

/// Old enough to be removed.
const OLD: Duration = Duration::from_hours(8 * 24);

/// Old enough to be named.
const YOUNG: Duration = Duration::from_hours(2);

const CRASHES: &str = "crash_reports";
const SUBMITTED: &str = "crash_reports_index_submitted_time";

struct Bench {
    runtime: Runtime,
    store: HbaseStore,
}

impl Bench {
    fn put(&self, roles: &Roles, seed: u64) -> (CrashId, Timestamp) {
        let at = ago(OLD);
        let crash = recipe(roles, seed, at, Throttle::Defer).envelope();
        let crash_id = crash.raw_crash().crash_id;
        self.runtime.block_on(self.store.put_raw(Arc::new(crash))).unwrap();
        (crash_id, at)
    }

    /// What a mover leaves that is killed after the first chunk.
    fn begin(&self, crash_id: CrashId, at: Timestamp) {
        let chunk = "raw_data:upload_file_minidump#0.0123456789abcdef";
        let cells = [Put::new("flags:format", "1"), Put::new(chunk, vec![7; 4_000])];
        let key = key(crash_id);
        let put = self.store.client().put_row(CRASHES, &key, &cells, at.millis());
        self.runtime.block_on(put).unwrap();
    }

    /// Deletes what a row has in some columns, as an accident does.
    fn lose(&self, table: &str, key: &[u8], is_lost: impl Fn(&[u8]) -> bool) {
        let client = self.store.client();
        let row = self.runtime.block_on(client.get_row(table, key, &[], 1 << 20)).unwrap().unwrap();
        let lost: Vec<_> = row.cells.iter().filter(|(column, _)| is_lost(column)).collect();
        assert!(!lost.is_empty());
        for (column, cell) in lost {
            let columns: &[&[u8]] = &[column];
            let delete = client.delete_cells(table, key, columns, cell.timestamp);
            self.runtime.block_on(delete).unwrap();
        }
    }
}

fn key(crash_id: CrashId) -> Vec<u8> {
    let id = crash_id.to_string();
    format!("{}{}{id}", &id[..1], &id[30..]).into_bytes()
}

fn submitted_key(crash_id: CrashId, at: Timestamp) -> Vec<u8> {
    let (id, at) = (crash_id.to_string(), at.to_string());
    format!("{}{}{id}", &id[..1], at.strip_suffix("+00:00").unwrap()).into_bytes()
}

#[test]
fn on_hbase_a_stream_is_left_alone_and_each_kind_of_orphan_is_mended_named_or_removed() {
    let hbase = Hbase::start().unwrap();
    let gateway = hbase.gateways()[0].to_string();
    let config = Config { gateways: vec![gateway.clone()], ..Config::default() };
    let (clock, random) = (Arc::new(SystemClock::start()), Arc::new(SystemRandom));
    let runtime = Runtime::new().unwrap();
    let client = {
        let _inside = runtime.enter();
        Client::new(&config, clock, random, Arc::new(())).unwrap()
    };
    let bench = Bench { runtime, store: HbaseStore::new(client) };
    bench.runtime.block_on(bench.store.make_missing_tables()).unwrap();
    let mut roles = Roles::start(&[
        ("AUXILIO_STORE__ENGINE", "hbase"),
        ("AUXILIO_HBASE__GATEWAYS", gateway.leak()),
    ])
    .unwrap();
    // A mover so slow that everybody can watch it.
    let proxy = Proxy::start(hbase.gateways()[0]).unwrap();
    proxy.set(Mode::Delay(Duration::from_millis(10)));
    let mut mover = None;
    let mut ids = assert_a_stream_is_left_alone(&mut roles, 2_000, |roles| {
        let address = proxy.address().to_string();
        let settings = [("AUXILIO_HBASE__GATEWAYS", address.as_str())];
        mover = Some(roles.start_another("crashmover", &settings).unwrap());
    });
    mover.take().unwrap().kill().unwrap();

    // Its mover died in the middle, and has not come back.
    let at = ago(OLD);
    let crash = recipe(&roles, 7, at, Throttle::Accept).envelope();
    let waiting = crash.raw_crash().crash_id;
    bench.begin(waiting, at);
    spool(&roles, &crash);
    let said = reconciled(&roles, at.day().unwrap(), &["--only", ALL, "--remove-orphans"]);
    assert_eq!(
        (astray(&said), sum(&said, &["arriving", "spooled"])),
        (BTreeMap::new(), vec![1, 1])
    );
    roles.start_role("crashmover").unwrap();
    roles.wait_processed(&[waiting], PATIENCE);
    ids.push(waiting);
    roles.reports().unwrap();

    let [unfinished, young] = [(1, ago(OLD)), (2, ago(YOUNG))].map(|(seed, at)| {
        let crash = recipe(&roles, seed, at, Throttle::Accept).envelope();
        bench.begin(crash.raw_crash().crash_id, at);
        crash.raw_crash().crash_id
    });
    let [(unlisted, unlisted_at), (holed, _), (gone, _), (jobless, _), (garbled, _)] =
        [3, 4, 5, 6, 8].map(|seed| bench.put(&roles, seed));
    let garbage = [Put::new("processed_data:manifest", "{")];
    let key_of_garbled = key(garbled);
    let put = bench.store.client().put_row(CRASHES, &key_of_garbled, &garbage, ago(OLD).millis());
    bench.runtime.block_on(put).unwrap();
    bench.lose(SUBMITTED, &submitted_key(unlisted, unlisted_at), |_| true);
    bench.lose(CRASHES, &key(holed), |column| column.starts_with(b"raw_data:"));
    bench.lose(CRASHES, &key(gone), |_| true);
    roles.take("processor").unwrap().kill().unwrap();
    let queued = roles.auxilio().args(["reprocess", &jobless.to_string()]).output().unwrap();
    assert!(queued.status.success());
    bench.runtime.block_on(bench.store.remove(jobless)).unwrap();

    let from = ago(OLD).day().unwrap();
    let expected = [
        ("damaged", sorted(&[holed, garbled])),
        ("index_row_alone", vec![gone; 2]),
        ("indexed", vec![unlisted]),
        ("job_alone", vec![jobless]),
        ("unfinished", sorted(&[unfinished, young])),
    ];
    let expected = BTreeMap::from(expected);
    for more in [&["--dry-run", "--only", ALL][..], &["--only", ALL]] {
        let said = reconciled(&roles, from, more);
        assert_eq!(astray(&said), expected, "{more:?}");
        let line = said.iter().find(|line| line["result"] == "unfinished").unwrap();
        assert_eq!(line["bytes"], 4_000);
        let line = said.iter().find(|line| line["crash_id"] == json!(holed)).unwrap();
        assert!(line["reason"].as_str().unwrap().contains("chunks of the dump"), "{line}");
    }
    let removed = reconciled(&roles, from, &["--only", ALL, "--remove-orphans"]);
    let expected = [
        ("damaged", sorted(&[holed, garbled])),
        ("job_alone", vec![jobless]),
        ("removed", sorted(&[unfinished, gone, gone])),
        ("unfinished", vec![young]),
    ];
    assert_eq!(astray(&removed), BTreeMap::from(expected));
    let again = reconciled(&roles, from, &["--only", ALL, "--remove-orphans"]);
    let expected = [
        ("damaged", sorted(&[holed, garbled])),
        ("job_alone", vec![jobless]),
        ("unfinished", vec![young]),
    ];
    assert_eq!(astray(&again), BTreeMap::from(expected), "these are named, and stay");
    let words = ["fine", "deferred", "queued", "spooled"];
    assert_eq!(sum(&again, &words), [ids.len() as u64, 2, 0, 0], "{:?}", again.last());
}
