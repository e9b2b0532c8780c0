//! `auxilio stackwalk`: one dump's walk, in this process, as JSON; and the worker behind a pool.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use auxilio_stackwalk::{DumpHints, DumpMap, Unreadable, Walked, walk_dump, worker};
use auxilio_symbols::{StoreOptions, SymbolStore};

use crate::cli::StackwalkOptions;

pub(crate) fn perform(options: &StackwalkOptions) -> anyhow::Result<ExitCode> {
    let walked = walk(&options.dump, &options.symbols, &DumpHints::default())??;
    let mut out = std::io::stdout().lock();
    out.write_all(&walked.json)?;
    out.write_all(b"\n")?;
    Ok(ExitCode::SUCCESS)
}

/// Walks a dump in this process.
pub(super) fn walk(
    dump: &Path,
    symbols: &[PathBuf],
    hints: &DumpHints,
) -> anyhow::Result<Result<Walked, Unreadable>> {
    let mut map =
        DumpMap::open_file(dump).with_context(|| format!("can't map \"{}\"", dump.display()))?;
    // The index of each symbol file is made anew: a person's look leaves nothing behind.
    let cache = std::env::temp_dir().join(format!("auxilio-stackwalk-{}", std::process::id()));
    let store = SymbolStore::new(StoreOptions { stores: symbols.to_vec(), cache: cache.clone() });
    let walked = walk_dump(&mut map, &store, hints);
    let _ = std::fs::remove_dir_all(&cache);
    Ok(walked)
}

/// Serves walks until standard input closes.
pub(crate) fn work() -> ExitCode {
    worker::main()
}
