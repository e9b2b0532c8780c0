//! Lines of output: text for people or JSON, and what can't be read on standard error.

use std::io::{self, BufWriter, Stdout, Write};
use std::time::Duration;

use auxilio_crashmover::CarriedSpool;
use auxilio_service::error_chain;
use auxilio_spool::Error;
use serde_json::Value;

/// Where lines go. A reader that is gone is an error here: lists are piped into `head`.
pub(super) struct Lines {
    out: BufWriter<Stdout>,
    as_json: bool,
}

impl Lines {
    pub(super) fn new(as_json: bool) -> Self {
        Self { out: BufWriter::new(io::stdout()), as_json }
    }

    /// One line, in the form that was asked for.
    pub(super) fn tell(
        &mut self,
        json: impl FnOnce() -> Value,
        text: impl FnOnce() -> String,
    ) -> io::Result<()> {
        if self.as_json {
            writeln!(self.out, "{}", json())
        } else {
            writeln!(self.out, "{}", printable(&text()))
        }
    }

    /// Writes out what is gathered.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Says on standard error what of a spool can't be read.
pub(super) fn complain(spool: &str, error: &Error) {
    eprintln!("auxilio: spool {}: {}", printable(spool), printable(&error_chain(error)));
}

/// What a spool is called on a line of its own: its name, and its folder if that is another.
pub(super) fn title(spool: &CarriedSpool) -> String {
    let dir = spool.source.dir().display().to_string();
    if spool.name == dir { dir } else { format!("{} ({dir})", spool.name) }
}

/// What is wrong with a file whose path is told beside it.
pub(super) fn fault(error: &Error) -> String {
    match error {
        Error::Damaged { source, .. } => error_chain(source),
        other => error_chain(other),
    }
}

/// Text from strangers on a terminal: control characters are written out.
fn printable(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut shown, character| {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
        shown
    })
}

/// A number of bytes for people.
pub(super) fn bytes(bytes: u64) -> String {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    units.iter().find(|(_, unit)| bytes >= *unit).map_or_else(
        || format!("{bytes} B"),
        |(name, unit)| format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
    )
}

/// An age for people.
pub(super) fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..=119 => format!("{seconds}s"),
        120..=7_199 => format!("{}m", seconds / 60),
        7_200..=172_799 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_hostile_text_are_readable() {
        assert_eq!([0, 999, 1_000, 1_250_000].map(bytes), ["0 B", "999 B", "1.0 kB", "1.2 MB"]);
        assert_eq!(bytes(22_960_000_000), "22.9 GB");
        let ages = [5, 119, 120, 7_200, 172_800].map(|age_secs| age(Duration::from_secs(age_secs)));
        assert_eq!(ages, ["5s", "119s", "2m", "2h", "2d"]);
        assert_eq!(printable("Dämon\u{1b}[2J\n"), "Dämon\\u{1b}[2J\\n");
    }
}
