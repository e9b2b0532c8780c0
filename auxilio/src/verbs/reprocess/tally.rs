//! What became of the crashes: each named with `--json`, all counted.

use std::fmt::Write;

use auxilio_common::CrashId;
use serde_json::json;

/// What became of one crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It waits its turn, or would.
    Queued,
    /// It is being processed at this moment and will be once more.
    QueuedAgain,
    /// The store does not have it.
    NotInStore,
}

/// How many crashes met which fate.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) queued: u64,
    pub(super) queued_again: u64,
    pub(super) not_in_store: u64,
}

impl Tally {
    /// Counts one, and says so.
    pub(super) fn count(&mut self, crash_id: CrashId, fate: Fate, as_json: bool) {
        let (word, counter) = match fate {
            Fate::Queued => ("queued", &mut self.queued),
            Fate::QueuedAgain => ("queued_again", &mut self.queued_again),
            Fate::NotInStore => ("not_in_store", &mut self.not_in_store),
        };
        *counter += 1;
        if as_json {
            println!("{}", json!({"crash_id": crash_id, "result": word}));
        } else if fate == Fate::NotInStore {
            eprintln!("bp-{crash_id} is not in the store");
        }
    }

    /// Crashes that were asked for.
    pub(super) fn asked(&self) -> u64 {
        self.queued + self.queued_again
    }

    /// The last line.
    pub(super) fn tell(&self, as_json: bool, is_dry_run: bool, is_stopped: bool) {
        if as_json {
            println!(
                "{}",
                json!({
                    "queued": self.queued,
                    "queued_again": self.queued_again,
                    "not_in_store": self.not_in_store,
                    "dry_run": is_dry_run,
                    "stopped": is_stopped,
                })
            );
            return;
        }
        let crashes = if self.asked() == 1 { "crash" } else { "crashes" };
        let done = if is_dry_run { "would be queued" } else { "queued" };
        let mut line = format!("{} {crashes} {done} in lane reprocess", self.asked());
        if self.queued_again > 0 {
            // Writing to a text can't fail.
            let _ = write!(line, ", {} of them once their present run ends", self.queued_again);
        }
        if self.not_in_store > 0 {
            let _ = write!(line, "; {} not in the store", self.not_in_store);
        }
        if is_stopped {
            line += "; stopped before the end";
        }
        println!("{line}");
    }
}
