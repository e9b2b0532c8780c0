//! What a crash's program had loaded, as it stands beside the report: add-ons, a plugin, modules.

use auxilio_common::limits::{INDEXED_TEXT_CHARS_MAX, MODULE_FILE_CHARS_MAX, MODULE_ID_CHARS_MAX};
use serde::Serialize;

use crate::text;

/// An add-on: a row of `extensions`, whose key is its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Extension {
    /// Its id.
    pub id: String,
    /// Its version; empty if the client says none.
    pub version: String,
}

/// What a plugin's process hosted: a row of `plugins_reports`, and one of `plugins`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HostedPlugin {
    /// Its file.
    pub filename: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A library or program that took part in the crash: a row of `modules`, the same for all crashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StackModule {
    /// Its file.
    pub filename: String,
    /// Its version; empty if it has none.
    pub version: String,
    /// The file of its symbols.
    pub debug_file: String,
    /// The id of its symbols.
    pub debug_id: String,
}

impl StackModule {
    /// Takes out what Postgres would refuse or no column of then held; something if it changed.
    pub(crate) fn clean(&mut self) -> Option<()> {
        let files = fit(MODULE_FILE_CHARS_MAX, [&mut self.filename, &mut self.debug_file]);
        files.or(fit(MODULE_ID_CHARS_MAX, [&mut self.version, &mut self.debug_id]))
    }
}

impl Extension {
    /// The same.
    pub(crate) fn clean(&mut self) -> Option<()> {
        fit(INDEXED_TEXT_CHARS_MAX, [&mut self.id, &mut self.version])
    }
}

impl HostedPlugin {
    /// The same.
    pub(crate) fn clean(&mut self) -> Option<()> {
        fit(INDEXED_TEXT_CHARS_MAX, [&mut self.filename, &mut self.name, &mut self.version])
    }
}

fn fit<const N: usize>(chars_max: usize, texts: [&mut String; N]) -> Option<()> {
    let mut changed = false;
    for text in texts {
        changed |= text::clean(text);
        changed |= text::cut(text, chars_max);
    }
    changed.then_some(())
}
