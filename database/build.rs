//! Lists the files of `sql/procedures` as a table of (name, text) for the crate to embed.
#![expect(clippy::disallowed_methods, reason = "cargo tells a build script its folder this way")]

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let sql = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sql");
    // The folder too: a migration or procedure that is new or gone changes no file that was there.
    println!("cargo::rerun-if-changed={}", sql.display());
    let mut files = fs::read_dir(sql.join("procedures"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        let Some(name) = file.file_stem().and_then(|name| name.to_str()) else { continue };
        let path = file.canonicalize()?;
        let path = path.to_str().ok_or_else(|| io::Error::other("the path is no text"))?;
        writeln!(table, "    Procedure {{ name: {name:?}, sql: include_str!({path:?}) }},")
            .map_err(io::Error::other)?;
    }
    table.push_str("]\n");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
    fs::write(Path::new(&out).join("procedures.rs"), table)
}
