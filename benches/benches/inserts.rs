//! Reports of finished jobs saved by processors' batched calls, beside plain COPY of the same rows into
//! the same table with the same indexes.
//!
//! `cargo bench -p auxilio-benches --bench inserts`. One connection, so that client and server take
//! turns and use about one core together. Rows have what a signature was made from, a dozen add-ons and
//! eight modules; with "rows alone" nothing stands beside them. The Postgres does not flush: a flush costs
//! a call the same, whatever is in it.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use auxilio_common::storage::IndexEntry;
use auxilio_common::{
    CrashId, Day, Generation, JobOutcome, Lane, Quality, Throttle, Timestamp, job::TakenJob,
};
use auxilio_database::{
    Config, Database, DbRole, Extension, FinishedRun, Frames, ProcessorId, Report, StackModule,
    migrate,
};
use auxilio_testkit::postgres::{Server, USER};

/// Reports of one measurement.
const COUNT: u32 = 12_000;

/// Runs that end together: what a busy processor gathers, and the most that one call takes.
const BATCHES: [usize; 3] = [8, 32, 64];

/// Rows that one COPY takes.
const COPIED: usize = 10_000;

fn main() {
    let server = Arc::new(Server::start_new().unwrap());
    let made = server.empty_database().unwrap();
    let config = Config {
        port: server.port(),
        user: USER.to_owned(),
        database: made.name.clone(),
        ..Config::default()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(measure(&config));
}

async fn measure(config: &Config) {
    migrate(config).await.unwrap();
    let bench = Bench::new(config).await;
    println!("rows       | runs a call | saved/s | COPY/s | ratio");
    let mut round = 0;
    for (name, dress) in [("rows alone", bare as Dress), ("with parts", dressed as Dress)] {
        for batch in BATCHES {
            round += 2;
            let saved = bench.save(round, batch, dress).await;
            let copied = bench.copy(round + 1, dress).await;
            let ratio = saved / copied;
            println!("{name} | {batch:11} | {saved:7.0} | {copied:6.0} | {ratio:.2}");
        }
    }
}

/// What a row gets beside its columns.
type Dress = fn(Report, u32) -> Report;

struct Bench {
    monitor: Database,
    saver: Database,
    owner: Database,
    processor: ProcessorId,
}

impl Bench {
    async fn new(config: &Config) -> Self {
        let connect = |role| Database::connect(config, role).unwrap();
        let saver = connect(DbRole::Processor);
        let capacity = usize::try_from(COUNT).unwrap();
        let processor = saver.register_processor("bench", capacity, &[Lane::Standard]).await;
        let owner = connect(DbRole::Owner);
        owner.ensure_partition(day()).await.unwrap();
        Self { monitor: connect(DbRole::Monitor), saver, owner, processor: processor.unwrap() }
    }

    /// Reports a second by calls of so many runs.
    async fn save(&self, round: u32, batch: usize, dress: Dress) -> f64 {
        let mut runs = Vec::new();
        for job in self.take(round).await {
            let number = u32::try_from(runs.len()).unwrap();
            let report = dress(row(job.crash_id, job.generation, number), number);
            runs.push(FinishedRun { report, job, outcome: JobOutcome::Processed });
        }
        let began = Instant::now();
        while !runs.is_empty() {
            let rest = runs.split_off(batch.min(runs.len()));
            let answers = self.saver.save_reports(runs).await.unwrap();
            assert!(answers.iter().all(Result::is_ok));
            runs = rest;
        }
        f64::from(COUNT) / began.elapsed().as_secs_f64()
    }

    async fn take(&self, round: u32) -> Vec<TakenJob> {
        let received_at = Timestamp::midnight(day());
        let entry = |number| IndexEntry { received_at, crash_id: crash(round, number) };
        let entries: Vec<IndexEntry> = (0..COUNT).map(entry).collect();
        for part in entries.chunks(1_000) {
            self.monitor.insert_jobs(part).await.unwrap();
        }
        let mut jobs = Vec::new();
        while jobs.len() < entries.len() {
            let lease = Duration::from_hours(1);
            let taken = self.saver.take_jobs(self.processor, Lane::Standard, 1_000, lease).await;
            jobs.extend(taken.unwrap());
        }
        jobs
    }

    /// Rows a second by COPY.
    async fn copy(&self, round: u32, dress: Dress) -> f64 {
        let mut writer = self.owner.sample_rows().await.unwrap();
        let rows = (0..COUNT).map(|n| dress(row(crash(round, n), Generation(1), n), n));
        let mut rows: Vec<Report> = rows.collect();
        let began = Instant::now();
        while !rows.is_empty() {
            let rest = rows.split_off(COPIED.min(rows.len()));
            writer.insert(rows).await.unwrap();
            rows = rest;
        }
        f64::from(COUNT) / began.elapsed().as_secs_f64()
    }
}

fn day() -> Day {
    Day::from_ymd(2026, 11, 24).unwrap()
}

fn crash(round: u32, number: u32) -> CrashId {
    // As ids are: without order.
    let bits =
        u128::from(round << 20 | number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    CrashId::issue(bits.to_be_bytes(), 0, day())
}

fn row(crash_id: CrashId, generation: Generation, number: u32) -> Report {
    let at = Timestamp::midnight(day()).plus(Duration::from_secs(u64::from(number) * 7));
    let mut row = Report::new(crash_id, at, generation, Quality::Clean, Throttle::Accept, 100.0);
    let text = |text: &str| Some(text.to_owned());
    (row.client_crash_date, row.started_datetime, row.completed_datetime) =
        (Some(at), Some(at), Some(at));
    (row.product, row.version, row.build) =
        (text("Heronview"), text("57.0"), text("20261120040404"));
    row.signature = Some(format!("heron::FrameTree::Reflow{} | js::Arena::Mark", number % 900));
    row.url = Some(format!("http://news.example/story/{number:x}?from=start"));
    (row.install_age, row.last_crash, row.uptime) = (Some(864_000), Some(4_000), Some(1_800));
    (row.cpu_name, row.cpu_info) = (text("amd64"), text("family 6 model 42 stepping 7 | 8"));
    (row.reason, row.address) = (text("SIGSEGV / SEGV_MAPERR"), Some(format!("0x{number:x}8")));
    (row.os_name, row.os_version) = (text("Linux"), text("0.0.0 Linux 5.10.0-8-amd64"));
    (row.success, row.truncated, row.addons_checked) = (Some(true), Some(false), Some(true));
    row.app_notes =
        text("AdapterVendorID: 0x8086, AdapterDeviceID: 0x0116\nOpenGL: Mesa -- Mesa DRI");
    (row.topmost_filenames, row.flash_version) = (text("layout/frames.cpp"), text("[blank]"));
    (row.release_channel, row.productid) = (text("release"), text("{4f1ab1f5-2d35-4c5c-9a3e}"));
    row.proto_signature = Some("heron::FrameTree::Reflow | ".repeat(12));
    row
}

fn bare(row: Report, _number: u32) -> Report {
    row
}

fn dressed(mut row: Report, number: u32) -> Report {
    let frame = |place: u32| {
        format!("{{\"module\":\"libheron.so\",\"function\":\"f{}\"}}", number % 97 * place)
    };
    let frames = (0..35).map(frame).collect::<Vec<_>>().join(",");
    row.frames = Frames::of(&frames);
    let extension =
        |place| Extension { id: format!("addon-{place}@example.org"), version: "2.1".into() };
    row.extensions = (0..12).map(extension).collect();
    let module = |place| StackModule {
        filename: format!("lib{place}.so"),
        version: "1.2.3".into(),
        debug_file: format!("lib{place}.so"),
        debug_id: format!("4C4C44{:026X}", number % 40 + place),
    };
    row.modules = (0..8).map(module).collect();
    row
}
