//! The names of a thread's frames, inlined ones before the physical one that holds them.

use auxilio_common::limits;

use crate::crash_data::{Frame, Inline, Thread};
use crate::frame_names::FrameNames;
use crate::lists::Lists;
use crate::normalise::{self, NamedParts, Namer};

/// Names of the thread's first frames, innermost first; an empty name is a frame that says nothing.
pub(crate) fn names(thread: &Thread, lower_case_modules: bool, lists: &Lists) -> FrameNames {
    let frames = thread.frames.as_deref().unwrap_or_default();
    let room = limits::SIGNATURE_FRAMES_MAX.min(frames.len());
    let mut names = FrameNames::with_capacity(room);
    Namer::with(|namer| {
        for parts in frames.iter().flat_map(of_frame).take(limits::SIGNATURE_FRAMES_MAX) {
            names.push_with(|out| namer.write(&parts, lower_case_modules, lists, out));
        }
    });
    names
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
