//! What each rule is for, in a sentence for people who read an explanation. The whole story stands
//! in the rule's own file.

/// Names of rules, and their sentences.
#[rustfmt::skip]
const STORIES: &[(&str, &str)] = &[
    ("accessibility", "Says whether accessibility services were active."),
    ("addons", "Lists the add-ons as id:version."),
    ("addons_2012", "Lists the add-ons as id:version, read as in 2012."),
    ("android_cpu", "Describes the processor of an Android device, where the dump does not."),
    ("android_os", "Names Android and its level, where the dump says Linux or nothing."),
    ("beta_version", "Finds the number of a beta by its build id among the builds that are known."),
    ("bit_flips", "Says how likely one flipped bit explains the crash."),
    ("breadcrumbs", "Takes over what happened before the crash, if it has the shape that is agreed."),
    ("collector_metadata", "Says what the collector decided about the crash and noted on it."),
    ("copies", "Copies annotations into their fields, each converted to its field's kind."),
    ("cpu_info", "Describes the processor, from the dump."),
    ("crash_inconsistencies", "Lists what in the dump contradicts itself."),
    ("crash_report_keys", "Lists the names of all annotations and dumps."),
    ("crashing_thread", "Finds the thread that the report is about, the reason and the address."),
    ("dates", "Works out when it was submitted and crashed, and how long after its start, installation and last crash."),
    ("distribution", "Names the distribution, from the annotation or what the program says of itself."),
    ("esr_version", "Adds esr to versions of that channel."),
    ("fenix_version", "Turns a nightly's date in place of its version into a version."),
    ("flash_version", "Finds the version of a Flash plugin among the modules."),
    ("guard_page", "Says whether the crash touched a guard page."),
    ("hang_type", "Tells the two sides of a hang from a crash."),
    ("identifiers", "Puts in the crash id, under both of its names."),
    ("java_stack_trace", "Takes the messages, which may be private, out of a Java stack."),
    ("lengths_2012", "Cuts texts to the lengths that the columns of 2012 had."),
    ("mac_boot_args", "Says whether macOS was started with arguments, and keeps them protected."),
    ("mac_crash_info", "Takes over what system libraries of macOS said of the crash."),
    ("major_version", "Takes the number before the version's first dot."),
    ("memory_measures", "Picks the crashed process's measures from its memory report."),
    ("memory_report", "Reads the memory report that came along."),
    ("minidump_hash", "Puts in the main minidump's checksum."),
    ("missing_symbols", "Lists modules whose symbols were looked for and not there."),
    ("modules_in_stack", "Lists the modules of the thread that the report is about."),
    ("moz_crash_reason", "Shows why the program ended itself, unless that may hold private text."),
    ("os_info", "Names the operating system, from the dump."),
    ("os_pretty_version", "Names the operating system as people do."),
    ("phc", "Takes over what a guarded allocation was, its address in hexadecimal digits."),
    ("platform_info", "Fills what the dump did not say of the machine from annotations."),
    ("plugin", "Names the plugin that a plugin process hosted."),
    ("process_type", "Says which of the program's processes crashed."),
    ("report_type", "Tells a hang from a crash."),
    ("signature", "Makes the signature: the bucket that the crash belongs to."),
    ("site", "Runs the site's own rules."),
    ("soft_errors", "Says what the walker could not read in the dump."),
    ("stackwalk", "Takes over what the stack walker said of each minidump."),
    ("submitted_from", "Says how the report was sent."),
    ("theme_pretty_name", "Gives the default theme the name that people know."),
    ("thread_count", "Counts the threads."),
    ("topmost_filenames", "Finds the first source file of the thread that the report is about."),
    ("topmost_filenames_2012", "Finds the first source file of any thread, the crashed one's before the others'."),
    ("transforms_2012", "Rewrites version, product and channel by the table of 2012."),
    ("utility_actors_name", "Lists what ran in a process for many purposes."),
    ("version", "Takes over the version as the client says it."),
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
