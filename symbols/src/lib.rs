//! Symbols for stack walks: Breakpad .sym files of local stores, each with an index beside it.
//!
//! A store is a folder in Breakpad's layout, `<debug file>/<DEBUG ID>/<name>.sym`. The text stays
//! as it is and is mapped into memory; a side index of it (`.symx`, see [`symx`]) stands in a cache
//! folder of ours, because the store may be read-only. A look-up finds the few lines that matter
//! through the index and hands them, as a miniature .sym text, to breakpad-symbols: its parser, its
//! `fill_symbol` and its `walk_frame` decide everything, so results are the reference's own.
//! That costs about a thousandth of parsing a large file for each dump.
//!
//! For each module of a dump there are three outcomes, and they are kept apart: *found*, *absent*
//! (no store has it) and *failed* (a store has it, but it can't be read or is corrupt).
//!
//! What this crate deliberately is not: it does not download, receive or convert symbols, it never
//! writes into a store, and it does not walk stacks.

mod dump_symbols;
mod error;
mod index;
mod indexed_file;
mod line;
mod mapping;
mod miniature;
mod overlap;
mod path;
mod store;
pub mod symx;

pub use dump_symbols::{DumpSymbols, ModuleSymbols};
pub use error::SymbolsError;
pub use path::{PathError, SymbolPath};
pub use store::{Lookup, StoreOptions, SymbolStore};
