//! What a daemon said before it ended, for a test that fails because of it.

use std::fmt::Write as _;

use super::{Daemon, Hbase};

impl Hbase {
    /// The end of what a daemon said and logged.
    pub(super) fn last_words(&self, daemon: Daemon) -> String {
        let mut words = String::new();
        for name in [format!("{daemon}.out"), format!("{daemon}.log")] {
            let text = std::fs::read_to_string(self.data().join(&name)).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            let last = lines[lines.len().saturating_sub(30)..].join("\n");
            // Writing to a string can't fail.
            let _ = writeln!(words, "{name}:\n{last}");
        }
        words
    }

    /// Says which daemons died by themselves, and their last words: the logs go with the test.
    pub(super) fn tell_of_the_dead(&self) {
        for daemon in self.running() {
            if let Ok(Some(status)) = self.ended(daemon) {
                eprintln!("testkit: {daemon} ended by itself ({status}):");
                eprintln!("{}", self.last_words(daemon));
            }
        }
    }
}
