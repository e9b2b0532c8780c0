//! Walking all minidumps of a crash, and what a failed walk means for its job.

use std::path::Path;

use auxilio_common::job::TakenJob;
use auxilio_common::{Clock, CrashStore, DumpName, Lane, RawCrash, limits};
use auxilio_service::metrics;
use auxilio_stackwalk::{DumpHints, Pool, Walk, WalkError, WalkLane, WalkRequest};

use crate::dump_file::{DumpFile, OpenDumpError};
use crate::files::is_memory_report;
use crate::setback::Setback;
use crate::walked_dump::{WalkedDump, Walks};

/// What walking needs.
pub(crate) struct Walking<'a> {
    pub(crate) store: &'a dyn CrashStore,
    pub(crate) pool: &'a Pool,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) temp_dir: &'a Path,
}

/// The walks of a crash, and whether a dump was given up because it kills its walkers.
pub(crate) struct Walked {
    pub(crate) walks: Walks,
    pub(crate) poisoned: bool,
}

impl Walking<'_> {
    /// Walks every minidump of the crash, one after another.
    pub(crate) async fn all(&self, job: &TakenJob, raw: &RawCrash) -> Result<Walked, Setback> {
        let mut walked = Walked { walks: Walks::new(), poisoned: false };
        let mut json_bytes = 0;
        for dump in raw.dumps.iter().filter(|dump| dump.name.is_minidump()) {
            let walk = match self.one(job, raw, &dump.name).await {
                Ok(walk) => walk,
                Err(Setback::Death { status, how, last_words }) if is_last_death(job) => {
                    walked.poisoned = true;
                    given_up(status, &how, last_words.as_deref())
                }
                Err(setback) => return Err(setback),
            };
            json_bytes += walk.json_dump.as_ref().map_or(0, |json_dump| json_dump.get().len());
            // A crash may have many dumps, and all their stacks are in memory together.
            let walk = if json_bytes as u64 > limits::WALK_JSON_BYTES_MAX {
                WalkedDump::without_stack("OversizedReport")
            } else {
                walk
            };
            walked.walks.insert(dump.name.clone(), walk);
        }
        Ok(walked)
    }

    /// The bytes of the crash's memory report, as they came.
    pub(crate) async fn memory_report(&self, raw: &RawCrash) -> Result<Option<Vec<u8>>, Setback> {
        let Some(dump) = raw.dumps.iter().find(|dump| is_memory_report(&dump.name)) else {
            return Ok(None);
        };
        let opened = DumpFile::open(self.store, raw.crash_id, &dump.name, self.temp_dir).await;
        let Some(file) = opened.map_err(setback)? else { return Ok(None) };
        let read = tokio::task::spawn_blocking(move || file.read());
        match read.await.map_err(std::io::Error::other).flatten() {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) => Err(Setback::Passing(format!("read the memory report: {error}"))),
        }
    }

    async fn one(
        &self,
        job: &TakenJob,
        raw: &RawCrash,
        name: &DumpName,
    ) -> Result<WalkedDump, Setback> {
        let opened = DumpFile::open(self.store, raw.crash_id, name, self.temp_dir).await;
        let Some(file) = opened.map_err(setback)? else {
            return Ok(WalkedDump::without_stack("MissingMinidump"));
        };
        let request = WalkRequest {
            crash_id: raw.crash_id,
            path: file.path.clone(),
            offset: file.offset,
            length: file.length,
            hints: hints(raw),
        };
        let lane = if job.lane == Lane::Priority { WalkLane::Priority } else { WalkLane::Common };
        let began = self.clock.monotonic();
        let result = self.pool.walk(request, lane).await;
        let took = self.clock.monotonic().saturating_sub(began);
        metrics::PROCESSOR_WALK.record(took.as_secs_f64(), &[]);
        judge(result)
    }
}

/// What a dump that can't be opened means.
fn setback(error: OpenDumpError) -> Setback {
    match error {
        OpenDumpError::Store(error) => Setback::Store(error),
        OpenDumpError::Copy { .. } => Setback::Passing(auxilio_service::error_chain(&error)),
    }
}

/// Whether one more death of a walker is the one that ends the job.
fn is_last_death(job: &TakenJob) -> bool {
    job.deaths + 1 >= limits::DEATHS_MAX
}

/// What a crash's annotations tell its walker.
pub fn hints(raw: &RawCrash) -> DumpHints {
    let text = |name| raw.annotation(name).map(str::to_owned);
    DumpHints {
        module_signature_info: text("ModuleSignatureInfo"),
        cpu_microcode_version: text("CPUMicrocodeVersion"),
    }
}

/// What the end of a walk means.
fn judge(result: Result<Walk, WalkError>) -> Result<WalkedDump, Setback> {
    let death = |status, label, how, last_words| {
        metrics::PROCESSOR_WALKER_DEATHS.add(1, &[label]);
        Err(Setback::Death { status, how, last_words })
    };
    match result {
        Ok(walk) => {
            let (failed, cut) = (walk.symbols_failed > 0, walk.truncation.any());
            Ok(WalkedDump::walked(walk.json_dump, failed, cut))
        }
        Err(WalkError::Unreadable { status, .. }) => Ok(WalkedDump::unreadable(status)),
        Err(WalkError::Died { how, stderr_tail, .. }) => {
            death("WalkerDied", "died", how, Some(stderr_tail))
        }
        Err(WalkError::TimedOut { limit, .. }) => {
            death("WalkerTimedOut", "timed_out", format!("after {} s", limit.as_secs()), None)
        }
        Err(error @ (WalkError::Io(_) | WalkError::Start(_))) => {
            Err(Setback::Passing(auxilio_service::error_chain(&error)))
        }
    }
}

/// A dump that killed its walkers as often as is allowed: the report says so.
fn given_up(status: &'static str, how: &str, last_words: Option<&str>) -> WalkedDump {
    WalkedDump {
        stderr: Some([how, last_words.unwrap_or_default()].join("\n").trim().to_owned()),
        ..WalkedDump::unreadable(status)
    }
}
