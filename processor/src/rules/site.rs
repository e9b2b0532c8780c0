//! The rules that a site wrote itself (docs/rules.md): after all that is made of the crash, and before
//! the signature, which looks at it.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};

pub(super) const RULE: Rule = Rule { name: "site", applies, act };

fn applies(case: &Case<'_>, _: &Draft) -> bool {
    !case.site.is_empty()
}

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    for rule in case.site {
        // Each sees what the ones before it did.
        if rule.matches(case, &draft.crash) && rule.act(case, draft) {
            draft.note(&rule.name);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::process::Context;
    use crate::rule_file;
    use crate::sample::{processed_files, raw};
    use crate::walked_dump::Walks;

    #[test]
    fn rules_run_in_their_order_and_each_that_did_something_is_noted() {
        let rule_sets = rule_file::read(
            r#"
            [[rule]]
            name = "first"
            when = [{ annotation = "ProductName", equals = "Demo" }]
            set = { field = "site_owner", value = "a" }

            [[rule]]
            name = "second"
            when = [{ field = "site_owner", equals = "a" }]
            append = { field = "site_owner", value = "b" }

            [[rule]]
            name = "third"
            when = [{ field = "site_owner", present = true }]
            drop = "user_comments"
            "#,
        )
        .unwrap();
        for (annotations, owner, noted) in [
            (&[][..], None, &[][..]),
            (&[("ProductName", "Other")], None, &[]),
            (&[("ProductName", "Demo")], Some("ab"), &["site: first", "site: second"]),
            (
                &[("ProductName", "Demo"), ("Comments", "x")],
                Some("ab"),
                &["site: first", "site: second", "site: third"],
            ),
        ] {
            let context = Context { rule_sets: &rule_sets, ..Context::default() };
            let made = processed_files(&raw(annotations), Walks::new().into(), context);
            assert_eq!(made.crash.text("site_owner"), owner, "{annotations:?}");
            let notes: Vec<_> =
                made.notes.iter().filter(|note| note.starts_with("site: ")).collect();
            assert_eq!(notes, noted, "{annotations:?}");
            assert!(made.crash.get("user_comments").is_none());
        }
    }
}
