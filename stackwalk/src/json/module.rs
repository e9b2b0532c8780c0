//! Loaded and unloaded modules in JSON.

use std::collections::{BTreeMap, HashMap};

use auxilio_symbols::ModuleSymbols;
use minidump::{MinidumpModule, MinidumpUnloadedModule, Module};
use minidump_common::utils::basename;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::hex::Width;
use super::module_url::public_url;

/// A loaded module, with what came of its symbols.
pub(crate) struct ModuleJson<'a> {
    pub(crate) module: &'a MinidumpModule,
    pub(crate) width: Width,
    pub(crate) outcomes: &'a BTreeMap<u64, ModuleSymbols>,
    /// Signers by module name.
    pub(crate) certificates: &'a HashMap<String, String>,
}

impl Serialize for ModuleJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let module = self.module;
        let full_name = module.code_file();
        let name = basename(&full_name);
        let (base, size) = (module.raw.base_of_image, u64::from(module.raw.size_of_image));
        let debug_file = module.debug_file().unwrap_or_default();
        let debug_id = module.debug_identifier().unwrap_or_default();
        let code_id = module.code_identifier().unwrap_or_default();
        // Symbols of a module that no frame touched were never asked for: all flags are false.
        let symbols = self.outcomes.get(&base);
        let is = |found: fn(&ModuleSymbols) -> bool| symbols.is_some_and(found);
        // "Loaded" has meant "the file was there" since the first stackwalker, corrupt or not.
        let loaded =
            is(|s| matches!(s, ModuleSymbols::Found { .. } | ModuleSymbols::Corrupt { .. }));
        let corrupt = is(|s| matches!(s, ModuleSymbols::Corrupt { .. }));
        let failed =
            is(|s| matches!(s, ModuleSymbols::Failed { .. } | ModuleSymbols::Corrupt { .. }));
        let url = symbols.and_then(|symbols| match symbols {
            ModuleSymbols::Found { url } => url.as_deref().and_then(public_url),
            _ => None,
        });
        let mut object = serializer.serialize_struct("module", 14)?;
        object.serialize_field("base_addr", &self.width.hex(base))?;
        object.serialize_field("debug_file", basename(&debug_file))?;
        object.serialize_field("debug_id", &debug_id.breakpad().to_string())?;
        object.serialize_field("end_addr", &self.width.hex(base.wrapping_add(size)))?;
        object.serialize_field("filename", name)?;
        object.serialize_field("code_id", code_id.as_str())?;
        object.serialize_field("version", &module.version())?;
        object.serialize_field("cert_subject", &self.certificates.get(name))?;
        object.serialize_field("missing_symbols", &(symbols.is_some() && !loaded))?;
        object.serialize_field("loaded_symbols", &loaded)?;
        object.serialize_field("corrupt_symbols", &corrupt)?;
        object.serialize_field("failed_symbols", &failed)?;
        object.serialize_field("symbol_url", &url)?;
        object.end()
    }
}

/// A module that was unloaded before the crash.
pub(crate) struct UnloadedModuleJson<'a> {
    pub(crate) module: &'a MinidumpUnloadedModule,
    pub(crate) width: Width,
    /// Signers by module name.
    pub(crate) certificates: &'a HashMap<String, String>,
}

impl Serialize for UnloadedModuleJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let module = self.module;
        let (base, size) = (module.raw.base_of_image, u64::from(module.raw.size_of_image));
        let mut object = serializer.serialize_struct("unloaded_module", 5)?;
        object.serialize_field("base_addr", &self.width.hex(base))?;
        let code_id = module.code_identifier().unwrap_or_default();
        object.serialize_field("code_id", code_id.as_str())?;
        object.serialize_field("end_addr", &self.width.hex(base.wrapping_add(size)))?;
        object.serialize_field("filename", &module.name)?;
        object.serialize_field("cert_subject", &self.certificates.get(&module.name))?;
        object.end()
    }
}
