//! What our store wrote, read by happybase: another client, in another language, that has no part of
//! ours.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;

use auxilio_common::storage::PutRaw;
use auxilio_common::{
    CrashStore, Day, DumpName, Generation, ProcessedCrash, ProcessedDocument, ProcessedEnvelope,
    Quality, RawEnvelope, Throttle,
};
use auxilio_testkit::raw::{MemoryEnvelope, Recipe, sha256};
use auxilio_testkit::splitmix::SplitMix;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::store::store;
use crate::support::Bench;

/// A crash as `read_store.py` tells it.
#[derive(Deserialize)]
struct Read {
    document: Map<String, Value>,
    /// Length and SHA-256 by name.
    dumps: BTreeMap<String, (u64, String)>,
    cells: BTreeMap<String, String>,
    processed: Option<ProcessedDocument>,
    signature: String,
    submitted: Vec<String>,
    unprocessed: Vec<String>,
    hangs: Vec<String>,
}

fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut bytes = vec![0; size];
    SplitMix::new(seed).fill(&mut bytes);
    bytes
}

/// Crashes of every shape that the tables know, with what their dumps should be.
fn crashes() -> Vec<Arc<MemoryEnvelope>> {
    let day: Day = "20121224".parse().unwrap();
    let recipe = |seed| Recipe::new(day, seed).throttle(Throttle::Accept).without_dumps();
    let other = DumpName::from_part("upload_file_minidump_browser").unwrap();
    [
        // Several chunks, of which none shrinks, and one that does.
        recipe(1)
            .dump(DumpName::main(), noise(1, 9_000_000))
            .dump(other, vec![0; 300_000])
            .annotation("HangID", "hang one")
            .annotation("ProductName", "Firefox")
            .annotation("Comments", "not ASCII: \u{1f4a5} \u{e9}"),
        // An empty dump, and a document too long for a cell.
        recipe(2)
            .dump(DumpName::main(), Vec::new())
            .annotation("HangID", "hang one")
            .annotation("Long", &"x\u{e9}".repeat(200_000)),
        // Deferred: it is in no queue.
        recipe(3).throttle(Throttle::Defer).dump(DumpName::main(), noise(3, 36_000)),
        recipe(4),
    ]
    .map(|recipe| Arc::new(recipe.envelope()))
    .to_vec()
}

fn document(envelope: &MemoryEnvelope) -> ProcessedDocument {
    let raw = envelope.raw_crash();
    let mut crash = ProcessedCrash::default();
    crash.set("signature", Some("OOM | small".to_owned()));
    crash.set("json_dump", Some("stack ".repeat(100_000)));
    ProcessedDocument {
        envelope: ProcessedEnvelope {
            crash_id: raw.crash_id,
            generation: Generation::floor(raw.metadata.received_at),
            quality: Quality::Clean,
            processor: "p".to_owned(),
            started_at: raw.metadata.received_at,
            completed_at: raw.metadata.received_at,
            failed_rules: Vec::new(),
            notes: Vec::new(),
            history: Vec::new(),
        },
        crash,
    }
}

/// Has happybase read crashes through the gateway.
fn read(bench: &Bench, envelopes: &[Arc<MemoryEnvelope>]) -> BTreeMap<String, Read> {
    let found = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../bin/hbase"))
        .arg("python")
        .output()
        .unwrap();
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    let mut command = Command::new(String::from_utf8(found.stdout).unwrap().trim());
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gateway/read_store.py"));
    command.arg(bench.hbase.gateways()[0].port().to_string()).arg(&bench.config.table_prefix);
    command.args(envelopes.iter().map(|envelope| envelope.raw_crash().crash_id.to_string()));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn happybase_reads_what_the_store_wrote() {
    let bench = Bench::new();
    let store = store(&bench).await;
    let envelopes = crashes();
    for envelope in &envelopes {
        let put = store.put_raw(Arc::clone(envelope) as Arc<dyn RawEnvelope>).await.unwrap();
        assert_eq!(put, PutRaw::Stored);
    }
    let processed = document(&envelopes[0]);
    store.put_processed(&processed).await.unwrap();

    let read = read(&bench, &envelopes);
    assert_eq!(read.len(), envelopes.len());
    for envelope in &envelopes {
        let raw = envelope.raw_crash();
        let id = raw.crash_id.to_string();
        let crash = &read[&id];
        assert_eq!(crash.cells["ids:ooid"], id);
        assert_eq!(crash.document["uuid"], id);
        let submitted = raw.metadata.submitted_timestamp.to_string();
        assert_eq!(crash.cells["timestamps:submitted"], submitted);
        for (name, text) in &raw.annotations {
            assert_eq!(crash.document[name], **text, "{name}");
        }
        let dumps = raw.dumps.iter().map(|dump| {
            let mut bytes = Vec::new();
            let mut source = envelope.open_dump(&dump.name).unwrap().unwrap();
            source.read_to_end(&mut bytes).unwrap();
            (dump.name.to_string(), (bytes.len() as u64, sha256(&bytes)))
        });
        assert_eq!(crash.dumps, dumps.collect());
        // Times in keys have no zone.
        let time = submitted.trim_end_matches("+00:00");
        assert_eq!(crash.submitted, [format!("{}{time}{id}", &id[..1])]);
        let is_queued = raw.metadata.throttle == Throttle::Accept;
        assert_eq!(crash.unprocessed.len(), usize::from(is_queued));
    }
    let ids = envelopes.iter().map(|envelope| envelope.raw_crash().crash_id.to_string());
    let ids: Vec<_> = ids.collect();
    let mut hang = ids[..2].to_vec();
    hang.sort();
    assert!(ids[..2].iter().all(|id| read[id].hangs == hang));
    assert_eq!(read[&ids[0]].processed.as_ref(), Some(&processed));
    assert_eq!(
        (read[&ids[0]].signature.as_str(), &*read[&ids[0]].cells["flags:processed"]),
        ("OOM | small", "Y")
    );
    assert!(read[&ids[3]].processed.is_none() && read[&ids[3]].cells["flags:processed"] == "N");
}
