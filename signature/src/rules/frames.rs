//! The signature from the frames of the crashing thread: the base of all that follows.

use crate::case::{Case, Draft};
use crate::frame_names::FrameNames;
use crate::lists::Kind;
use crate::post_rule::PostRule;
use crate::style::Style;
use crate::walk::{self, Step};
use crate::{java_exception, java_stack, json, thread_frames};

pub(super) const RULE: PostRule = PostRule { name: "frames", apply };

/// What Socorro of 2012 said of a crash whose thread is not known.
const NO_THREAD: &str = "EMPTY: no crashing thread identified";

fn apply(case: &Case<'_>, draft: &mut Draft) {
    from_thread(case, case.crash.crashing_thread, draft);
}

/// Makes signature and proto signature from one thread, the first one if it is not known; from
/// Java's own stack if there is one.
pub(super) fn from_thread(case: &Case<'_>, thread: Option<i64>, draft: &mut Draft) {
    let crash = case.crash;
    let (signature, notes) = if let Some(trace) = json::filled(crash.java_stack_trace.as_ref()) {
        java_stack::signature(trace)
    } else if let Some(exception) = json::filled(crash.java_exception.as_ref()) {
        java_exception::signature(exception)
    } else {
        return from_frames(case, thread, draft);
    };
    for note in notes {
        draft.note(RULE.name, note);
    }
    draft.set(signature);
}

fn from_frames(case: &Case<'_>, thread: Option<i64>, draft: &mut Draft) {
    let names = names(case, thread);
    draft.step(|| match thread {
        Some(index) => format!("frames: thread {index}; names: {}", names.len()),
        None => format!(
            "frames: no thread is said to have crashed, so the first; names: {}",
            names.len()
        ),
    });
    let lists = case.lists;
    let mut chosen = walk::choose(&names, lists, |place, step| {
        draft.step(|| told(place, names.get(place).unwrap_or_default(), step, case));
    });
    let hang = hang_mark(case);
    chosen.splice(0..0, hang);
    let mut signature = chosen.join(" | ");
    if signature.is_empty() {
        signature = unchosen(case, thread, &names, draft);
    }
    draft.set(signature);
    draft.made.normalized_frames = names;
}

fn names(case: &Case<'_>, thread: Option<i64>) -> FrameNames {
    let index = match (thread, case.style) {
        (None, Style::Socorro2012) => return FrameNames::default(),
        (None, Style::Today) => 0,
        (Some(index), _) => index,
    };
    let lower_case = case.crash.os.as_deref() == Some("Windows NT");
    let thread = case.crash.thread(index);
    thread.map(|thread| thread_frames::names(thread, lower_case, case.lists)).unwrap_or_default()
}

/// The signature of a thread none of whose frames was chosen: the first is better than none.
fn unchosen(case: &Case<'_>, thread: Option<i64>, names: &FrameNames, draft: &mut Draft) -> String {
    if thread.is_none() && case.style == Style::Socorro2012 {
        draft.note(RULE.name, "it is not known which thread crashed");
        return NO_THREAD.to_owned();
    }
    let index = thread.unwrap_or(0);
    draft.note(RULE.name, &format!("no frame data for crashing thread ({index})"));
    walk::first_from_sentinel(names, case.lists).unwrap_or(walk::EMPTY).to_owned()
}

/// Socorro of 2012 put the kind of a hang before the frames.
fn hang_mark(case: &Case<'_>) -> Option<&'static str> {
    if case.style != Style::Socorro2012 {
        return None;
    }
    match case.crash.hang.as_ref().and_then(json::integer) {
        Some(-1) => Some("hang"),
        Some(1) => Some("chromehang"),
        _ => None,
    }
}

/// What the walk did at a frame, in words.
fn told(place: usize, name: &str, step: Step, case: &Case<'_>) -> String {
    let entry = match step {
        Step::Listed(_) if case.names_entries => case.lists.why(name),
        _ => None,
    };
    let what = match step {
        Step::Begin => "is a sentinel: the walk begins here",
        Step::Blank => "is blank: passed over",
        Step::Repeated => "is the library of the name before: passed over",
        Step::Listed(Kind::Irrelevant) => "is irrelevant: passed over",
        Step::Listed(Kind::Prefix) => "is a prefix: taken, and the walk goes on",
        Step::Listed(Kind::Relevant) if case.names_entries && entry.is_none() => {
            "is in no list: taken, and the walk ends"
        }
        Step::Listed(Kind::Relevant) => "is relevant: taken, and the walk ends",
    };
    let why = entry.map_or_else(String::new, |entry| {
        format!(" ({} {} list, line {}: {})", entry.layer, entry.list, entry.line, entry.text)
    });
    format!("frames: name {place} \"{name}\" {what}{why}")
}
