//! `auxilio stackwalk`: one dump's walk, in this process, as JSON; and the worker behind a pool.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use auxilio_stackwalk::{DumpHints, DumpMap, walk_dump, worker};
use auxilio_symbols::{StoreOptions, SymbolStore};

use crate::cli::StackwalkOptions;

pub(crate) fn perform(options: &StackwalkOptions) -> anyhow::Result<ExitCode> {
    let mut dump = DumpMap::open_file(&options.dump)
        .with_context(|| format!("can't map \"{}\"", options.dump.display()))?;
    // The index of each symbol file is made anew: a person's look leaves nothing behind.
    let cache = std::env::temp_dir().join(format!("auxilio-stackwalk-{}", std::process::id()));
    let store =
        SymbolStore::new(StoreOptions { stores: options.symbols.clone(), cache: cache.clone() });
    let walked = walk_dump(&mut dump, &store, &DumpHints::default());
    let _ = std::fs::remove_dir_all(&cache);
    let walked = walked?;
    let mut out = std::io::stdout().lock();
    out.write_all(&walked.json)?;
    out.write_all(b"\n")?;
    Ok(ExitCode::SUCCESS)
}

/// Serves walks until standard input closes.
pub(crate) fn work() -> ExitCode {
    worker::main()
}
