//! The rules in their order. Each has its own file with its story; plain copies of annotations are
//! rows of the table of fields.
#![expect(clippy::unnecessary_wraps, reason = "every rule has the same shape, fallible or not")]

mod addons;
mod bit_flips;
mod collector_metadata;
mod copies;
mod cpu_info;
mod crash_inconsistencies;
mod crash_report_keys;
mod crashing_thread;
mod dates;
mod distribution;
mod esr_version;
mod flash_version;
mod guard_page;
mod hang_type;
mod identifiers;
mod major_version;
mod minidump_hash;
mod missing_symbols;
mod modules_in_stack;
mod os_info;
mod os_pretty_version;
mod process_type;
mod report_type;
mod signature;
mod site;
mod stackwalk;
mod thread_count;
mod topmost_filenames;

use crate::rule::Rule;

/// Every rule; each sees what the ones before it made.
pub const RULES: &[Rule] = &[
    // Who and what: the raw crash alone.
    identifiers::RULE,
    crash_report_keys::RULE,
    collector_metadata::RULE,
    copies::RULE,
    esr_version::RULE,
    major_version::RULE,
    process_type::RULE,
    hang_type::RULE,
    addons::RULE,
    dates::RULE,
    distribution::RULE,
    minidump_hash::RULE,
    // Where: the stacks, and what is read off them.
    stackwalk::RULE,
    crashing_thread::RULE,
    bit_flips::RULE,
    crash_inconsistencies::RULE,
    guard_page::RULE,
    thread_count::RULE,
    cpu_info::RULE,
    os_info::RULE,
    os_pretty_version::RULE,
    flash_version::RULE,
    topmost_filenames::RULE,
    modules_in_stack::RULE,
    missing_symbols::RULE,
    report_type::RULE,
    // Last: they look at much of the above.
    site::RULE,
    signature::RULE,
];

/// The rules of 2012, where they differ from those of today.
pub const RULES_2012: &[Rule] = RULES;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_of_rules_are_unique() {
        let names: BTreeSet<_> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), RULES.len());
    }
}
