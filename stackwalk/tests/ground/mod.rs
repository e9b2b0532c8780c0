//! A pool of workers with a folder of its own, and the harness of tests that are such workers too.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use auxilio_common::CrashId;
use auxilio_stackwalk::{DumpHints, Pool, PoolOptions, Walk, WalkError, WalkLane, WalkRequest};
use tokio::runtime::Runtime;

/// The argument that makes the test a worker.
pub(crate) const WORKER: &str = "stackwalk-worker";

/// A test by its name.
pub(crate) type Test = (&'static str, fn());

/// Runs the tests that the command line asks for, as the usual harness does.
pub(crate) fn run(tests: &[Test]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        for (name, _) in tests {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let filters: Vec<&String> = arguments.iter().filter(|a| !a.starts_with("--")).collect();
    let chosen =
        |name: &str| filters.is_empty() || filters.iter().any(|f| name.contains(f.as_str()));
    let mut failed = 0;
    for (name, test) in tests.iter().filter(|(name, _)| chosen(name)) {
        let passed = std::panic::catch_unwind(test).is_ok();
        println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
        failed += usize::from(!passed);
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A pool's folder, and a runtime to walk in.
pub(crate) struct Ground {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) runtime: Runtime,
}

impl Ground {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), runtime: Runtime::new().unwrap() }
    }

    /// One worker, and the symbols that lie in the folder.
    pub(crate) fn options(&self) -> PoolOptions {
        let stores = vec![self.folder.path().join("symbols")];
        PoolOptions::new(stores, self.folder.path().join("cache"), 1)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> WalkRequest {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        request(path, bytes.len())
    }

    pub(crate) fn walk(&self, pool: &Pool, request: WalkRequest) -> Result<Walk, WalkError> {
        self.runtime.block_on(pool.walk(request, WalkLane::Common))
    }
}

pub(crate) fn request(path: impl AsRef<Path>, length: usize) -> WalkRequest {
    WalkRequest {
        crash_id: CrashId::parse("0b794045-87ec-4649-9ce1-73ec00261124").unwrap(),
        path: PathBuf::from(path.as_ref()),
        offset: 0,
        length: length as u64,
        hints: DumpHints::default(),
    }
}

pub(crate) fn only_idle(pool: &Pool) -> u32 {
    let idle = pool.idle_workers();
    assert_eq!(idle.len(), 1);
    idle[0]
}
