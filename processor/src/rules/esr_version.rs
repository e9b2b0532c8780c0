//! The version; those of the extended support channel say so, since they share their numbers with
//! the ordinary releases.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "esr_version", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let Some(version) = case.annotation("Version") else {
        draft.note("there is no Version");
        return Ok(());
    };
    let esr = case.annotation("ReleaseChannel") == Some("esr") && !version.ends_with("esr");
    let version = if esr { format!("{version}esr") } else { version.to_owned() };
    draft.set_text("version", Some(&version));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sample::{processed, raw};

    #[test]
    fn the_support_channel_marks_its_versions_once() {
        for (version, channel, expected) in [
            ("115.1.0", "esr", Some("115.1.0esr")),
            ("115.1.0esr", "esr", Some("115.1.0esr")),
            ("115.1.0", "release", Some("115.1.0")),
            ("", "esr", None),
        ] {
            let made = processed(&raw(&[("Version", version), ("ReleaseChannel", channel)]));
            assert_eq!(made.crash.text("version"), expected);
        }
    }
}
