//! A thread and its stack in JSON.

use minidump_unwind::CallStack;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::Each;
use super::frame::FrameJson;
use super::hex::Width;

/// A thread.
pub(crate) struct ThreadJson<'a> {
    pub(crate) thread: &'a CallStack,
    pub(crate) width: Width,
    /// Frames that were walked: more than there are, if some were dropped.
    pub(crate) frame_count: usize,
    /// Set in the copy of the crashing thread: its place among the threads. That copy has the
    /// registers of its innermost frame.
    pub(crate) copy_of: Option<usize>,
}

impl Serialize for ThreadJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let thread = self.thread;
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("frame_count", &self.frame_count)?;
        let error = thread.last_error_value.map(|error| error.to_string());
        object.serialize_entry("last_error_value", &error)?;
        object.serialize_entry("thread_name", &thread.thread_name)?;
        object.serialize_entry("thread_id", &thread.thread_id)?;
        if let Some(number) = self.copy_of {
            object.serialize_entry("threads_index", &number)?;
        }
        let frames = || {
            thread.frames.iter().enumerate().map(|(number, frame)| {
                let registers = number == 0 && self.copy_of.is_some();
                FrameJson { frame, number, width: self.width, registers }
            })
        };
        object.serialize_entry("frames", &Each(frames))?;
        object.end()
    }
}
