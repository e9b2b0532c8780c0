//! The names of a thread's frames, inlined ones before the physical one that holds them.

use auxilio_common::limits;

use crate::crash_data::{Frame, Inline, Thread};
use crate::lists::Lists;
use crate::normalise::{self, NamedParts, NothingButQualifiers, Scratch};

/// Names of the thread's first frames, innermost first; an empty name is a frame that says nothing.
pub(crate) fn names(
    thread: &Thread,
    lower_case_modules: bool,
    lists: &Lists,
) -> Result<Vec<String>, NothingButQualifiers> {
    let mut scratch = Scratch::default();
    parts(thread)
        .map(|parts| normalise::normalise(&parts, lower_case_modules, lists, &mut scratch))
        .collect()
}

/// What the thread's first frames have to be named by, innermost first.
fn parts(thread: &Thread) -> impl Iterator<Item = NamedParts<'_>> {
    let frames = thread.frames.iter().flatten();
    frames.flat_map(of_frame).take(limits::SIGNATURE_FRAMES_MAX)
}

fn of_frame(frame: &Frame) -> impl Iterator<Item = NamedParts<'_>> {
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
