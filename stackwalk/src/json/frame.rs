//! A frame in JSON.

use std::collections::{BTreeMap, BTreeSet};

use minidump::{MinidumpContext, MinidumpContextValidity};
use minidump_common::utils::basename;
use minidump_unwind::{InlineFrame, StackFrame};
use serde::ser::{SerializeMap, SerializeStruct};
use serde::{Serialize, Serializer};

use super::Each;
use super::hex::Width;

pub(crate) struct FrameJson<'a> {
    pub(crate) frame: &'a StackFrame,
    pub(crate) number: usize,
    pub(crate) width: Width,
    /// Whether the registers are written too.
    pub(crate) registers: bool,
}

impl Serialize for FrameJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let frame = self.frame;
        let hex = |address| self.width.hex(address);
        let module = frame.module.as_ref();
        let base = module.map(|module| module.raw.base_of_image);
        // A hostile module may lie anywhere; offsets are differences on a circle.
        let offset_from = |base: u64| hex(frame.instruction.wrapping_sub(base));
        let mut object = serializer.serialize_struct("frame", 13)?;
        object.serialize_field("frame", &self.number)?;
        object.serialize_field("module", &module.map(|module| basename(&module.name)))?;
        object.serialize_field("function", &frame.function_name)?;
        object.serialize_field("file", &frame.source_file_name)?;
        object.serialize_field("line", &frame.source_line)?;
        object.serialize_field("offset", &hex(frame.instruction))?;
        let inlines = || frame.inlines.iter().map(InlineJson);
        object.serialize_field("inlines", &some(!frame.inlines.is_empty(), Each(inlines)))?;
        object.serialize_field("module_offset", &base.map(offset_from))?;
        let unloaded = || {
            frame.unloaded_modules.iter().map(|(module, offsets)| UnloadedJson {
                module,
                offsets,
                width: self.width,
            })
        };
        let has_unloaded = !frame.unloaded_modules.is_empty();
        object.serialize_field("unloaded_modules", &some(has_unloaded, Each(unloaded)))?;
        object.serialize_field("function_offset", &frame.function_base.map(offset_from))?;
        object.serialize_field("missing_symbols", &frame.function_name.is_none())?;
        object.serialize_field("trust", frame.trust.as_str())?;
        if self.registers {
            object.serialize_field("registers", &RegistersJson(&frame.context))?;
        }
        object.end()
    }
}

fn some<T>(is_there: bool, value: T) -> Option<T> {
    is_there.then_some(value)
}

struct InlineJson<'a>(&'a InlineFrame);

impl Serialize for InlineJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("inline", 3)?;
        object.serialize_field("function", &self.0.function_name)?;
        object.serialize_field("file", &self.0.source_file_name)?;
        object.serialize_field("line", &self.0.source_line)?;
        object.end()
    }
}

struct UnloadedJson<'a> {
    module: &'a str,
    offsets: &'a BTreeSet<u64>,
    width: Width,
}

impl Serialize for UnloadedJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("unloaded_module", 2)?;
        object.serialize_field("module", self.module)?;
        let offsets = || self.offsets.iter().map(|offset| self.width.hex(*offset));
        object.serialize_field("offsets", &Each(offsets))?;
        object.end()
    }
}

/// General-purpose registers that are known, by name.
struct RegistersJson<'a>(&'a MinidumpContext);

impl Serialize for RegistersJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let context = self.0;
        let known = |register: &&&str| match &context.valid {
            MinidumpContextValidity::All => true,
            MinidumpContextValidity::Some(known) => known.contains(**register),
        };
        // A map: an architecture may name a register twice.
        let registers: BTreeMap<&str, String> = context
            .general_purpose_registers()
            .iter()
            .filter(known)
            .map(|register| (*register, context.format_register(register)))
            .collect();
        let mut object = serializer.serialize_map(Some(registers.len()))?;
        for (register, value) in &registers {
            object.serialize_entry(register, value)?;
        }
        object.end()
    }
}
