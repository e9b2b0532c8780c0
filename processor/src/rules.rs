//! The rules in their order. Each has its own file with its story; plain copies of annotations are
//! rows of the table of fields.
#![expect(clippy::unnecessary_wraps, reason = "every rule has the same shape, fallible or not")]

mod accessibility;
pub(crate) mod addons;
mod addons_2012;
mod android_cpu;
mod android_os;
mod beta_version;
mod bit_flips;
mod breadcrumbs;
mod collector_metadata;
mod copies;
mod cpu_info;
mod crash_inconsistencies;
mod crash_report_keys;
mod crashing_thread;
mod dates;
mod distribution;
mod esr_version;
mod fenix_version;
mod flash_version;
mod guard_page;
mod hang_type;
mod identifiers;
mod java_stack_trace;
mod lengths_2012;
mod mac_boot_args;
mod mac_crash_info;
mod major_version;
mod memory_measures;
mod memory_report;
mod minidump_hash;
mod missing_symbols;
mod modules_in_stack;
mod moz_crash_reason;
mod os_info;
mod os_pretty_version;
mod phc;
mod platform_info;
mod plugin;
mod process_type;
mod report_type;
mod signature;
mod site;
mod soft_errors;
mod stackwalk;
mod submitted_from;
mod theme_pretty_name;
mod thread_count;
mod topmost_filenames;
mod topmost_filenames_2012;
mod transforms_2012;
mod utility_actors_name;
mod version;

use std::slice;
use std::sync::LazyLock;

use crate::rule::Rule;

/// Every rule; each sees what the ones before it made.
pub const RULES: &[Rule] = &[
    // Who and what: the raw crash alone.
    identifiers::RULE,
    crash_report_keys::RULE,
    collector_metadata::RULE,
    copies::RULE,
    version::RULE,
    esr_version::RULE,
    fenix_version::RULE,
    beta_version::RULE,
    major_version::RULE,
    submitted_from::RULE,
    process_type::RULE,
    plugin::RULE,
    hang_type::RULE,
    accessibility::RULE,
    addons::RULE,
    theme_pretty_name::RULE,
    dates::RULE,
    phc::RULE,
    breadcrumbs::RULE,
    java_stack_trace::RULE,
    moz_crash_reason::RULE,
    utility_actors_name::RULE,
    distribution::RULE,
    minidump_hash::RULE,
    memory_report::RULE,
    // Where: the stacks, and what is read off them. Long stacks are cut and addresses of symbols are
    // cleaned by the walker itself, which writes them.
    stackwalk::RULE,
    crashing_thread::RULE,
    bit_flips::RULE,
    crash_inconsistencies::RULE,
    guard_page::RULE,
    thread_count::RULE,
    soft_errors::RULE,
    mac_boot_args::RULE,
    mac_crash_info::RULE,
    memory_measures::RULE,
    // The machine: the dump knows best, then Android, then the client.
    cpu_info::RULE,
    android_cpu::RULE,
    os_info::RULE,
    android_os::RULE,
    platform_info::RULE,
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

/// What stands in the list of 2012 in the place of a rule of today. A beta's number was found in the
/// database then.
const IN_2012: &[(&str, &[Rule])] = &[
    (esr_version::RULE.name, &[transforms_2012::RULE]),
    (fenix_version::RULE.name, &[]),
    (beta_version::RULE.name, &[]),
    (addons::RULE.name, &[addons_2012::RULE]),
    (theme_pretty_name::RULE.name, &[]),
    (topmost_filenames::RULE.name, &[topmost_filenames_2012::RULE]),
    (site::RULE.name, &[lengths_2012::RULE, site::RULE]),
];

/// The rules of 2012: those of today but for what was done in another way then.
pub static RULES_2012: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let in_2012 = |rule: &'static Rule| {
        let other = IN_2012.iter().find(|(name, _)| *name == rule.name);
        other.map_or(slice::from_ref(rule), |(_, rules)| rules)
    };
    RULES.iter().flat_map(in_2012).copied().collect()
});

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_of_rules_are_unique() {
        for rules in [RULES, &RULES_2012] {
            let names: BTreeSet<_> = rules.iter().map(|rule| rule.name).collect();
            assert_eq!(names.len(), rules.len());
        }
    }
}
