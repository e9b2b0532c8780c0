//! Texts as long as the columns of 2012 were: programs of that time that read reports count on it.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};
use crate::text;

pub(super) const RULE: Rule = Rule { name: "lengths_2012", applies: always, act };

/// Fields, and the most characters of each.
const LENGTHS: [(&str, usize); 19] = [
    ("product", 30),
    ("version", 16),
    ("build", 16),
    ("url", 255),
    ("user_comments", 500),
    ("app_notes", 1_000),
    ("distributor", 20),
    ("distributor_version", 20),
    ("email", 100),
    ("process_type", 10),
    ("os_name", 100),
    ("os_version", 100),
    ("cpu_arch", 100),
    ("cpu_info", 100),
    ("reason", 255),
    ("address", 20),
    ("plugin_filename", 255),
    ("plugin_name", 255),
    ("plugin_version", 255),
];

fn act(_: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    for (field, most) in LENGTHS {
        let Some(whole) = draft.crash.text(field) else { continue };
        let cut = text::cut(whole, most);
        if cut.len() < whole.len() {
            let cut = cut.to_owned();
            draft.note(format!("{field} was cut to {most} characters"));
            draft.set(field, Some(cut));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::LENGTHS;
    use crate::sample::{processed, processed_2012, raw};

    #[test]
    fn texts_are_cut_between_characters_with_a_note() {
        let long = "ü".repeat(1_200);
        let annotations = [
            ("ProductName", &*long),
            ("Version", &long),
            ("BuildID", &long),
            ("URL", &long),
            ("Comments", &long),
            ("Notes", &long),
            ("Distributor", &long),
            ("Distributor_version", &long),
            ("Email", &long),
            ("OS", &long),
            ("OSVersion", &long),
            ("CPUArchitecture", &long),
            ("CPUInfo", &long),
        ];
        let made = processed_2012(&raw(&annotations));
        let mut cut = 0;
        for (field, most) in LENGTHS {
            if let Some(text) = made.crash.text(field).filter(|text| text.starts_with('ü')) {
                assert_eq!(text.chars().count(), most, "{field}");
                let note = format!("lengths_2012: {field} was cut to {most} characters");
                assert!(made.notes.contains(&note), "{note}");
                cut += 1;
            }
        }
        assert_eq!(cut, annotations.len());
        let today = processed(&raw(&annotations));
        assert_eq!(today.crash.text("app_notes").unwrap().chars().count(), 1_200);
        let short = processed_2012(&raw(&[("Notes", "x"), ("Winsock_LSP", "a layer")]));
        assert_eq!(short.crash.text("app_notes"), Some("x"));
        assert_eq!(short.crash.text("winsock_lsp"), Some("a layer"));
        assert!(!short.notes.iter().any(|note| note.starts_with("lengths_2012")));
    }
}
