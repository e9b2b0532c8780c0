//! The modules of a crashed process, and what became of their symbols.

use serde_json::Value;

use crate::stack::{list, text};
use crate::symbol_state::SymbolState;
use crate::visible::Visible;

/// A line of the list.
pub(super) struct ModuleLine<'a> {
    pub filename: Visible<'a>,
    pub version: Visible<'a>,
    pub debug_file: Visible<'a>,
    pub debug_id: Visible<'a>,
    pub base: Visible<'a>,
    pub end: Visible<'a>,
    pub symbols: SymbolState,
}

/// The modules in the order of the dump.
pub(super) fn lines(dump: &Value) -> Vec<ModuleLine<'_>> {
    list(dump, "modules")
        .iter()
        .map(|module| {
            let visible = |name| Visible::line(text(module, name).unwrap_or_default());
            ModuleLine {
                filename: visible("filename"),
                version: visible("version"),
                debug_file: visible("debug_file"),
                debug_id: visible("debug_id"),
                base: visible("base_addr"),
                end: visible("end_addr"),
                symbols: SymbolState::of(module),
            }
        })
        .collect()
}
