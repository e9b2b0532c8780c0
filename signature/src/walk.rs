//! From the names of a thread's frames to the ones that make the signature.

use crate::lists::Lists;

/// What a signature says when a thread has no frames.
pub(crate) const EMPTY: &str = "EMPTY: no frame data available";

/// The chosen frames, and whether the lists chose any.
pub(crate) struct Choice {
    /// The signature, before the other rules.
    pub(crate) signature: String,
    /// Whether at least one frame was relevant.
    pub(crate) relevant: bool,
}

/// Walks from the earliest sentinel, or the first frame, to the first frame that says enough.
pub(crate) fn choose(names: &[String], lists: &Lists) -> Choice {
    let start = names.iter().position(|name| lists.is_sentinel(name)).unwrap_or(0);
    let names = &names[start..];
    let mut chosen: Vec<&str> = Vec::new();
    for name in names.iter().map(String::as_str).filter(|name| !name.is_empty()) {
        let repeated = chosen.last() == Some(&name) && names_no_function(name);
        if repeated || lists.is_irrelevant(name) {
            continue;
        }
        chosen.push(name);
        if !lists.is_prefix(name) {
            break;
        }
    }
    if !chosen.is_empty() {
        return Choice { signature: chosen.join(" | "), relevant: true };
    }
    // All are irrelevant: the first that says anything is better than none.
    let first = names.iter().find(|name| !name.is_empty());
    Choice { signature: first.map_or_else(|| EMPTY.to_owned(), Clone::clone), relevant: false }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::ListTexts;

    fn chosen(names: &str) -> String {
        let lists = Lists::compile(&ListTexts {
            irrelevant: "a$\nb$\nc$",
            prefix: "d$\ne$\nf$\n.*\\.dll$\n\\(unloaded",
            sentinels: "sentinel\nc",
            line_numbers: "",
        })
        .unwrap();
        let names: Vec<String> = names.split_terminator(' ').map(str::to_owned).collect();
        choose(&names, &lists).signature
    }

    #[test]
    fn lists_choose_frames() {
        for (names, expected) in [
            ("a b d e f g h", "d | e | f | g"),
            ("d a e b g", "d | e | g"),
            ("d sentinel g", "sentinel"),
            // A sentinel that is irrelevant is passed over, but the walk begins after it.
            ("d c e g", "e | g"),
            ("a b", "a"),
            (" a", "a"),
            ("", EMPTY),
            (" ", EMPTY),
            ("x.dll x.dll y.DLL g", "x.dll | y.DLL"),
            ("x.dll x.dll z", "x.dll | z"),
            ("d d d", "d | d | d"),
            ("(unloadedx.dll (unloadedx.dll z", "(unloadedx.dll | (unloadedx.dll | z"),
        ] {
            assert_eq!(chosen(names), expected, "{names}");
        }
    }
}
