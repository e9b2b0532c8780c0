//! From a raw crash and its walks to a processed crash: all rules, in their order.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use auxilio_common::blocking::may_block;
use auxilio_common::{DumpName, ProcessedCrash, Quality, RawCrash};

use crate::builds::Builds;
use crate::case::Case;
use crate::draft::Draft;
use crate::explanation::{Before, Ended, Step};
use crate::files::Files;
use crate::rule::Rule;
use crate::rule_set::RuleSets;
use crate::rule_stories::story_of;
use crate::setback::Setback;
use crate::signing::Signing;
use crate::stack::Stack;
use crate::text;
use crate::walked_dump::{WalkedDump, Walks};

/// Bytes of JSON that are worked on at once: it takes a millisecond, and a switch of threads is not
/// worth it.
const PROCESSED_AT_ONCE_BYTES: usize = 512 * 1024;

/// What processing needs to know beside the crash.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// How crashes are signed.
    pub signing: &'a Signing,
    /// The builds that are known.
    pub builds: &'a Builds,
    /// Which rules there are.
    pub rule_sets: &'a RuleSets,
}

impl Default for Context<'static> {
    /// What there is without any configuration, and no known builds.
    fn default() -> Self {
        Self {
            signing: Signing::built_in(),
            builds: Builds::none(),
            rule_sets: RuleSets::built_in(),
        }
    }
}

/// A processed crash, and what belongs to the run that made it.
#[derive(Debug)]
pub struct Processed {
    /// The processed crash: the same for every clean run.
    pub crash: ProcessedCrash,
    /// How good the run was.
    pub quality: Quality,
    /// Names of the rules that failed.
    pub failed_rules: Vec<String>,
    /// What the run noted, in order.
    pub notes: Vec<String>,
}

/// Makes the processed crash. It reads nothing but its arguments, and there is no crash that it
/// does not end on.
pub fn process(raw: &RawCrash, files: impl Into<Files>, context: Context<'_>) -> Processed {
    let base = context.rule_sets.base_of(raw.annotation("ProductName").unwrap_or_default());
    apply(base.rules(), raw, files.into(), context, None)
}

/// What a service knows beside the crashes.
#[derive(Clone)]
pub(crate) struct Known {
    pub(crate) builds: Arc<Builds>,
    pub(crate) rule_sets: Arc<RuleSets>,
    pub(crate) signing: Arc<Signing>,
}

impl Known {
    fn context(&self) -> Context<'_> {
        Context { signing: &self.signing, builds: &self.builds, rule_sets: &self.rule_sets }
    }
}

/// The same in a service: large crashes away from the threads that serve everybody.
pub(crate) async fn process_beside(
    raw: &Arc<RawCrash>,
    files: Files,
    known: &Known,
) -> Result<Processed, Setback> {
    let json_dumps = files.walks.values().filter_map(|walk| walk.json_dump.as_ref());
    let small = json_dumps.map(|json_dump| json_dump.get().len()).sum::<usize>()
        <= PROCESSED_AT_ONCE_BYTES
        && files.memory_report.is_none();
    if small || may_block() {
        return Ok(process(raw, files, known.context()));
    }
    let (raw, known) = (Arc::clone(raw), known.clone());
    tokio::task::spawn_blocking(move || process(&raw, files, known.context()))
        .await
        .map_err(|error| Setback::Passing(format!("the rules could not be run: {error}")))
}

/// Runs a list of rules. Who wants to know gets a step for each of them.
pub(crate) fn apply(
    rules: &[Rule],
    raw: &RawCrash,
    files: Files,
    context: Context<'_>,
    mut steps: Option<&mut Vec<Step>>,
) -> Processed {
    let Files { mut walks, memory_report } = files;
    let (annotations, changed) = text::clean_annotations(&raw.annotations);
    let mut notes: Vec<String> =
        changed.iter().map(|name| format!("text: U+0000 was taken out of {name}")).collect();
    if text::clean_walks(&mut walks) {
        notes.push("text: U+0000 was taken out of the stack walker's answer".to_owned());
    }
    let no_stack = lacks_stack(&walks);
    let symbols_failed = walks.values().any(|walk| walk.symbols_failed);
    let main = walks.get(&DumpName::main()).and_then(|walk| walk.json_dump.as_ref());
    let stack = main.map(Stack::read);
    let product = raw.annotation("ProductName").unwrap_or_default();
    let case = Case {
        raw,
        annotations,
        walks: &walks,
        memory_report: memory_report.as_deref(),
        stack,
        lists: context.signing.lists_of(product),
        style: context.signing.style_of(context.rule_sets.base_of(product)),
        builds: context.builds,
        site: &context.rule_sets.site,
    };
    let mut draft = Draft { notes, ..Draft::default() };
    let mut failed_rules = Vec::new();
    for rule in rules {
        let before = steps.is_some().then(|| Before::of(&draft));
        let ended = run(rule, &case, &mut draft);
        if let Ended::Failed(reason) = &ended {
            draft.note(format!("the rule failed: {reason}"));
            failed_rules.push(rule.name.to_owned());
        }
        if let (Some(steps), Some(before)) = (&mut steps, before) {
            let (fields, notes) = before.compare(&draft);
            steps.push(Step { rule: rule.name, story: story_of(rule.name), ended, fields, notes });
        }
    }
    // The stack itself is moved, not copied, now that nobody reads it any more.
    let main = walks.remove(&DumpName::main());
    if let Some(json_dump) = main.and_then(|walk| walk.json_dump) {
        draft.crash.set_structure("json_dump", json_dump);
    }
    let clean = failed_rules.is_empty();
    draft.set("success", Some(clean && !no_stack));
    let quality = match (no_stack, clean && !symbols_failed) {
        (true, _) => Quality::NoStack,
        (false, false) => Quality::Partial,
        (false, true) => Quality::Clean,
    };
    Processed { crash: draft.crash, quality, failed_rules, notes: draft.notes }
}

/// Runs one rule. A defect in it is its own failure and nobody else's.
fn run(rule: &Rule, case: &Case<'_>, draft: &mut Draft) -> Ended {
    draft.rule = rule.name;
    let acted = catch_unwind(AssertUnwindSafe(|| {
        (rule.applies)(case, draft).then(|| (rule.act)(case, draft))
    }));
    match acted {
        Ok(None) => Ended::NotForThis,
        Ok(Some(Ok(()))) => Ended::Done,
        Ok(Some(Err(error))) => Ended::Failed(error.to_string()),
        Err(_) => Ended::Failed("it panicked".to_owned()),
    }
}

/// Whether a dump came along and no stack came of it. The main one counts, if there is one.
fn lacks_stack(walks: &Walks) -> bool {
    match walks.get(&DumpName::main()) {
        Some(main) => !main.has_stack(),
        None => !walks.is_empty() && !walks.values().any(WalkedDump::has_stack),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rule::{RuleError, always};
    use crate::sample::{processed_case, raw, walk};

    const GOOD: Rule = Rule {
        name: "good",
        applies: always,
        act: |_, draft| {
            draft.set("good", Some(true));
            Ok(())
        },
    };
    const FAILING: Rule = Rule {
        name: "failing",
        applies: always,
        act: |_, _| Err(RuleError::Shape { path: "json_dump.threads", expected: "list" }),
    };
    const PANICKING: Rule =
        Rule { name: "panicking", applies: always, act: |_, _| panic!("a defect") };
    const IDLE: Rule =
        Rule { name: "idle", applies: |_, _| false, act: |_, _| panic!("not asked") };

    fn applied(rules: &[Rule], walks: Walks) -> Processed {
        apply(rules, &raw(&[]), walks.into(), Context::default(), None)
    }

    #[test]
    fn a_failing_rule_is_named_and_hides_no_other() {
        let made = applied(&[FAILING, PANICKING, IDLE, GOOD], Walks::new());
        assert_eq!(made.failed_rules, ["failing", "panicking"]);
        assert_eq!(made.quality, Quality::Partial);
        assert_eq!(made.crash.to_map()["good"], true);
        assert_eq!(made.crash.to_map()["success"], false);
        assert_eq!(
            made.notes,
            [
                "failing: the rule failed: json_dump.threads is no list",
                "panicking: the rule failed: it panicked"
            ]
        );
    }

    #[test]
    fn symbols_that_could_not_be_had_make_a_run_partial_but_successful() {
        let failed = WalkedDump { symbols_failed: true, ..walk(&json!({})) };
        let made = applied(&[GOOD], Walks::from([(DumpName::main(), failed)]));
        assert_eq!(made.quality, Quality::Partial);
        assert_eq!(made.crash.to_map()["success"], true);
    }

    #[test]
    fn the_same_crash_gives_the_same_bytes() {
        let crash = raw(&[("ProductName", "Demo"), ("Version", "1.2"), ("Add-ons", "a:1,b:2")]);
        let dump = json!({"crash_info": {"crashing_thread": 0, "type": "SIGSEGV"}, "modules": [{"filename": "a", "missing_symbols": true}],
            "threads": [{"frames": [{"function": "f(int)", "module": "a"}]}]});
        let bytes = || serde_json::to_vec(&processed_case(&crash, &dump).crash).unwrap();
        assert_eq!(bytes(), bytes());
    }
}
