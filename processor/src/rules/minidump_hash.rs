//! The main minidump's hash: equal dumps are one crash that was sent twice.

use auxilio_common::DumpName;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError, always};

pub(super) const RULE: Rule = Rule { name: "minidump_hash", applies: always, act };

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let main = case.raw.dump(&DumpName::main());
    draft.set("minidump_sha256_hash", main.map(|dump| dump.sha256.as_str()));
    Ok(())
}
