//! What each rule did to one crash, for people who ask why a report says what it says.

use std::collections::BTreeSet;

use auxilio_common::{ProcessedCrash, RawCrash};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::draft::Draft;
use crate::files::Files;
use crate::process::{Context, Processed, apply};

/// How a rule ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// There was nothing for it to do.
    NotForThis,
    /// It did its work.
    Done,
    /// It failed, and why.
    Failed(String),
}

/// One rule's part in a report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// The rule.
    pub rule: &'static str,
    /// What it is for.
    pub story: &'static str,
    /// How it ended.
    pub ended: Ended,
    /// Fields that it set or changed, with their new values; null for one that it took away. A
    /// structure is told by its length alone.
    pub fields: Map<String, Value>,
    /// What it noted.
    pub notes: Vec<String>,
}

/// Makes the processed crash and tells how, rule by rule.
pub fn explain(
    raw: &RawCrash,
    files: impl Into<Files>,
    context: Context<'_>,
) -> (Processed, Vec<Step>) {
    let base = context.rule_sets.base_of(raw.annotation("ProductName").unwrap_or_default());
    let mut steps = Vec::new();
    let made = apply(base.rules(), raw, files.into(), context, Some(&mut steps));
    (made, steps)
}

/// What stood in a draft before a rule was at work.
pub(crate) struct Before {
    crash: ProcessedCrash,
    notes: usize,
}

impl Before {
    pub(crate) fn of(draft: &Draft) -> Self {
        Self { crash: draft.crash.clone(), notes: draft.notes.len() }
    }

    /// The fields that differ now, and the notes that are new.
    pub(crate) fn compare(&self, draft: &Draft) -> (Map<String, Value>, Vec<String>) {
        let (before, after) = (told(&self.crash), told(&draft.crash));
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
        let fields =
            changed.map(|name| (name.clone(), after.get(name).cloned().unwrap_or(Value::Null)));
        (fields.collect(), draft.notes.get(self.notes..).unwrap_or_default().to_vec())
    }
}

fn told(crash: &ProcessedCrash) -> Map<String, Value> {
    let (mut fields, structures) = crash.clone().into_parts();
    for (name, text) in structures {
        fields.insert(name, format!("a structure of {} bytes", text.get().len()).into());
    }
    fields
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sample::raw;
    use crate::walked_dump::Walks;

    #[test]
    fn every_rule_is_told_with_what_it_changed() {
        let raw = raw(&[
            ("ProductName", "Demo"),
            ("Version", "10.0"),
            ("ReleaseChannel", "esr"),
            ("StartupCrash", "odd"),
        ]);
        let (made, steps) = explain(&raw, Walks::new(), Context::default());
        let step = |name: &str| steps.iter().find(|step| step.rule == name).unwrap();
        assert_eq!(step("copies").fields["product"], "Demo");
        assert_eq!(
            step("copies").notes,
            ["copies: StartupCrash is no truth value and was left out"]
        );
        assert_eq!(step("esr_version").fields, *json!({"version": "10.0esr"}).as_object().unwrap());
        assert_eq!(step("crashing_thread").ended, Ended::NotForThis);
        assert!(step("crashing_thread").fields.is_empty());
        let plain = crate::process(&raw, Walks::new(), Context::default());
        assert_eq!(made.crash, plain.crash, "looking on changes nothing");
        assert!(steps.iter().all(|step| step.story.ends_with('.')));
    }
}
