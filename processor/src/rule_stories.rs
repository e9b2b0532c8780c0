//! What each rule is for, in a sentence for people who read an explanation. The whole story stands
//! in the rule's own file.

/// Names of rules, and their sentences.
#[rustfmt::skip]
const STORIES: &[(&str, &str)] = &[
    ("addons", "Lists the add-ons as id:version."),
    ("bit_flips", "Says how likely one flipped bit explains the crash."),
    ("collector_metadata", "Says what the collector decided about the crash and noted on it."),
    ("copies", "Copies annotations into their fields, each converted to its field's kind."),
    ("cpu_info", "Describes the processor, from the dump."),
    ("crash_inconsistencies", "Lists what in the dump contradicts itself."),
    ("crash_report_keys", "Lists the names of all annotations and dumps."),
    ("crashing_thread", "Finds the thread that the report is about, the reason and the address."),
    ("dates", "Works out when it crashed, and how long after its start, installation and last crash."),
    ("distribution", "Names the distribution, from the annotation or what the program says of itself."),
    ("esr_version", "Adds esr to versions of that channel."),
    ("flash_version", "Finds the version of a Flash plugin among the modules."),
    ("guard_page", "Says whether the crash touched a guard page."),
    ("hang_type", "Tells the two sides of a hang from a crash."),
    ("identifiers", "Puts in the crash id and the time of its submission."),
    ("major_version", "Takes the number before the version's first dot."),
    ("minidump_hash", "Puts in the main minidump's checksum."),
    ("missing_symbols", "Lists modules whose symbols were looked for and not there."),
    ("modules_in_stack", "Lists the modules of the thread that the report is about."),
    ("os_info", "Names the operating system, from the dump."),
    ("os_pretty_version", "Names the operating system as people do."),
    ("process_type", "Says which of the program's processes crashed."),
    ("report_type", "Tells a hang from a crash."),
    ("signature", "Makes the signature: the bucket that the crash belongs to."),
    ("site", "Runs the site's own rules."),
    ("stackwalk", "Takes over what the stack walker said of each minidump."),
    ("thread_count", "Counts the threads."),
    ("topmost_filenames", "Finds the first source file of the thread that the report is about."),
];

/// A rule's sentence.
pub(crate) fn story_of(rule: &str) -> &'static str {
    STORIES.iter().find(|(name, _)| *name == rule).map_or("", |(_, story)| story)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule_set::Base;

    #[test]
    fn every_rule_has_a_story_and_no_story_is_left_over() {
        let rules = || Base::ALL.into_iter().flat_map(Base::rules);
        for rule in rules() {
            assert!(story_of(rule.name).ends_with('.'), "{} has no story", rule.name);
        }
        for (name, _) in STORIES {
            assert!(rules().any(|rule| rule.name == *name), "{name} is no rule any more");
        }
    }
}
