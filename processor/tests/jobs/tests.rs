//! Jobs from their queue to their end.

use std::collections::BTreeMap;
use std::time::Duration;

use auxilio_common::{
    CrashStore, DumpName, Generation, Lane, ProcessedCrash, ProcessedDocument, ProcessedEnvelope,
    Quality, Timestamp,
};
use auxilio_testkit::crashme::{self, Kind};
use serde_json::{Value, json};

use crate::fixture::{Fixture, crash, crash_with, ends, real_dump, until};

tests! {
    a_real_crash_ends_in_a_report_with_names_and_lines,
    every_kind_of_real_crash_is_named_after_its_own_function,
    firefox_crashes_of_three_platforms_are_processed,
    a_crash_without_a_dump_is_processed,
    a_dump_that_is_none_ends_in_a_report_that_says_so,
    every_minidump_of_a_crash_is_walked,
    a_beta_has_the_number_of_its_build,
    the_same_crash_twice_gives_the_same_bytes_under_a_newer_run,
    somebody_who_waits_is_served,
    a_dump_that_kills_its_walker_twice_ends_as_poison,
    a_worse_run_leaves_the_better_report,
    a_job_whose_raw_crash_is_gone_ends,
    while_the_store_is_down_nothing_is_taken,
    postgres_goes_and_comes_back,
    a_processor_that_stops_says_good_bye,
}

async fn a_real_crash_ends_in_a_report_with_names_and_lines() {
    let fixture = Fixture::new().await;
    let dump = real_dump(Kind::Segv);
    crashme::write_symbols(&fixture.symbols_dir()).unwrap();
    let running = fixture.start();
    let crash_id = fixture.put(crash_with(1, dump).annotation("ProductName", "Otterbrook")).await;
    fixture.queue(crash_id).await;
    let document = fixture.ended(crash_id).await;
    assert_eq!(document.envelope.failed_rules, Vec::<String>::new());
    let text = |field| document.crash.text(field).unwrap_or_default();
    let expected = Kind::Segv.expectation();
    assert_eq!(text("product"), "Otterbrook");
    assert_eq!(text("reason"), expected.reason);
    assert!(text("signature").contains(expected.inlines[0]), "{}", text("signature"));
    assert!(text("topmost_filenames").contains("crashme"), "{}", text("topmost_filenames"));
    assert!(text("modules_in_stack").starts_with("auxilio-crashme/"));
    assert_eq!(document.crash.to_map()["success"], true);
    running.stop().await;
}

async fn a_beta_has_the_number_of_its_build() {
    let fixture = Fixture::new().await;
    fixture.sql(
        "INSERT INTO releases_raw (product_name, version, platform, build_id, build_type, beta_number)
         VALUES ('Firefox', '13.0', 'linux', 20120501000000, 'beta', 4)",
    );
    let running = fixture.start();
    for (seed, build, expected) in
        [(1, "20120501000000", "13.0b4"), (2, "20120502000000", "13.0b0")]
    {
        let recipe = crash(seed).without_dumps().annotation("ProductName", "Firefox");
        let recipe = recipe.annotation("Version", "13.0").annotation("BuildID", build);
        let crash_id = fixture.put(recipe.annotation("ReleaseChannel", "beta")).await;
        fixture.queue(crash_id).await;
        let document = fixture.ended(crash_id).await;
        assert_eq!(document.crash.text("version"), Some(expected));
        assert_eq!(document.envelope.quality, Quality::Clean);
    }
    running.stop().await;
}

/// No abort, panic, allocator or signal of the platform stands in the place of who is to blame.
async fn every_kind_of_real_crash_is_named_after_its_own_function() {
    let fixture = Fixture::new().await;
    crashme::write_symbols(&fixture.symbols_dir()).unwrap();
    let running = fixture.start();
    // Left out: one that does not crash, and two whose first frame can be no function: data that is
    // executed has a module alone, and a stack that ran over may end in any call.
    let left_out = [Kind::Spin, Kind::ExecData, Kind::StackOverflow];
    for (seed, kind) in (200..).zip(Kind::all().iter().filter(|kind| !left_out.contains(kind))) {
        let crash_id = fixture.put(crash_with(seed, real_dump(*kind))).await;
        fixture.queue(crash_id).await;
        let document = fixture.ended(crash_id).await;
        let signature = document.crash.text("signature").unwrap_or_default();
        let expected = kind.expectation();
        let named = expected.inlines.first().copied().unwrap_or(expected.function);
        let start = format!("auxilio_crashme::crash::{named}");
        assert!(signature.starts_with(&start), "{}: {signature}", kind.name());
    }
    running.stop().await;
}

/// The corpus's crashes and the systems that they come from.
const FIREFOX: [(&str, &str); 3] = [
    ("linux-x86_64", "Fedora 33 (Thirty Three)"),
    ("macos-x86_64", "macOS 11"),
    ("windows-x86_64", "Windows 10"),
];

async fn firefox_crashes_of_three_platforms_are_processed() {
    let fixture = Fixture::new().await;
    let cache = std::env::current_exe().unwrap().with_file_name("corpus");
    let corpus = auxilio_testkit::corpus::unpack(&cache).unwrap();
    std::os::unix::fs::symlink(&corpus.symbols, fixture.symbols_dir()).unwrap();
    let running = fixture.start();
    for (seed, crash) in (300..).zip(&corpus.crashes) {
        let mut recipe = crash_with(seed, std::fs::read(&crash.dump).unwrap());
        let extra = std::fs::read(&crash.extra).unwrap();
        let extra: BTreeMap<String, Value> = serde_json::from_slice(&extra).unwrap();
        for (name, value) in &extra {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            recipe = recipe.annotation(name, &text);
        }
        let crash_id = fixture.put(recipe).await;
        fixture.queue(crash_id).await;
        let document = fixture.ended(crash_id).await;
        assert_eq!(document.envelope.quality, Quality::Clean, "{}", crash.name);
        assert_eq!(document.envelope.notes, Vec::<String>::new());
        let text = |field| document.crash.text(field).unwrap_or_default();
        let os = FIREFOX.iter().find(|(name, _)| *name == crash.name);
        assert_eq!(os.map(|(_, os)| *os), Some(text("os_pretty_version")));
        assert_eq!((text("product"), text("version")), ("Firefox", "86.0a1"));
        // The largest module of each has no symbols in the corpus: its name stands once.
        assert!(
            text("proto_signature").starts_with(text("signature").split(" | ").next().unwrap())
        );
        assert!(text("missing_symbols").contains("xul") || text("missing_symbols").contains("XUL"));
        assert_eq!(document.crash.integer("crashing_thread"), Some(0));
        assert!(document.crash.integer("uptime").is_some_and(|uptime| (1..100).contains(&uptime)));
    }
    running.stop().await;
}

async fn a_crash_without_a_dump_is_processed() {
    let fixture = Fixture::new().await;
    let running = fixture.start();
    let crash_id = fixture.put(crash(2)).await;
    fixture.queue(crash_id).await;
    let document = fixture.ended(crash_id).await;
    assert_eq!(document.envelope.quality, Quality::Clean);
    assert_eq!(document.crash.text("signature"), Some("EMPTY: no frame data available"));
    running.stop().await;
}

async fn a_dump_that_is_none_ends_in_a_report_that_says_so() {
    let fixture = Fixture::new().await;
    let running = fixture.start();
    for (seed, bytes, status) in [
        (3, b"no minidump, but long enough to have a header".to_vec(), "HeaderMismatch"),
        (4, Vec::new(), "EmptyMinidump"),
    ] {
        let crash_id = fixture.put(crash_with(seed, bytes)).await;
        fixture.queue(crash_id).await;
        let document = fixture.ended(crash_id).await;
        assert_eq!(document.envelope.quality, Quality::NoStack);
        assert_eq!(document.crash.text("mdsw_status_string"), Some(status));
        assert_eq!(
            document.crash.text("signature"),
            Some(format!("EMPTY: no frame data available; {status}").as_str())
        );
    }
    running.stop().await;
}

async fn every_minidump_of_a_crash_is_walked() {
    let fixture = Fixture::new().await;
    let other = DumpName::from_part("upload_file_minidump_browser").unwrap();
    let report = DumpName::from_part("memory_report").unwrap();
    let recipe = crash_with(5, real_dump(Kind::Abort))
        .dump(other.clone(), real_dump(Kind::Ill))
        .dump(report, b"no minidump at all".to_vec());
    let running = fixture.start();
    let crash_id = fixture.put(recipe).await;
    fixture.queue(crash_id).await;
    let crash = fixture.ended(crash_id).await.crash;
    assert_eq!(crash.to_map()["additional_minidumps"], json!([other.as_str()]));
    assert_eq!(crash.text("reason"), Some(Kind::Abort.expectation().reason));
    let browser = &crash.to_map()[other.as_str()];
    assert_eq!(browser["json_dump"]["crash_info"]["type"], Kind::Ill.expectation().reason);
    assert!(crash.get("memory_report").is_none());
    running.stop().await;
}

async fn the_same_crash_twice_gives_the_same_bytes_under_a_newer_run() {
    let fixture = Fixture::new().await;
    let running = fixture.start();
    let crash_id = fixture.put(crash_with(6, real_dump(Kind::Fpe))).await;
    fixture.queue(crash_id).await;
    let first = fixture.ended(crash_id).await;
    fixture.ask(crash_id, Lane::Reprocess).await;
    let second = fixture.ended(crash_id).await;
    assert!(second.envelope.generation > first.envelope.generation);
    assert_eq!(second.envelope.history.len(), 1);
    // Field by field first, so that a difference has a name.
    let again = second.crash.to_map();
    for (field, value) in first.crash.to_map() {
        assert_eq!(again.get(&field), Some(&value), "{field}");
    }
    let bytes = |document: &ProcessedDocument| serde_json::to_string(&document.crash).unwrap();
    assert_eq!(bytes(&first), bytes(&second));
    running.stop().await;
}

async fn somebody_who_waits_is_served() {
    let fixture = Fixture::new().await;
    let running = fixture.start();
    let crash_id = fixture.put(crash_with(7, real_dump(Kind::Trap))).await;
    fixture.ask(crash_id, Lane::Priority).await;
    assert_eq!(fixture.ended(crash_id).await.envelope.quality, Quality::Clean);
    running.stop().await;
}

async fn a_dump_that_kills_its_walker_twice_ends_as_poison() {
    let fixture = Fixture::new().await;
    let poisoned = ends("poison");
    let returned = ends("returned");
    let running = fixture.start_with_dying_walkers();
    let crash_id = fixture.put(crash_with(8, vec![1; 64])).await;
    fixture.queue(crash_id).await;
    let document = fixture.ended(crash_id).await;
    assert_eq!(document.crash.text("mdsw_status_string"), Some("WalkerDied"));
    assert!(document.crash.text("mdsw_stderr").unwrap().contains("last words"));
    assert!(document.crash.text("signature").unwrap().ends_with("; WalkerDied"));
    assert_eq!(document.envelope.quality, Quality::NoStack);
    until("both ends are counted", async || ends("poison") == poisoned + 1).await;
    assert_eq!(ends("returned"), returned + 1);
    running.stop().await;
}

async fn a_worse_run_leaves_the_better_report() {
    let fixture = Fixture::new().await;
    let kept = ends("kept_old");
    let crash_id =
        fixture.put(crash_with(9, b"this was a good dump once upon a time".to_vec())).await;
    let at = Timestamp::midnight(crash_id.day());
    let mut better = ProcessedCrash::default();
    better.set("uuid", Some(crash_id.to_string()));
    better.set("signature", Some("good::old::report"));
    let envelope = ProcessedEnvelope {
        crash_id,
        generation: Generation(at.millis()),
        quality: Quality::Partial,
        processor: "one before".to_owned(),
        started_at: at,
        completed_at: at,
        failed_rules: Vec::new(),
        notes: Vec::new(),
        history: Vec::new(),
    };
    let better = ProcessedDocument { envelope, crash: better };
    fixture.store.put_processed(&better).await.unwrap();
    let running = fixture.start();
    fixture.ask(crash_id, Lane::Reprocess).await;
    assert_eq!(fixture.ended(crash_id).await, better);
    until("the end is counted", async || ends("kept_old") == kept + 1).await;
    running.stop().await;
}

async fn a_job_whose_raw_crash_is_gone_ends() {
    let fixture = Fixture::new().await;
    let gone = ends("raw_gone");
    let running = fixture.start();
    // Something else is stored, so that the store is known to be there.
    fixture.put(crash(10)).await;
    let crash_id = fixture.put(crash(11)).await;
    fixture.store.remove(crash_id).await.unwrap();
    fixture.queue(crash_id).await;
    until("the job has ended", async || ends("raw_gone") == gone + 1).await;
    assert!(fixture.monitor.job(crash_id).await.unwrap().is_none());
    assert!(fixture.store.get_processed(crash_id).await.unwrap().is_none());
    running.stop().await;
}

async fn while_the_store_is_down_nothing_is_taken() {
    let fixture = Fixture::new().await;
    let crash_id = fixture.put(crash(12)).await;
    let (there, away) = (fixture.folder.path().join("store"), fixture.folder.path().join("away"));
    std::fs::rename(&there, &away).unwrap();
    let running = fixture.start();
    fixture.queue(crash_id).await;
    until("it is registered", async || {
        fixture.monitor.processors().await.is_ok_and(|processors| !processors.is_empty())
    })
    .await;
    // Many polls' time: a take would show in the job's attempts.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let job = fixture.monitor.job(crash_id).await.unwrap().unwrap();
    assert_eq!((job.state.as_str(), job.attempts), ("queued", 0));
    std::fs::rename(&away, &there).unwrap();
    fixture.ended(crash_id).await;
    running.stop().await;
}

async fn postgres_goes_and_comes_back() {
    let fixture = Fixture::with_own_server().await;
    let running = fixture.start();
    let first = fixture.put(crash_with(13, real_dump(Kind::Bus))).await;
    fixture.queue(first).await;
    fixture.ended(first).await;
    fixture.database.server.stop().unwrap();
    let second = fixture.put(crash(14)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    fixture.database.server.start().unwrap();
    until("jobs can be queued", async || fixture.monitor.queue_depths().await.is_ok()).await;
    fixture.queue(second).await;
    fixture.ended(second).await;
    running.stop().await;
}

async fn a_processor_that_stops_says_good_bye() {
    let fixture = Fixture::new().await;
    let running = fixture.start();
    let mut ids = Vec::new();
    for seed in 100..120 {
        ids.push(fixture.put(crash(seed)).await);
    }
    for crash_id in &ids {
        fixture.queue(*crash_id).await;
    }
    until("it is at work", async || {
        fixture
            .monitor
            .queue_depths()
            .await
            .is_ok_and(|depths| depths.iter().map(|depth| depth.jobs).sum::<u64>() < 20)
    })
    .await;
    running.stop().await;
    assert!(fixture.monitor.processors().await.unwrap().is_empty());
    let depths = fixture.monitor.queue_depths().await.unwrap();
    assert!(depths.iter().all(|depth| depth.state == "queued"), "{depths:?}");
    // Whatever is left is done by the next one.
    let next = fixture.start();
    for crash_id in ids {
        fixture.ended(crash_id).await;
    }
    next.stop().await;
}
