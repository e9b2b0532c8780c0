//! From the names of a thread's frames to the ones that make the signature.

use crate::frame_names::FrameNames;
use crate::lists::{Kind, Lists};

/// What a signature says when a thread has no frames.
pub(crate) const EMPTY: &str = "EMPTY: no frame data available";

/// What the walk does at a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The earliest sentinel: the walk begins here.
    Begin,
    /// It has no name.
    Blank,
    /// It names the same library as the one before.
    Repeated,
    /// What the lists say of it.
    Listed(Kind),
}

/// Walks from the earliest sentinel, or the first frame, to the first frame that says enough, and
/// gives the chosen ones. `tell` hears of each step.
pub(crate) fn choose<'a>(
    names: &'a FrameNames,
    lists: &Lists,
    mut tell: impl FnMut(usize, Step),
) -> Vec<&'a str> {
    let sentinel = names.iter().position(|name| lists.is_sentinel(name));
    if let Some(place) = sentinel {
        tell(place, Step::Begin);
    }
    let mut chosen: Vec<&str> = Vec::new();
    for (place, name) in names.iter().enumerate().skip(sentinel.unwrap_or(0)) {
        let step = step_at(name, chosen.last().copied(), lists);
        tell(place, step);
        match step {
            Step::Listed(Kind::Prefix) => chosen.push(name),
            Step::Listed(Kind::Relevant) => {
                chosen.push(name);
                break;
            }
            _ => {}
        }
    }
    chosen
}

/// The frame that stands for a thread none of whose frames was chosen: not one that says nothing.
pub(crate) fn first_from_sentinel<'a>(names: &'a FrameNames, lists: &Lists) -> Option<&'a str> {
    let sentinel = names.iter().find(|name| lists.is_sentinel(name));
    sentinel.or_else(|| names.iter().find(|name| !name.is_empty()))
}

fn step_at(name: &str, chosen_before: Option<&str>, lists: &Lists) -> Step {
    if name.is_empty() {
        return Step::Blank;
    }
    match lists.kind(name) {
        Kind::Irrelevant => Step::Listed(Kind::Irrelevant),
        _ if chosen_before == Some(name) && names_no_function(name) => Step::Repeated,
        kind => Step::Listed(kind),
    }
}

/// Whether a name stands for a whole library, so that a row of it says no more than one.
fn names_no_function(name: &str) -> bool {
    let ends_with = |end: &str| {
        name.len()
            .checked_sub(end.len())
            .and_then(|at| name.get(at..))
            .is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    };
    let library = !name.starts_with("(unloaded") && (ends_with(".dll") || ends_with(".so"));
    library || name == "XUL" || name == "<name omitted>" || name.starts_with("<unknown in")
}
