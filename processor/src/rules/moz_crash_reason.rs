//! Why the program ended itself. Nearly all reasons are constants of the source; a few are messages
//! that quote what they failed on, which may be a person's. Everybody sees the former alone.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};

pub(super) const RULE: Rule = Rule { name: "moz_crash_reason", applies, act };

/// How reasons begin that quote data.
const QUOTING: [&str; 3] =
    ["Failed to load module", "byte index", "do not use eval with system privileges"];

/// What everybody sees in place of such a reason; people search for these words.
const SANITIZED: &str = "sanitized--see moz_crash_reason_raw";

fn applies(case: &Case<'_>, _: &Draft) -> bool {
    case.annotation("MozCrashReason").is_some()
}

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let reason = case.annotation("MozCrashReason").unwrap_or_default();
    draft.set_text("moz_crash_reason_raw", Some(reason));
    let begun = reason.trim_start();
    let quotes = QUOTING.iter().any(|quoting| begun.starts_with(quoting));
    draft.set_text("moz_crash_reason", Some(if quotes { SANITIZED } else { reason }));
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::sample::{processed, raw};

    #[test]
    fn reasons_that_quote_data_are_not_for_everybody() {
        const SANITIZED: &str = "sanitized--see moz_crash_reason_raw";
        for (given, expected) in [
            ("MOZ_CRASH(Quota manager)", "MOZ_CRASH(Quota manager)"),
            ("byte index 21548 is not a char boundary of `secret`", SANITIZED),
            ("  byte index 1", SANITIZED),
            ("Failed to load module resource://secret", SANITIZED),
            ("do not use eval with system privileges: secret", SANITIZED),
            ("a byte index", "a byte index"),
        ] {
            let made = processed(&raw(&[("MozCrashReason", given)]));
            assert_eq!(made.crash.text("moz_crash_reason"), Some(expected));
            assert_eq!(made.crash.text("moz_crash_reason_raw"), Some(given));
        }
        let made = processed(&raw(&[("MozCrashReason", "  ")]));
        assert!(made.crash.get("moz_crash_reason").is_none());
    }
}
