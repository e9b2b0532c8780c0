//! Real crashes of a real program: `auxilio-crashme` and its symbols, as functions.
//!
//! The program (`src/bin/auxilio-crashme/`) starts itself with an empty environment, crashes in
//! the way that it is told and writes its own minidump through `minidump-writer`, as clients do.

mod binary;
mod kind;
mod symbols;

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

pub use binary::{binary, binary_beside};
pub use kind::{Expectation, Kind};
pub use symbols::{write_symbols, write_symbols_of};

/// How much there is in the dump beside the crash. All of it makes the dump larger: about 28 KiB,
/// 14 KiB a thread, the threads' stacks and the application's memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct Options {
    /// Threads beside the one that crashes.
    #[arg(long, default_value_t = 0)]
    pub threads: u32,
    /// KiB of stack that each of these threads uses, one frame per KiB.
    #[arg(long, default_value_t = 0)]
    pub stack_kb: u32,
    /// MiB of heap to put into the dump, half of it noise, half of it zero.
    #[arg(long, default_value_t = 0)]
    pub app_mb: u32,
    /// Pieces that this heap has.
    #[arg(long, default_value_t = 1)]
    pub app_regions: u32,
    /// Calls between `main` and the crash.
    #[arg(long, default_value_t = 0)]
    pub depth: u32,
}

impl Options {
    /// The options as the program's arguments.
    pub fn to_arguments(self) -> Vec<String> {
        [
            ("--threads", self.threads),
            ("--stack-kb", self.stack_kb),
            ("--app-mb", self.app_mb),
            ("--app-regions", self.app_regions.max(1)),
            ("--depth", self.depth),
        ]
        .into_iter()
        .filter(|(name, number)| *number != u32::from(*name == "--app-regions"))
        .flat_map(|(name, number)| [name.to_owned(), number.to_string()])
        .collect()
    }
}

/// Crashes a new process and writes its minidump to `out`.
///
/// The program is the one beside the running test (see [`binary`]). Fails if the process doesn't
/// crash as its kind says.
pub fn dump(kind: Kind, options: Options, out: &Path) -> Result<()> {
    dump_with(&binary()?, kind, options, out)
}

/// As [`dump`], with the program at `program`.
pub fn dump_with(program: &Path, kind: Kind, options: Options, out: &Path) -> Result<()> {
    let output = Command::new(program)
        .arg(kind.name())
        .arg(out)
        .args(options.to_arguments())
        .output()
        .with_context(|| format!("start {}", program.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{} {} ended with {}: {said}", program.display(), kind.name(), output.status);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_options_that_differ_from_none_become_arguments() {
        assert!(Options::default().to_arguments().is_empty());
        let options = Options { threads: 3, app_regions: 2, ..Options::default() };
        assert_eq!(options.to_arguments(), ["--threads", "3", "--app-regions", "2"]);
    }
}
