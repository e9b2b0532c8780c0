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
