//! A writer killed at a random instant: all that it acknowledged is there and whole, and what it
//! left unfinished is swept. The test starts itself again as that writer.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::HashSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use auxilio_spool::Lane;
use support::{SetClock, add_dump, raw_crash, spool_at};

const NOW: &str = "2012-12-24T18:05:00Z";
const ROUNDS: u64 = 8;
const WRITERS: u64 = 4;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, dir, round] = &arguments[..]
        && word == "write"
    {
        write_for_ever(Path::new(dir), round.parse().unwrap());
    }
    killed_writers_lose_nothing_that_they_acknowledged();
    println!("killed_writers_lose_nothing_that_they_acknowledged ... ok");
}

/// Prints each crash's id once the spool has it.
fn write_for_ever(dir: &Path, round: u64) -> ! {
    let clock = SetClock::at(NOW);
    let spool = spool_at(dir, &clock);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (spool, clock) = (&spool, &clock);
            scope.spawn(move || {
                for number in 0.. {
                    let mut draft = spool.begin().unwrap();
                    add_dump(&mut draft, "upload_file_minidump", &vec![7; 50_000]);
                    let crash = raw_crash(((round * WRITERS) + writer) << 32 | number);
                    let crash_id = crash.crash_id;
                    draft.commit(Lane::Standard, crash).unwrap();
                    clock.advance(Duration::from_secs(1));
                    // One write call: a line is never half printed.
                    std::io::stdout().write_all(format!("{crash_id}\n").as_bytes()).unwrap();
                }
            });
        }
    });
    unreachable!("the writers never end")
}

fn killed_writers_lose_nothing_that_they_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = HashSet::new();
    for round in 0..ROUNDS {
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .arg("write")
            .arg(dir.path())
            .arg(round.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        acknowledged.insert(lines.next().unwrap().unwrap());
        // Spread over the instants of some commits.
        thread::sleep(Duration::from_millis(37 * round));
        writer.kill().unwrap();
        acknowledged.extend(lines.map(Result::unwrap));
        writer.wait().unwrap();
    }
    let spool = spool_at(dir.path(), &SetClock::at(NOW));
    let mut found = HashSet::new();
    for entry in spool.source().scan(usize::MAX, |_| false).unwrap().entries {
        let claim = spool.source().claim(&entry).unwrap().unwrap();
        found.insert(claim.open_whole().unwrap().into_raw_crash().crash_id.to_string());
    }
    let lost: Vec<_> = acknowledged.difference(&found).collect();
    assert!(lost.is_empty(), "acknowledged and not there: {lost:?}");
    assert!(acknowledged.len() as u64 > ROUNDS, "the writers wrote next to nothing");
    assert_eq!(fs::read_dir(dir.path().join("tmp")).unwrap().count(), 0, "leftovers");
}
