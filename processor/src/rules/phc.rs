//! What Firefox's checker of the heap saw of the block that the crash is about. Its addresses and
//! stacks are of use to whoever wants to abuse the fault, so all of it is protected.

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};

pub(super) const RULE: Rule = Rule { name: "phc", applies, act };

fn applies(case: &Case<'_>, _: &Draft) -> bool {
    case.annotation("PHCKind").is_some()
}

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    for (field, annotation) in [
        ("phc_kind", "PHCKind"),
        ("phc_alloc_stack", "PHCAllocStack"),
        ("phc_free_stack", "PHCFreeStack"),
    ] {
        draft.set_text(field, case.annotation(annotation));
    }
    // The client counts in tens; addresses are read in sixteens everywhere else.
    let base = number::<u64>(case, draft, "PHCBaseAddress").map(|base| format!("{base:#x}"));
    draft.set_text("phc_base_address", base.as_deref());
    let size = number::<i64>(case, draft, "PHCUsableSize");
    draft.set("phc_usable_size", size);
    Ok(())
}

fn number<T: std::str::FromStr>(case: &Case<'_>, draft: &mut Draft, name: &str) -> Option<T> {
    let number = case.annotation(name)?.trim_start().parse().ok();
    if number.is_none() {
        draft.note(format!("{name} is no whole number"));
    }
    number
}

#[cfg(test)]
mod tests {
    use crate::sample::{processed, raw};

    #[test]
    fn the_blocks_facts_are_taken_over() {
        let made = processed(&raw(&[
            ("PHCKind", "FreedPage"),
            ("PHCBaseAddress", "8000"),
            ("PHCUsableSize", "8"),
            ("PHCAllocStack", "100,200"),
            ("PHCFreeStack", "300,400"),
        ]));
        let text = |field| made.crash.text(field);
        assert_eq!(text("phc_kind"), Some("FreedPage"));
        assert_eq!(text("phc_base_address"), Some("0x1f40"));
        assert_eq!(made.crash.integer("phc_usable_size"), Some(8));
        assert_eq!(text("phc_alloc_stack"), Some("100,200"));
        assert_eq!(text("phc_free_stack"), Some("300,400"));
    }

    #[test]
    fn odd_numbers_are_noted_and_left_out() {
        for (base, expected) in [
            ("18446744073709551615", Some("0xffffffffffffffff")),
            ("18446744073709551616", None),
            ("-1", None),
            ("0x10", None),
            ("x", None),
            ("", None),
        ] {
            let made = processed(&raw(&[("PHCKind", "Unknown"), ("PHCBaseAddress", base)]));
            assert_eq!(made.crash.text("phc_base_address"), expected, "{base}");
            let noted = made.notes.contains(&"phc: PHCBaseAddress is no whole number".to_owned());
            assert_eq!(noted, expected.is_none() && !base.is_empty(), "{base}");
        }
    }

    #[test]
    fn without_a_kind_there_is_nothing() {
        let made = processed(&raw(&[("PHCBaseAddress", "8000")]));
        assert!(made.crash.get("phc_base_address").is_none());
    }
}
