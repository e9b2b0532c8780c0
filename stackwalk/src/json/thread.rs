//! A thread and its stack in JSON.

use auxilio_common::limits;
use minidump_unwind::{CallStack, StackFrame};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::json;

use super::Each;
use super::frame::FrameJson;
use super::hex::Width;
use crate::walk::FrameCount;

/// A thread.
pub(crate) struct ThreadJson<'a> {
    pub(crate) thread: &'a CallStack,
    pub(crate) width: Width,
    /// How many frames it had: more than there are, if some were dropped.
    pub(crate) frames: FrameCount,
    /// Set in the copy of the crashing thread: its place among the threads. That copy has the
    /// registers of its innermost frame.
    pub(crate) copy_of: Option<usize>,
}

impl<'a> Serialize for ThreadJson<'a> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let thread = self.thread;
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("frame_count", &self.frames.walked)?;
        let error = thread.last_error_value.map(|error| error.to_string());
        object.serialize_entry("last_error_value", &error)?;
        object.serialize_entry("thread_name", &thread.thread_name)?;
        object.serialize_entry("thread_id", &thread.thread_id)?;
        if let Some(number) = self.copy_of {
            object.serialize_entry("threads_index", &number)?;
        }
        let (inner, outer) = thread.frames.split_at(self.innermost());
        let frame = |(place, frame): (usize, &'a StackFrame)| {
            // Numbers are those of the whole stack.
            let number = if place < inner.len() { place } else { place + self.frames.left_out };
            let registers = number == 0 && self.copy_of.is_some();
            Entry::Frame(FrameJson { frame, number, width: self.width, registers })
        };
        let mark = (self.frames.left_out > 0).then_some(self.frames.left_out);
        let frames = || {
            let inner = inner.iter().enumerate().map(frame);
            let outer = (inner.len()..).zip(outer).map(frame);
            inner.chain(mark.map(Entry::LeftOut)).chain(outer)
        };
        object.serialize_entry("frames", &Each(frames))?;
        object.end()
    }
}

impl ThreadJson<'_> {
    /// How many frames come before those that were left out.
    fn innermost(&self) -> usize {
        let all = self.thread.frames.len();
        if self.frames.left_out > 0 { all.min(limits::FRAMES_INNERMOST_COUNT) } else { all }
    }
}

/// An entry of the list of frames.
enum Entry<'a> {
    Frame(FrameJson<'a>),
    /// So many frames were left out here.
    LeftOut(usize),
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Frame(frame) => frame.serialize(serializer),
            Self::LeftOut(frames) => {
                let words = json!({"msg": format!("{frames} frames were left out here")});
                let mut object = serializer.serialize_map(Some(1))?;
                object.serialize_entry("truncated", &words)?;
                object.end()
            }
        }
    }
}
