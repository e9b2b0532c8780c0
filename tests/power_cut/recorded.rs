//! Every system call of a collector, noted by strace: at the instant of an answer, all of the crash
//! must be on the disk, whatever a disk may lose or reorder that was not flushed.

use std::path::Path;
use std::time::Duration;

use auxilio_common::CrashId;
use auxilio_tests::collector::Collector;
use auxilio_tests::wait;

use crate::senders::Senders;
use crate::trace::{self, Call};

/// Crashes that are posted, at least.
const CRASHES: usize = 150;

/// strace as a grandchild, so that the process we start is the collector itself. The answer's text
/// must fit into what is shown of a buffer.
const STRACE: [&str; 7] = ["/usr/bin/strace", "-f", "-D", "-yy", "-s", "256", "-e"];

const NOTED: &str = "trace=openat,creat,write,pwrite64,writev,pwritev,pwritev2,copy_file_range,sendfile,splice,\
                     ftruncate,fallocate,fdatasync,fsync,rename,renameat,renameat2,link,linkat,mkdir,mkdirat,\
                     sendto,sendmsg";

/// Calls after which a file has other bytes than before.
const WRITES: [&str; 9] = [
    "write",
    "pwrite64",
    "writev",
    "pwritev",
    "pwritev2",
    "copy_file_range",
    "sendfile",
    "ftruncate",
    "fallocate",
];

#[test]
fn at_the_instant_of_an_answer_nothing_of_its_crash_waits_for_the_disk() {
    let dir = tempfile::Builder::new().prefix("auxilio-test-").tempdir().unwrap();
    let (spool, file) = (dir.path().join("spool"), dir.path().join("trace"));
    let program = [&STRACE[..], &[NOTED, "-o", file.to_str().unwrap(), "--"]].concat();
    let mut collector = Collector::start_under(&program, &spool, "").unwrap();
    let senders = Senders::start(collector.address);
    wait::until("crashes enough", Duration::from_secs(120), || {
        (senders.acknowledged() >= CRASHES).then_some(())
    });
    let acknowledged = senders.stop();
    collector.process.signal(rustix::process::Signal::TERM).unwrap();
    let status = collector.process.wait(Duration::from_secs(60)).unwrap();
    assert!(status.success(), "{status}: {}", collector.log_text());
    let calls = wait::until("the trace's end", Duration::from_secs(60), || {
        let trace = std::fs::read_to_string(&file).ok()?;
        trace.trim_end().ends_with("+++ exited with 0 +++").then(|| trace::calls(&trace))
    });
    for id in &acknowledged {
        check(&calls, &spool, *id).unwrap_or_else(|missing| panic!("{id}: {missing}"));
    }
    a_collector_that_leaves_out_a_flush_is_found(&calls, &spool, &acknowledged);
}

/// The check is worth something only if it fails where a flush is missing.
fn a_collector_that_leaves_out_a_flush_is_found(calls: &[Call], spool: &Path, ids: &[CrashId]) {
    let without = |leave_out: &dyn Fn(&Call) -> bool| {
        let calls: Vec<_> = calls.iter().filter(|call| !leave_out(call)).cloned().collect();
        ids.iter().filter(|id| check(&calls, spool, **id).is_err()).count()
    };
    let of_folder = |call: &Call, depth: usize| {
        let path = call.open_on().map(Path::new).and_then(|path| path.strip_prefix(spool).ok());
        call.name == "fsync" && path.is_some_and(|path| path.components().count() == depth)
    };
    assert_eq!(without(&|call| call.name == "fdatasync"), ids.len(), "the file's flush");
    assert_eq!(without(&|call| of_folder(call, 2)), ids.len(), "the minute folder's flush");
    assert_eq!(without(&|call| of_folder(call, 1)), ids.len(), "the lane's flush");
    assert_eq!(without(&|call| of_folder(call, 0)), ids.len(), "the spool's flush");
}

/// Whether all of a crash was on the disk before its answer began; if not, what was missing.
fn check(calls: &[Call], spool: &Path, id: CrashId) -> Result<(), String> {
    let file = format!("{id}.crash");
    let answered = calls
        .iter()
        .find(|call| {
            call.open_on().is_some_and(|path| path.starts_with("TCP"))
                && call.arguments.contains(&format!("CrashID=bp-{id}"))
        })
        .ok_or("its answer was not noted")?;
    let renamed = calls
        .iter()
        .find(|call| call.name.starts_with("rename") && call.texts().any(|text| text == file))
        .ok_or("its file was not renamed")?;
    let (from, folder) = (renamed.texts().next(), renamed.paths().last());
    let (from, folder) = from.zip(folder).ok_or("the rename has no paths")?;
    let written = calls
        .iter()
        .filter(|call| WRITES.contains(&call.name.as_str()) && call.open_on() == Some(from))
        .map(|call| call.ended)
        .max()
        .ok_or("nothing was written to its file")?;
    let flushed = |path: &str, since: usize| {
        calls.iter().any(|call| {
            matches!(call.name.as_str(), "fsync" | "fdatasync")
                && call.open_on() == Some(path)
                && call.began > since
                && call.ended < answered.began
        })
    };
    if !flushed(from, written) {
        return Err(format!("{from} was not flushed after its last write"));
    }
    if !flushed(folder, renamed.ended) {
        return Err(format!("{folder} was not flushed after the rename"));
    }
    let made = calls.iter().filter(|call| call.name.starts_with("mkdir"));
    for made in made {
        let Some(path) = made.texts().next().map(Path::new) else { continue };
        let Some(parent) = path.parent().filter(|_| Path::new(folder).starts_with(path)) else {
            continue;
        };
        if path.starts_with(spool) && !flushed(&parent.to_string_lossy(), made.ended) {
            let (parent, path) = (parent.display(), path.display());
            return Err(format!("{parent} was not flushed after {path} was made"));
        }
    }
    Ok(())
}
