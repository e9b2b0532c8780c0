//! What stands in the store's rows, and rows as others or an accident left them.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::storage::{ErrorClass, Presence, PutRaw, StoredDumpBytes};
use auxilio_common::{
    CrashId, CrashStore, DumpName, Generation, Quality, RawEnvelope, Throttle, Timestamp,
};
use auxilio_testkit::hbase::Gateway;
use auxilio_thrift::{HbaseStore, Put, Scan, Transport};

use crate::crashes::{CRASHES, day, key, noise, noon, put, recipe};
use crate::store::store;
use crate::support::{Bench, connect};

async fn dump(store: &HbaseStore, crash_id: CrashId) -> Vec<u8> {
    let dump = store.open_dump(crash_id, &DumpName::main()).await.unwrap().unwrap();
    let StoredDumpBytes::Stream(mut stream) = dump.bytes else { panic!("a stream") };
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len() as u64, dump.length);
    bytes
}

#[tokio::test]
async fn cells_have_the_time_of_arrival_whatever_time_was_supplied() {
    let bench = Bench::new();
    let store = store(&bench).await;
    let replayed = Timestamp::midnight("20190101".parse().unwrap());
    for (seed, received) in
        [(1, replayed), (2, noon()), (3, noon().plus(Duration::from_secs(90_000)))]
    {
        let envelope = recipe(seed)
            .dump(DumpName::main(), noise(seed, 700_000))
            .received_at(received)
            .annotation("HangID", "a hang")
            .envelope();
        let envelope = Arc::new(envelope);
        put(&store, &envelope).await;
        let crash_id = envelope.raw_crash().crash_id;
        let row =
            bench.client.get_row(CRASHES, &key(crash_id), &[], 1 << 20).await.unwrap().unwrap();
        assert!(row.cells.values().all(|cell| cell.timestamp == received.millis()));
        assert!(row.cell("raw_data:upload_file_minidump").is_none(), "no cell for old readers");
        assert_eq!(row.cell("ids:ooid").unwrap().value, crash_id.to_string().as_bytes());
        assert_eq!(row.cell("flags:processed").unwrap().value, b"N");
        assert!(row.cell("meta_data:json").unwrap().value.starts_with(b"{\""));
    }
    for table in ["submitted_time", "unprocessed_flag", "hang_id"] {
        let table = format!("crash_reports_index_{table}");
        let scan = Scan { table: &table, ..Scan::default() };
        let rows = bench.client.scan_page(&scan, 10, 100).await.unwrap();
        let cells = rows.iter().flat_map(|row| row.cells.iter());
        let mut times: Vec<_> = cells
            .filter(|(column, _)| column.starts_with(b"ids:ooid"))
            .map(|(_, cell)| cell.timestamp)
            .collect();
        times.sort_unstable();
        let later = noon().plus(Duration::from_secs(90_000));
        assert_eq!(times, [noon().millis(), later.millis(), replayed.millis()], "{table}");
    }
}

#[tokio::test]
async fn a_row_without_a_manifest_is_not_there_yet_and_a_put_completes_it() {
    let bench = Bench::new();
    let store = store(&bench).await;
    let bytes = noise(10, 2_000_000);
    let envelope = Arc::new(recipe(10).dump(DumpName::main(), bytes.clone()).envelope());
    let crash_id = envelope.raw_crash().crash_id;
    // What a mover leaves that is killed after the first chunk.
    let cells = [
        Put::new("flags:format", "1"),
        Put::new("raw_data:upload_file_minidump#0.0123456789abcdef", "half"),
    ];
    bench.client.put_row(CRASHES, &key(crash_id), &cells, noon().millis()).await.unwrap();
    assert_eq!(store.exists(crash_id).await.unwrap(), Presence::default());
    assert_eq!(store.get_raw(crash_id).await.unwrap_err().class, ErrorClass::Retry);
    let opened = store.open_dump(crash_id, &DumpName::main()).await;
    assert!(opened.is_err_and(|error| error.class == ErrorClass::Retry));
    assert_eq!(store.list_day(day(), None, 10).await.unwrap(), []);
    assert_eq!(put(&store, &envelope).await, PutRaw::Stored);
    assert!(dump(&store, crash_id).await == bytes);
    assert_eq!(store.list_day(day(), None, 10).await.unwrap(), [crash_id]);
    assert_eq!(store.read_index(None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_framed_gateway_with_its_own_limit_takes_the_largest_dump() {
    let bench = Bench::new();
    store(&bench).await;
    let framed =
        Gateway::framed().setting("hbase.regionserver.thrift.framed.max_frame_size_in_mb", "2");
    let place = bench.hbase.add_gateway(framed).unwrap();
    let mut config = bench.config.clone();
    config.gateways = vec![bench.hbase.gateways()[place].to_string()];
    config.transport = Transport::Framed;
    let (client, told) = connect(&config);
    let store = HbaseStore::new(client);
    let bytes = noise(20, 20 << 20);
    let envelope = recipe(20).dump(DumpName::main(), bytes.clone());
    let envelope = Arc::new(envelope.annotation("Long", &"\u{1}".repeat(900_000)).envelope());
    put(&store, &envelope).await;
    let crash_id = envelope.raw_crash().crash_id;
    assert!(dump(&store, crash_id).await == bytes);
    let stored = store.get_raw(crash_id).await.unwrap().unwrap();
    assert_eq!(stored.annotations, envelope.raw_crash().annotations);
    assert_eq!(told.count("dropped"), 0, "the gateway never hung up");
    bench.hbase.kill_gateway(place).unwrap();
}

/// Takes the CRC-32 of each chunk out of a crash's manifest, as rows were written before they had one.
async fn make_older(bench: &Bench, crash_id: CrashId) {
    const MANIFEST: &[u8] = b"meta_data:manifest";
    let row = bench.client.get_row(CRASHES, &key(crash_id), &[MANIFEST], 10_000).await.unwrap();
    let cell = row.unwrap().cells.remove(MANIFEST).unwrap();
    let mut manifest: serde_json::Value = serde_json::from_slice(&cell.value).unwrap();
    for dump in manifest["dumps"].as_array_mut().unwrap() {
        for chunk in dump["chunks"].as_array_mut().unwrap() {
            assert!(chunk.as_object_mut().unwrap().remove("crc32").is_some());
        }
    }
    let put = Put::new(MANIFEST, serde_json::to_vec(&manifest).unwrap());
    bench.client.put_row(CRASHES, &key(crash_id), &[put], cell.timestamp).await.unwrap();
}

#[tokio::test]
async fn a_changed_or_missing_chunk_is_an_error_and_no_other_dump() {
    let bench = Bench::new();
    let store = store(&bench).await;
    for (seed, is_older) in [(30, false), (31, true)] {
        let bytes = noise(seed, 9_000);
        let envelope = Arc::new(recipe(seed).dump(DumpName::main(), bytes.clone()).envelope());
        put(&store, &envelope).await;
        let crash_id = envelope.raw_crash().crash_id;
        if is_older {
            make_older(&bench, crash_id).await;
        }
        assert!(dump(&store, crash_id).await == bytes);
        let read = store.get_raw(crash_id).await.unwrap().unwrap();
        assert_eq!(read.dumps[0].crc32.is_none(), is_older);
        assert!(read.has_content_of(envelope.raw_crash()));
        change_and_delete_chunk(&bench, &store, crash_id).await;
    }
}

async fn change_and_delete_chunk(bench: &Bench, store: &HbaseStore, crash_id: CrashId) {
    let row = bench.client.get_row(CRASHES, &key(crash_id), &[b"raw_data"], 10_000).await.unwrap();
    let row = row.unwrap();
    let [(column, cell)] = row.cells.iter().collect::<Vec<_>>()[..] else { panic!("{row:?}") };
    let mut changed = cell.value.clone();
    changed[5_000] ^= 1;
    let worse = Put::new(column.clone(), changed);
    bench.client.put_row(CRASHES, &key(crash_id), &[worse], cell.timestamp + 1).await.unwrap();
    let read = store.open_dump(crash_id, &DumpName::main()).await;
    assert!(read.is_err_and(|error| error.class == ErrorClass::Permanent));
    let (key, column) = (key(crash_id), column.as_slice());
    bench.client.delete_cells(CRASHES, &key, &[column], cell.timestamp + 1).await.unwrap();
    let read = store.open_dump(crash_id, &DumpName::main()).await;
    assert!(read.is_err_and(|error| error.class == ErrorClass::Permanent));
    assert!(store.get_raw(crash_id).await.unwrap().is_some(), "the rest is readable");
}

#[tokio::test]
async fn rows_of_socorro_are_read_as_crashes() {
    let bench = Bench::new();
    let store = store(&bench).await;
    let crash_id: CrashId = "2bba929f-8721-460c-8e70-a43c02121224".parse().unwrap();
    let (key, id) = (key(crash_id), crash_id.to_string());
    let json = r#"{"ProductName": "Firefox", "Version": "17.0", "legacy_processing": 0,
        "submitted_timestamp": "2012-12-24T12:00:00.000123+00:00", "timestamp": 1356350400.1}"#;
    let bytes = noise(40, 150_000);
    let cells = [
        Put::new("flags:processed", "N"),
        Put::new("flags:legacy_processing", "Y"),
        Put::new("ids:ooid", id.clone()),
        Put::new("meta_data:json", json),
        Put::new("timestamps:submitted", "2012-12-24T12:00:00.000123"),
        Put::new("raw_data:dump", bytes.clone()),
    ];
    let arrived = noon().millis() + 777;
    bench.client.put_row(CRASHES, &key, &cells, arrived).await.unwrap();
    let index = format!("22012-12-24T12:00:00.000123{id}").into_bytes();
    let row = [Put::new("ids:ooid", id.clone())];
    let table = "crash_reports_index_submitted_time";
    bench.client.put_row(table, &index, &row, arrived).await.unwrap();

    let crash = store.get_raw(crash_id).await.unwrap().unwrap();
    assert_eq!(crash.annotation("ProductName"), Some("Firefox"));
    assert_eq!(crash.annotation("legacy_processing"), Some("0"));
    assert_eq!(crash.metadata.throttle, Throttle::Accept);
    assert_eq!(crash.metadata.submitted_timestamp, noon().plus(Duration::from_micros(123)));
    assert_eq!(crash.metadata.received_at.millis(), arrived);
    assert_eq!(crash.dumps.len(), 1);
    assert_eq!(crash.dumps[0].sha256, auxilio_testkit::raw::sha256(&bytes));
    assert!(dump(&store, crash_id).await == bytes);
    let other = DumpName::from_part("upload_file_minidump_browser").unwrap();
    assert!(store.open_dump(crash_id, &other).await.unwrap().is_none());
    assert_eq!(store.exists(crash_id).await.unwrap(), Presence { raw: true, processed: None });
    assert_eq!(store.list_day(day(), None, 10).await.unwrap(), [crash_id]);
    for (product, found) in [(None, 1), (Some("Firefox"), 1), (Some("Thunderbird"), 0)] {
        let (from, to) = (noon(), noon().plus(Duration::from_secs(1)));
        let window = store.list_window(from, to, product, None, 10).await.unwrap();
        assert_eq!(window.len(), found, "{product:?}");
    }
    let processed = [
        Put::new("flags:processed", "Y"),
        Put::new("processed_data:json", r#"{"signature": "a | b", "product": "Firefox"}"#),
        Put::new("processed_data:signature", "a | b"),
    ];
    bench.client.put_row(CRASHES, &key, &processed, arrived + 5).await.unwrap();
    let document = store.get_processed(crash_id).await.unwrap().unwrap();
    assert_eq!(document.crash.text("signature"), Some("a | b"));
    assert_eq!(document.envelope.quality, Quality::NoStack);
    let generation = Generation(arrived + 5);
    let presence = Presence { raw: true, processed: Some(generation) };
    assert_eq!(store.exists(crash_id).await.unwrap(), presence);
    assert_eq!(document.envelope.generation, generation);
    store.remove(crash_id).await.unwrap();
    assert_eq!(store.exists(crash_id).await.unwrap(), Presence::default());
    assert_eq!(bench.client.get_row(CRASHES, &key, &[], 10).await.unwrap(), None);
}

#[tokio::test]
async fn chunks_of_a_lower_generation_go_and_no_cell_stays_after_a_removal() {
    let bench = Bench::new();
    let store = store(&bench).await;
    let envelope = recipe(50).dump(DumpName::main(), noise(50, 100)).annotation("HangID", "h");
    let envelope = Arc::new(envelope.envelope());
    put(&store, &envelope).await;
    let raw = envelope.raw_crash();
    let mut document = auxilio_common::ProcessedDocument {
        envelope: auxilio_common::ProcessedEnvelope {
            crash_id: raw.crash_id,
            generation: Generation::floor(raw.metadata.received_at),
            quality: Quality::Clean,
            processor: "p".to_owned(),
            started_at: noon(),
            completed_at: noon(),
            failed_rules: Vec::new(),
            notes: Vec::new(),
            history: Vec::new(),
        },
        crash: auxilio_common::ProcessedCrash::default(),
    };
    for run in 0..3 {
        document.envelope.generation.0 += run;
        document.crash.set("signature", Some(format!("run {run}")));
        store.put_processed(&document).await.unwrap();
        let columns: &[&[u8]] = &[b"processed_data"];
        let row = bench.client.get_row(CRASHES, &key(raw.crash_id), columns, 10_000).await.unwrap();
        let row = row.unwrap();
        let chunks = row.cells.keys().filter(|column| column.contains(&b'#')).count();
        assert_eq!((chunks, row.cells.len()), (1, 3), "{:?}", row.cells.keys());
        let signature = row.cell("processed_data:signature").unwrap();
        assert_eq!(signature.value, format!("run {run}").into_bytes());
    }
    store.remove(raw.crash_id).await.unwrap();
    for table in auxilio_thrift::TABLES {
        let scan = Scan { table: table.name, ..Scan::default() };
        assert_eq!(bench.client.scan_page(&scan, 10, 100).await.unwrap(), [], "{}", table.name);
    }
}
