//! The processed crash while the rules make it, and what they note on the way.

use auxilio_common::ProcessedCrash;
use serde_json::Value;

use crate::text;

/// What the rules write to.
#[derive(Debug, Default)]
pub struct Draft {
    /// The processed crash so far.
    pub crash: ProcessedCrash,
    /// What was noted, each note under the name of its rule.
    pub notes: Vec<String>,
    /// The rule that is at work.
    pub(crate) rule: &'static str,
}

impl Draft {
    /// Adds a note under the name of the rule at work. A note never holds an annotation's value.
    pub fn note(&mut self, note: impl AsRef<str>) {
        self.notes.push(format!("{}: {}", self.rule, note.as_ref()));
    }

    /// Sets a field; `None` leaves it absent.
    pub fn set(&mut self, name: &str, value: Option<impl Into<Value>>) {
        self.crash.set(name, value);
    }

    /// Sets a field to a text, cut to the field's length with a note.
    pub fn set_text(&mut self, name: &str, text: Option<&str>) {
        let Some(text) = text else { return };
        let most = text::chars_max(name);
        let cut = text::cut(text, most);
        if cut.len() < text.len() {
            self.note(format!("{name} was cut to {most} characters"));
        }
        self.crash.set(name, Some(cut));
    }
}
