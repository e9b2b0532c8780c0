//! The names of a thread's frames, inlined ones before the physical one that holds them.

use std::hint::black_box;

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
    call_up(&frames[..room]);
    Namer::with(|namer| {
        for parts in frames.iter().flat_map(of_frame).take(limits::SIGNATURE_FRAMES_MAX) {
            names.push_with(|out| namer.write(&parts, lower_case_modules, lists, out));
        }
    });
    names
}

/// Reads a byte of all that will be read of the frames' texts soon. A crash that was read a while ago
/// has left the processor's cache: asked for together its texts come together, and one by one they cost
/// more time than all that is done with them.
fn call_up(frames: &[Frame]) {
    let mut bytes = 0;
    for frame in frames {
        if let Some(function) = &frame.function {
            bytes ^=
                function.bytes().step_by(CACHE_LINE_BYTES).take(4).fold(0, |all, byte| all ^ byte);
        }
        // Of a file only the end is looked at, mostly.
        bytes ^= frame.file.as_ref().and_then(|file| file.bytes().next_back()).unwrap_or(0);
    }
    black_box(bytes);
}

const CACHE_LINE_BYTES: usize = 64;

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
