//! Real crashes of Firefox, posted as Firefox posts them: the report shows the frames that
//! minidump-processor finds with its own symbolizer.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use auxilio_common::CrashId;
use auxilio_testkit::corpus::{self, CorpusCrash};
use auxilio_tests::http;
use auxilio_tests::roles::{ROLES, Roles};
use breakpad_symbols::{SimpleSymbolSupplier, Symbolizer};
use minidump::Minidump;
use minidump_processor::{ProcessState, ProcessorOptions};
use serde_json::{Value, json};

/// What a frame is judged by.
fn shown(frame: &Value) -> Value {
    let inlines: Vec<Value> = frame["inlines"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|inline| json!([inline["function"], inline["file"], inline["line"]]))
        .collect();
    let names = [
        "module",
        "module_offset",
        "function",
        "function_offset",
        "file",
        "line",
        "offset",
        "trust",
    ];
    let mut all: Vec<Value> = names.iter().map(|name| frame[*name].clone()).collect();
    all.push(inlines.into());
    all.into()
}

fn threads_of(report: &Value) -> Vec<Vec<Value>> {
    let frames = |thread: &Value| thread["frames"].as_array().unwrap().iter().map(shown).collect();
    report["threads"].as_array().unwrap().iter().map(frames).collect()
}

fn reference(crash: &CorpusCrash, symbols: &Path) -> Value {
    let dump = Minidump::read_path(&crash.dump).unwrap();
    let symbolizer = Symbolizer::new(SimpleSymbolSupplier::new(vec![symbols.to_owned()]));
    let walk = minidump_processor::process_minidump_with_options(
        &dump,
        &symbolizer,
        ProcessorOptions::stable_all(),
    );
    let state: ProcessState = futures::executor::block_on(walk).unwrap();
    let mut text = Vec::new();
    state.print_json(&mut text, false).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn post_as_firefox(roles: &Roles, crash: &CorpusCrash) -> CrashId {
    let boundary = "----geckoformboundary60c27330726b796877c586ea65c69505";
    let mut body = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"extra\"; filename=\"extra.json\"\r\nContent-Type: application/json\r\n\r\n").into_bytes();
    body.extend_from_slice(&std::fs::read(&crash.extra).unwrap());
    body.extend_from_slice(format!("\r\n--{boundary}\r\nContent-Disposition: form-data; name=\"upload_file_minidump\"; filename=\"a.dmp\"\r\nContent-Type: application/vnd.tcpdump.pcap\r\n\r\n").as_bytes());
    body.extend_from_slice(&std::fs::read(&crash.dump).unwrap());
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    let lines = "User-Agent: crashreporter/86.0a1\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nPriority: u=4\r\n";
    let answer = http::submit(roles.address("collector"), boundary, lines, &body).unwrap();
    answer.text().trim().strip_prefix("CrashID=").unwrap().parse().unwrap()
}

#[test]
fn the_frames_of_real_firefox_crashes_are_those_of_the_reference() {
    let unpacked = tempfile::tempdir().unwrap();
    let corpus = corpus::unpack(unpacked.path()).unwrap();
    let mut roles = Roles::prepare(&[]).unwrap();
    let config = std::fs::read_to_string(roles.config_file()).unwrap();
    let own = format!("{:?}", roles.dir.path().join("symbols").display().to_string());
    let theirs = format!("{:?}", corpus.symbols.display().to_string());
    std::fs::write(roles.config_file(), config.replace(&own, &theirs)).unwrap();
    open_to_all(unpacked.path());
    for role in ROLES {
        roles.start_role(role).unwrap();
    }
    let ids: Vec<CrashId> =
        corpus.crashes.iter().map(|crash| post_as_firefox(&roles, crash)).collect();
    roles.wait_processed(&ids, Duration::from_secs(120));
    for (crash, id) in corpus.crashes.iter().zip(ids) {
        let report = roles.processed(id).unwrap();
        assert_eq!(report["product"], "Firefox", "{}", crash.name);
        let (ours, theirs) =
            (threads_of(&report["json_dump"]), threads_of(&reference(crash, &corpus.symbols)));
        assert_eq!(ours.len(), theirs.len(), "threads of {}", crash.name);
        let mut frames = 0;
        for (number, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            assert_eq!(ours.len(), theirs.len(), "frames of thread {number} of {}", crash.name);
            for (frame, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                assert_eq!(ours, theirs, "frame {frame} of thread {number} of {}", crash.name);
            }
            frames += ours.len();
        }
        println!(
            "{}: {} threads, {frames} frames, {}",
            crash.name,
            ours.len(),
            report["signature"]
        );
        assert!(frames > 100);
    }
    // What was kept of each is signed as the processor signed the crash.
    let tried = roles.auxilio().args(["signature", "try", "--json"]).output().unwrap();
    let tried: Value = serde_json::from_slice(&tried.stdout).unwrap();
    assert_eq!(tried["unchanged"], corpus.crashes.len(), "{tried}");
    assert_eq!((&tried["changed"], &tried["rekeyed"]), (&json!(0), &json!(0)), "{tried}");
    assert_eq!(tried["without_frames"], 0, "{tried}");
}

/// The processor runs as another user when the tests run as root.
fn open_to_all(path: &Path) {
    let metadata = std::fs::metadata(path).unwrap();
    let mode = if metadata.is_dir() { 0o755 } else { 0o644 };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    for entry in std::fs::read_dir(path).into_iter().flatten() {
        open_to_all(&entry.unwrap().path());
    }
}
