//! Add-ons as Socorro read them in 2012: an id and a version and nothing else. Of an entry with
//! fewer or more parts the first is the id, and the version is empty.

use super::addons::{checked, decoded};
use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "addons_2012", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    draft.set("addons_checked", checked(case));
    let Some(list) = case.annotation("Add-ons") else {
        draft.note("there are no Add-ons");
        return Ok(());
    };
    let mut deficient = 0;
    let mut addons = Vec::new();
    for entry in list.split(',') {
        let mut parts = entry.split(':');
        let id = parts.next().unwrap_or_default();
        let version = if let (Some(version), None) = (parts.next(), parts.next()) {
            version
        } else {
            deficient += 1;
            ""
        };
        addons.push(format!("{}:{}", decoded(id), decoded(version)));
    }
    if deficient > 0 {
        draft.note(format!("{deficient} add-ons are deficient in name and version"));
    }
    draft.set("addons", Some(addons));
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::sample::{processed_2012, raw};

    #[test]
    fn two_parts_are_an_addon() {
        let made = processed_2012(&raw(&[
            ("Add-ons", "doh%40mozilla.org:2.0.0,{abc}:1.0:x,bare,,a%00%ff:1"),
            ("EMCheckCompatibility", "false"),
        ]));
        assert_eq!(
            made.crash.to_map()["addons"],
            json!(["doh@mozilla.org:2.0.0", "{abc}:", "bare:", ":", "a\u{fffd}\u{fffd}:1"])
        );
        assert_eq!(made.crash.to_map()["addons_checked"], json!(false));
        let note = "addons_2012: 3 add-ons are deficient in name and version";
        assert!(made.notes.contains(&note.to_owned()), "{:?}", made.notes);
        assert!(processed_2012(&raw(&[])).crash.get("addons").is_none());
    }
}
