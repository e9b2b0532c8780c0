//! What Socorro changed of a crash in 2012 by a table of its database: a predicate and an action a
//! row. The rows are data here too, in the form that a site's own rules have.

use std::sync::LazyLock;

use auxilio_service::rule_text::RuleFault;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};
use crate::rule_file::read;
use crate::rule_set::RuleSets;

pub(super) const RULE: Rule = Rule { name: "transforms_2012", applies: always, act };

static TRANSFORMS: LazyLock<Result<RuleSets, RuleFault>> =
    LazyLock::new(|| read(include_str!("../../rules/socorro-2012.toml")));

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let transforms = TRANSFORMS.as_ref().map_err(|_| RuleError::Shape {
        path: "the table of transforms",
        expected: "file of rules",
    })?;
    for rule in &transforms.site {
        if rule.matches(case, &draft.crash) {
            rule.act(case, draft);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sample::{processed_2012, raw};

    #[test]
    fn versions_products_and_channels_are_rewritten() {
        const FENNEC: &str = "{aa3c5121-dab2-40e2-81ca-7ea25febc110}";
        for (version, channel, id, expected) in [
            ("10.0.2", "esr", "", ("10.0.2esr", "esr", "Fennec")),
            ("10.0.2esr", "esr", "", ("10.0.2esr", "esr", "Fennec")),
            ("10.0.2", "release", "", ("10.0.2", "release", "Fennec")),
            ("10.0.2", "", "", ("10.0.2", "unknown", "Fennec")),
            ("14.0", "nightly", FENNEC, ("14.0", "nightly", "FennecAndroid")),
            ("14.0", "nightly", "{other}", ("14.0", "nightly", "Fennec")),
        ] {
            let made = processed_2012(&raw(&[
                ("ProductName", "Fennec"),
                ("Version", version),
                ("ReleaseChannel", channel),
                ("ProductID", id),
            ]));
            let text = |field| made.crash.text(field).unwrap_or_default();
            let found = (text("version"), text("release_channel"), text("product"));
            assert_eq!(found, expected, "{version} {channel} {id}");
            assert!(made.failed_rules.is_empty());
        }
        let made = processed_2012(&raw(&[("ReleaseChannel", "esr")]));
        assert!(made.crash.get("version").is_none());
    }
}
