//! The names of a thread's frames, inlined ones before the physical one that holds them.

use auxilio_common::limits;

use crate::crash_data::{Frame, Inline, Thread};
use crate::lists::Lists;
use crate::normalise::{self, NamedParts};

/// Names of the thread's first frames, innermost first; an empty name is a frame that says nothing.
pub(crate) fn names(thread: &Thread, lower_case_modules: bool, lists: &Lists) -> Vec<String> {
    thread
        .frames
        .iter()
        .flatten()
        .flat_map(parts)
        .take(limits::SIGNATURE_FRAMES_MAX)
        .map(|parts| normalise::normalise(&parts, lower_case_modules, lists))
        .collect()
}

fn parts(frame: &Frame) -> impl Iterator<Item = NamedParts<'_>> {
    let physical = NamedParts::physical(frame);
    let inlined = move |inline| inlined(physical, inline);
    frame.inlines.iter().flatten().map(inlined).chain([physical])
}

/// An inlined function lies in its frame's module, but a module that went away tells nothing of it.
fn inlined<'a>(physical: NamedParts<'a>, inline: &'a Inline) -> NamedParts<'a> {
    NamedParts {
        function: normalise::filled(inline.function.as_deref()),
        file: normalise::filled(inline.file.as_deref()),
        line: inline.line,
        unloaded: None,
        ..physical
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inlined_functions_come_first_and_forty_names_are_enough() {
        let inline = |name: &str| Inline { function: Some(name.to_owned()), ..Inline::default() };
        let frame = Frame {
            function: Some("outer()".to_owned()),
            inlines: Some(vec![inline("inner()"), inline("middle()")]),
            ..Frame::default()
        };
        let thread = Thread { frames: Some(vec![frame; 30]), ..Thread::default() };
        let names = names(&thread, false, Lists::built_in());
        assert_eq!(names.len(), 40);
        assert_eq!(names[..4], ["inner", "middle", "outer", "inner"]);
    }
}
