//! Where a module's symbols would lie. The names come from the dump, so from anybody.
//!
//! The layout is Breakpad's: `<debug file>/<DEBUG ID>/<debug file without .pdb>.sym`. A name is
//! checked before it becomes part of a path: without that, a module named `x\..` would make us open
//! files one folder above the store.

use std::path::{Path, PathBuf};

use auxilio_common::limits;
use minidump::Module;

/// A checked relative path of a symbol file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SymbolPath {
    debug_file: String,
    debug_id: String,
    stem: String,
}

/// Why a module has no such path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// The dump names no debug id, or no debug file at all.
    #[error("the module has no debug file or no debug id")]
    Missing,
    /// The debug file's name can't be a file's name here.
    #[error("the debug file's name is empty, too long, a dot name or holds control characters")]
    Name,
    /// The debug id is not 33 to 40 hexadecimal digits.
    #[error("the debug id is not 33 to 40 hexadecimal digits")]
    Id,
}

/// Hexadecimal digits of a debug id: a GUID of 32 and an age of 1 to 8.
const ID_DIGITS: std::ops::RangeInclusive<usize> = 33..=40;

impl SymbolPath {
    /// The path for a module of a dump.
    pub fn of_module(module: &dyn Module) -> Result<Self, PathError> {
        let debug_file = module.debug_file().ok_or(PathError::Missing)?;
        // Binaries of MinGW carry a debug record without a name; the reference falls back like this.
        let debug_file = if debug_file.is_empty() { module.code_file() } else { debug_file };
        let debug_id = module.debug_identifier().ok_or(PathError::Missing)?;
        let leaf = debug_file.rsplit(['/', '\\']).next().unwrap_or_default();
        Self::new(leaf, &debug_id.breakpad().to_string())
    }

    /// The path for a debug file (a leaf name) and a debug id.
    pub fn new(debug_file: &str, debug_id: &str) -> Result<Self, PathError> {
        let stem = match debug_file.rsplit_once('.') {
            Some((stem, extension)) if extension.eq_ignore_ascii_case("pdb") => stem,
            _ => debug_file,
        };
        let stem_with_extension = stem.len() + ".symx".len();
        if debug_file.is_empty()
            || debug_file == "."
            || debug_file == ".."
            || debug_file.len().max(stem_with_extension) > limits::SYMBOL_NAME_BYTES_MAX
            || debug_file.chars().any(|c| c.is_control() || matches!(c, '/' | '\\'))
        {
            return Err(PathError::Name);
        }
        if !ID_DIGITS.contains(&debug_id.len()) || !debug_id.bytes().all(|b| b.is_ascii_hexdigit())
        {
            return Err(PathError::Id);
        }
        Ok(Self {
            debug_file: debug_file.to_owned(),
            debug_id: debug_id.to_owned(),
            stem: stem.to_owned(),
        })
    }

    /// The symbol file below a store.
    pub fn sym_in(&self, store: &Path) -> PathBuf {
        self.below(store, "sym")
    }

    /// The debug id, as Breakpad writes it.
    pub(crate) fn debug_id(&self) -> &str {
        &self.debug_id
    }

    /// The index below the cache folder.
    pub(crate) fn symx_in(&self, cache: &Path) -> PathBuf {
        self.below(cache, "symx")
    }

    fn below(&self, root: &Path, extension: &str) -> PathBuf {
        let mut path = root.join(&self.debug_file);
        path.push(&self.debug_id);
        path.push(format!("{}.{extension}", self.stem));
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "5A9832E5287241C1838ED98914E9B7FF1";

    #[test]
    fn the_layout_is_breakpads() {
        let path = |name| SymbolPath::new(name, ID).unwrap().sym_in(Path::new("/s"));
        assert_eq!(path("xul.pdb"), Path::new("/s/xul.pdb").join(ID).join("xul.sym"));
        assert_eq!(path("XUL.PDB"), Path::new("/s/XUL.PDB").join(ID).join("XUL.sym"));
        assert_eq!(path("libc.so.6"), Path::new("/s/libc.so.6").join(ID).join("libc.so.6.sym"));
        assert_eq!(path(".pdb"), Path::new("/s/.pdb").join(ID).join(".sym"));
    }

    #[test]
    fn names_that_could_leave_the_store_are_refused() {
        let long = "x".repeat(256);
        let long_with_extension = "x".repeat(252);
        for name in ["", ".", "..", "a/b", "a\\b", "a\0b", "a\nb", &long, &long_with_extension] {
            assert_eq!(SymbolPath::new(name, ID), Err(PathError::Name), "{name:?}");
        }
        let (short, dotted) = (&ID[..32], "../../../../../../../../../../../etc");
        for id in ["", short, dotted, &format!("{ID}12345678"), &ID.replace('5', "/")] {
            assert_eq!(SymbolPath::new("a", id), Err(PathError::Id), "{id:?}");
        }
    }
}
