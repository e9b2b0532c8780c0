//! The program's symbols in Breakpad's text form, inlined functions included.

use std::path::Path;

use anyhow::{Context, Result};
use dump_syms::dumper::{Config, Output, single_file};

/// Writes the symbols of the program that [`dump`](super::dump) runs.
///
/// They go to `store/auxilio-crashme/<debug id>/auxilio-crashme.sym`, the layout of Breakpad's
/// symbol stores.
pub fn write_symbols(store: &Path) -> Result<()> {
    write_symbols_of(&super::binary()?, store)
}

/// Writes the symbols of the ELF file `program` to `store/<file name>/<debug id>/<file name>.sym`.
pub fn write_symbols_of(program: &Path, store: &Path) -> Result<()> {
    let name = program.to_str().context("the program's path must be UTF-8")?;
    std::fs::create_dir_all(store).with_context(|| format!("make {}", store.display()))?;
    single_file(&Config::with_output(Output::Store(store.to_owned())), name)
        .with_context(|| format!("write the symbols of {name} to {}", store.display()))
}
