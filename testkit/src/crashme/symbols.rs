//! The program's symbols in Breakpad's text form, inlined functions included.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use dump_syms::dumper::{Config, Output, single_file};

/// Writes the symbols of the program that [`dump`](super::dump) runs, and of its libraries.
///
/// They go to `store/auxilio-crashme/<debug id>/auxilio-crashme.sym`, the layout of Breakpad's
/// symbol stores.
pub fn write_symbols(store: &Path) -> Result<()> {
    write_symbols_of(&super::binary()?, store)
}

/// Writes the symbols of the ELF file `program` to `store/<file name>/<debug id>/<file name>.sym`,
/// and beside them those of the libraries that it loads.
///
/// The C library's name few functions, since distributions strip it, but they say how to unwind it:
/// without them, the callers of `abort` are guesses.
pub fn write_symbols_of(program: &Path, store: &Path) -> Result<()> {
    std::fs::create_dir_all(store).with_context(|| format!("make {}", store.display()))?;
    for file in libraries(program)?.iter().map(PathBuf::as_path).chain([program]) {
        let name = file.to_str().context("the paths of programs must be UTF-8")?;
        single_file(&Config::with_output(Output::Store(store.to_owned())), name)
            .with_context(|| format!("write the symbols of {name} to {}", store.display()))?;
    }
    Ok(())
}

/// The files of the libraries that the loader loads for `program`.
fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    // With this the loader lists them and does not run the program: see ld.so(8).
    let output = Command::new(program)
        .env("LD_TRACE_LOADED_OBJECTS", "1")
        .output()
        .with_context(|| format!("list the libraries of {}", program.display()))?;
    if !output.status.success() {
        bail!("the loader can't list the libraries of {}", program.display());
    }
    Ok(parse_libraries(&String::from_utf8_lossy(&output.stdout)))
}

/// Reads lines as `libc.so.6 => /lib/libc.so.6 (0x7f01)` and `/lib64/ld.so (0x7f02)`. What has no
/// path, as the kernel's own library, is no file.
fn parse_libraries(list: &str) -> Vec<PathBuf> {
    list.lines()
        .filter_map(|line| line.trim().rsplit_once(" (0x"))
        .map(|(object, _)| object.split_once(" => ").map_or(object, |(_, path)| path))
        .filter(|path| path.starts_with('/'))
        .map(PathBuf::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_the_listed_paths() {
        let list = "\tlinux-vdso.so.1 (0x00007f7eb8e99000)\n\
            \tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f7eb8a1e000)\n\
            \tlibgone.so => not found\n\
            \t/lib64/ld-linux-x86-64.so.2 (0x00007f7eb8e9b000)\n";
        let paths = ["/lib/x86_64-linux-gnu/libc.so.6", "/lib64/ld-linux-x86-64.so.2"];
        assert_eq!(parse_libraries(list), paths.map(PathBuf::from));
    }
}
