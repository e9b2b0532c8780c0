//! The processed crash while the rules make it, and what they note on the way.

use auxilio_common::ProcessedCrash;
use auxilio_common::fields::{self, Misfit, Permission};
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

    /// Sets a field, without what no database takes; `None` leaves it absent.
    pub fn set(&mut self, name: &str, value: Option<impl Into<Value>>) {
        let Some(mut value) = value.map(Into::into) else { return };
        text::clean_value(&mut value);
        self.crash.set(name, Some(value));
    }

    /// Sets a field to what of a value has the shape that the table of fields says; what was left
    /// out is noted.
    pub fn set_fitting(&mut self, name: &str, value: Value) {
        let Some(field) = fields::find(name) else { return };
        let mut misfit = Misfit::default();
        let fitted = fields::fit(value, field.kind, Permission::Protected, &mut misfit);
        self.set(name, fitted);
        if misfit.misshapen > 0 {
            let count = misfit.misshapen;
            self.note(format!(
                "{count} parts of {name} have an unexpected shape and were left out"
            ));
        }
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
