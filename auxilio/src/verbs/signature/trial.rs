//! `auxilio signature try`: what other lists would make of the stored crashes. It only reads.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use auxilio_common::Day;
use auxilio_common::limits::SIGNATURES_TRIED_MAX;
use futures::TryStreamExt;
use serde_json::json;

use super::candidate::{Candidate, Made};
use super::moves::Moves;
use super::pages::{self, Tried};
use super::{Work, telling};

/// Crashes of one page: some megabytes, and a read of a few milliseconds.
const PAGE_CRASHES: usize = 1_000;

/// What the lists would make of all crashes.
#[derive(Debug)]
struct Tally {
    crashes: u64,
    changed: u64,
    rekeyed: u64,
    unchanged: u64,
    without_frames: u64,
    moves: Moves,
}

pub(super) async fn perform(
    work: &Work,
    candidate: Candidate,
    days: (Day, Day),
    limit: usize,
) -> anyhow::Result<ExitCode> {
    let candidate = Arc::new(candidate);
    let mut pages = pages::of(&work.database, &candidate, days, None, PAGE_CRASHES);
    let mut tally = Tally::new(SIGNATURES_TRIED_MAX);
    while !work.shutdown.stopping() {
        let page = tokio::select! {
            page = pages.try_next() => page?,
            () = work.shutdown.soft().cancelled() => break,
        };
        let Some(page) = page else { break };
        for crash in &page {
            tally.count(crash);
        }
    }
    let stopped = work.shutdown.stopping();
    let mut out = telling::output();
    let told = if work.as_json {
        tally.tell_json(stopped, &mut out)
    } else {
        tally.tell(days, limit, &mut out)
    };
    telling::ended_by_reader(told)?;
    Ok(ExitCode::from(u8::from(stopped)))
}

impl Tally {
    /// Of so many signatures at most, what goes where is told.
    fn new(signatures_max: usize) -> Self {
        Self {
            crashes: 0,
            changed: 0,
            rekeyed: 0,
            unchanged: 0,
            without_frames: 0,
            moves: Moves::new(signatures_max),
        }
    }

    fn count(&mut self, (crash, made): &Tried) {
        self.crashes += 1;
        let before = crash.signature.as_deref().unwrap_or_default();
        let Made::Signed(signature, key) = made else {
            self.without_frames += 1;
            return self.moves.count(before, before);
        };
        self.moves.count(before, signature);
        let counter = if before != signature {
            &mut self.changed
        } else if crash.group_key != *key {
            &mut self.rekeyed
        } else {
            &mut self.unchanged
        };
        *counter += 1;
    }

    fn tell_json(&self, stopped: bool, out: &mut impl Write) -> std::io::Result<()> {
        for way in self.moves.changes() {
            let way = json!({"from": way.from, "to": way.to, "crashes": way.crashes,
                "kind": way.kind.as_str()});
            telling::line(out, &way.to_string())?;
        }
        let (before, after) = self.moves.signatures();
        let sum = json!({"crashes": self.crashes, "changed": self.changed, "rekeyed": self.rekeyed,
            "unchanged": self.unchanged, "without_frames": self.without_frames,
            "signatures_before": before, "signatures_after": after, "untold": self.moves.untold(),
            "stopped": stopped});
        telling::line(out, &sum.to_string())
    }

    fn tell(
        &self,
        (from, to): (Day, Day),
        limit: usize,
        out: &mut impl Write,
    ) -> std::io::Result<()> {
        let changes = self.moves.changes();
        for way in changes.iter().take(limit) {
            let head = format!("{:>9} {:<16}", way.crashes, way.kind.as_str());
            telling::line(out, &format!("{head} {}\n{:>26} {}", way.from, "->", way.to))?;
        }
        if changes.len() > limit {
            telling::line(out, &format!("and {} smaller ones", changes.len() - limit))?;
        }
        let (before, after) = self.moves.signatures();
        telling::line(
            out,
            &format!(
                "{} crashes of {from} to {to}: {} would get another signature, {} another group key \
                 alone, {} stay, {} have nothing kept to sign them by\n{before} signatures would be \
                 {after}",
                self.crashes, self.changed, self.rekeyed, self.unchanged, self.without_frames
            ),
        )?;
        let untold = self.moves.untold();
        if untold > 0 {
            telling::line(out, &format!("{untold} crashes of more signatures than fit"))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use auxilio_common::{CrashId, Generation};
    use auxilio_database::SignedCrash;

    use super::*;

    fn tried(before: &str, after: &str) -> Tried {
        let crash = SignedCrash {
            crash_id: CrashId::issue([7; 16], 0, day()),
            generation: Generation(1),
            product: None,
            signature: Some(before.to_owned()),
            group_key: None,
            change: None,
            frames: None,
        };
        (crash, Made::Signed(after.to_owned(), None))
    }

    fn day() -> Day {
        Day::from_ymd(2012, 6, 15).unwrap()
    }

    #[test]
    fn crashes_of_more_signatures_than_are_told_apart_are_counted() {
        let mut tally = Tally::new(2);
        for (before, after) in [("a", "b"), ("a", "b"), ("c", "b"), ("d", "d")] {
            tally.count(&tried(before, after));
        }
        let mut out = Vec::new();
        tally.tell((day(), day()), 50, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let ways =
            "        2 merged           a\n                        -> b\n4 crashes of 2012-06-15";
        assert!(text.starts_with(ways), "{text}");
        let rest = "\n1 signatures would be 1\n2 crashes of more signatures than fit\n";
        assert!(text.ends_with(rest), "{text}");
        let mut out = Vec::new();
        tally.tell_json(false, &mut out).unwrap();
        let sum = String::from_utf8(out).unwrap().lines().last().unwrap().to_owned();
        let sum: serde_json::Value = serde_json::from_str(&sum).unwrap();
        assert_eq!((&sum["changed"], &sum["unchanged"]), (&json!(3), &json!(1)));
        assert_eq!((&sum["untold"], &sum["crashes"]), (&json!(2), &json!(4)));
    }
}
