//! Versions of the extended support channel say so, since they share their numbers with the
//! ordinary releases.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};

pub(super) const RULE: Rule = Rule { name: "esr_version", applies, act };

const ESR: &str = "esr";

fn applies(case: &Case<'_>, _: &Draft) -> bool {
    case.annotation("ReleaseChannel") == Some(ESR)
}

fn act(_: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let version = draft.crash.text("version").filter(|version| !version.ends_with(ESR));
    let version = version.map(|version| format!("{version}{ESR}"));
    draft.set_text("version", version.as_deref());
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
            ("115.1.0", "", Some("115.1.0")),
            ("", "esr", None),
        ] {
            let made = processed(&raw(&[("Version", version), ("ReleaseChannel", channel)]));
            assert_eq!(made.crash.text("version"), expected);
        }
    }
}
