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

#[cfg(test)]
mod tests {
    use crate::sample::{dump, processed, raw};

    #[test]
    fn the_main_minidump_s_hash_is_shown_and_no_other_s() {
        let zeros = "0".repeat(64);
        for (dumps, expected) in [
            (&[][..], None),
            (&["upload_file_minidump"], Some(zeros.as_str())),
            (&["upload_file_minidump_browser", "memory_report"], None),
            (&["upload_file_minidump_browser", "upload_file_minidump"], Some(zeros.as_str())),
        ] {
            let mut raw = raw(&[]);
            raw.dumps = dumps.iter().map(|name| dump(name)).collect();
            assert_eq!(processed(&raw).crash.text("minidump_sha256_hash"), expected, "{dumps:?}");
        }
    }
}
