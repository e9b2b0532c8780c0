//! `auxilio signature try`: what other lists would make of the stored crashes. It only reads.

use std::process::ExitCode;
use std::sync::Arc;

use auxilio_common::Day;
use futures::TryStreamExt;
use serde_json::json;

use super::candidate::{Candidate, Made};
use super::moves::Moves;
use super::pages::{self, Tried};
use super::{Work, telling};

/// Crashes of one page: some megabytes, and a read of a few milliseconds.
const PAGE_CRASHES: usize = 1_000;

/// What the lists would make of all crashes.
#[derive(Debug, Default)]
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
    let mut tally = Tally::default();
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
    let told = if work.as_json { tally.tell_json(stopped) } else { tally.tell(days, limit) };
    telling::ended_by_reader(told)?;
    Ok(ExitCode::from(u8::from(stopped)))
}

impl Tally {
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

    fn tell_json(&self, stopped: bool) -> std::io::Result<()> {
        let mut out = telling::output();
        for way in self.moves.changes() {
            let way = json!({"from": way.from, "to": way.to, "crashes": way.crashes,
                "kind": way.kind.as_str()});
            telling::line(&mut out, &way.to_string())?;
        }
        let (before, after) = self.moves.signatures();
        let sum = json!({"crashes": self.crashes, "changed": self.changed, "rekeyed": self.rekeyed,
            "unchanged": self.unchanged, "without_frames": self.without_frames,
            "signatures_before": before, "signatures_after": after, "untold": self.moves.untold,
            "stopped": stopped});
        telling::line(&mut out, &sum.to_string())
    }

    fn tell(&self, (from, to): (Day, Day), limit: usize) -> std::io::Result<()> {
        let mut out = telling::output();
        let changes = self.moves.changes();
        for way in changes.iter().take(limit) {
            let head = format!("{:>9} {:<16}", way.crashes, way.kind.as_str());
            telling::line(&mut out, &format!("{head} {}\n{:>26} {}", way.from, "->", way.to))?;
        }
        if changes.len() > limit {
            telling::line(&mut out, &format!("and {} smaller ones", changes.len() - limit))?;
        }
        let (before, after) = self.moves.signatures();
        telling::line(
            &mut out,
            &format!(
                "{} crashes of {from} to {to}: {} would get another signature, {} another group key \
                 alone, {} stay, {} have nothing kept to sign them by\n{before} signatures would be \
                 {after}",
                self.crashes, self.changed, self.rekeyed, self.unchanged, self.without_frames
            ),
        )?;
        if self.moves.untold > 0 {
            let untold = self.moves.untold;
            telling::line(&mut out, &format!("{untold} crashes of more signatures than fit"))?;
        }
        Ok(())
    }
}
