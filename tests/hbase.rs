//! `auxilio up --hbase`: the full topology in one folder, and nothing of it lost or left behind.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use auxilio_testkit::hbase::{Gateway, RawClient, raw_client};
use auxilio_tests::up::{Up, hbase_processes};
use auxilio_tests::{binary, crashes, figures, roles, user, wait};
use hbase_thrift::hbase::{ColumnDescriptor, Mutation, THbaseSyncClient as _};

const PATIENCE: Duration = Duration::from_secs(60);

/// What `up` adds in the full topology.
const ADDED: [&str; 5] =
    ["gateway", "zookeeper", "hbase master", "hbase region server", "memcached"];

fn client(up: &Up) -> RawClient {
    raw_client(up.address("gateway"), &Gateway::default(), PATIENCE).unwrap()
}

fn is_server(pid: rustix::process::Pid) -> bool {
    let line = std::fs::read_to_string(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).unwrap();
    line.contains("HMaster")
}

/// The row that was acknowledged is there.
fn assert_kept(up: &Up) {
    let (table, row, column) = (b"kept".to_vec(), b"row".to_vec(), b"f:q".to_vec());
    let cells = client(up).get(table, row, column, BTreeMap::new()).unwrap();
    assert_eq!(cells[0].value.as_deref(), Some(b"value".as_slice()));
}

/// The crash is in HBase, raw and processed, under Socorro's key.
fn assert_in_hbase(up: &Up, id: &str) {
    let row = format!("{}{}{id}", &id[..1], &id[30..]).into_bytes();
    let rows = client(up).get_row(b"crash_reports".to_vec(), row, BTreeMap::new()).unwrap();
    let columns = rows[0].columns.as_ref().unwrap();
    for column in ["meta_data:manifest", "meta_data:json", "processed_data:manifest"] {
        assert!(columns.contains_key(column.as_bytes()), "{column} of {id}");
    }
    let signature = columns[b"processed_data:signature".as_slice()].value.as_ref().unwrap();
    assert!(!signature.is_empty());
}

#[test]
fn full_topology_outlives_kill_nine_of_its_parts_and_of_up_and_ends_with_up() {
    let mut up = Up::start_with_hbase().unwrap();
    for name in ADDED {
        TcpStream::connect(up.address(name)).unwrap();
    }
    // The default has strings that HBase refuses.
    let family = ColumnDescriptor {
        name: Some(b"f".to_vec()),
        max_versions: Some(1),
        compression: Some("NONE".into()),
        bloom_filter_type: Some("NONE".into()),
        time_to_live: Some(i32::MAX),
        ..ColumnDescriptor::default()
    };
    let mut hbase = client(&up);
    hbase.create_table(b"kept".to_vec(), vec![family]).unwrap();
    let cell = Mutation::new(false, b"f:q".to_vec(), b"value".to_vec(), true);
    hbase.mutate_row(b"kept".to_vec(), b"row".to_vec(), vec![cell], BTreeMap::new()).unwrap();

    // Killed under a running `up`, a server is started again. HBase itself would take the time that
    // its own old session lives.
    let before = hbase_processes(up.dir.path());
    let killed: Vec<_> = before.into_iter().filter(|pid| !is_server(*pid)).collect();
    for pid in &killed {
        rustix::process::kill_process(*pid, rustix::process::Signal::KILL).unwrap();
    }
    wait::until("the gateway and memcached anew", 2 * PATIENCE, || {
        let now = hbase_processes(up.dir.path());
        let are_new = now.len() == 3 && !now.iter().any(|pid| killed.contains(pid));
        let listen = ADDED.iter().all(|name| TcpStream::connect(up.address(name)).is_ok());
        (are_new && listen).then_some(())
    });
    assert_kept(&up);

    // What is left behind goes on in the folder; the next start must end it, not share it.
    up.take().unwrap().kill().unwrap();
    let left = hbase_processes(up.dir.path());
    assert_eq!(left.len(), 3);
    up.start_again().unwrap();
    let now = hbase_processes(up.dir.path());
    assert!(now.len() == 3 && !now.iter().any(|pid| left.contains(pid)), "{left:?} {now:?}");
    assert_kept(&up);
    let fields = [("ProductName", "Demo"), ("Version", "1.0")];
    let id = crashes::post(up.address("collector"), &fields, Some(&up.crashes.segv)).unwrap();
    roles::wait_processed(up.address("middleware"), &[id], PATIENCE);
    assert_in_hbase(&up, &id.to_string());
    // The first one brought the symbols' index into being; this one shows the idle system.
    let posted = Instant::now();
    let id = crashes::post(up.address("collector"), &fields, Some(&up.crashes.segv)).unwrap();
    roles::wait_processed(up.address("middleware"), &[id], PATIENCE);
    let (took, bytes) = (posted.elapsed().as_millis(), up.crashes.segv.len());
    figures::print(&format!("on HBase {bytes} bytes were readable {took} ms after the POST began"))
        .unwrap();

    assert!(up.take().unwrap().terminate(PATIENCE).unwrap().success());
    assert!(hbase_processes(up.dir.path()).is_empty());
    let log = std::fs::read_to_string(up.dir.path().join("hbase/server.log")).unwrap();
    assert!(log.contains("Master has completed initialization"));

    // Without HBase the same folder would show none of its crashes.
    let mut command = binary::command().unwrap();
    command.arg("up").arg("--data").arg(up.dir.path());
    user::run_as(&mut command).unwrap();
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("was made with HBase"), "{said}");
}
