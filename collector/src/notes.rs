//! What a collector notes about one crash. A hostile client may deserve a note for each of its bytes:
//! the first ones are kept, the rest is counted.

use auxilio_common::limits;

/// The notes on one crash.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    kept: Vec<String>,
    left_out: usize,
}

impl Notes {
    /// Adds a note.
    pub(crate) fn push(&mut self, note: String) {
        if self.kept.len() < limits::NOTES_COUNT_MAX {
            self.kept.push(note);
        } else {
            self.left_out += 1;
        }
    }

    /// All notes, with a last one about those that were left out.
    pub(crate) fn into_lines(mut self) -> Vec<String> {
        if self.left_out > 0 {
            self.kept.push(format!("{} more notes were left out", self.left_out));
        }
        self.kept
    }
}

/// A client's name as it stands in a note: quoted, escaped and not too long.
pub(crate) fn shown(name: &str) -> String {
    let end = name.floor_char_boundary(limits::NOTED_NAME_BYTES_MAX);
    let cut = if end < name.len() { "…" } else { "" };
    format!("{:?}{cut}", &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_bounded_and_say_how_many_are_missing() {
        let mut notes = Notes::default();
        for number in 0..=limits::NOTES_COUNT_MAX + 1 {
            notes.push(number.to_string());
        }
        let lines = notes.into_lines();
        assert_eq!(lines.len(), limits::NOTES_COUNT_MAX + 1);
        assert_eq!(lines.last().unwrap(), "2 more notes were left out");
    }

    #[test]
    fn names_are_cut_between_characters() {
        assert_eq!(shown("a\n"), "\"a\\n\"");
        let long = "ä".repeat(limits::NOTED_NAME_BYTES_MAX);
        assert_eq!(shown(&long).chars().count(), limits::NOTED_NAME_BYTES_MAX / 2 + 3);
    }
}
