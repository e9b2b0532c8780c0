//! The pool: real dumps of `auxilio-crashme`, one for each kind and size, made once in the data folder.
//!
//! A dump stays right as long as the program does. Its length and time are noted beside the pool:
//! another program makes the pool anew, and its symbols with it.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use bytes::Bytes;

use super::kinds::DumpKind;
use super::readable;

const PROGRAM: &str = "auxilio-crashme";

/// The folder of the dumps in a data folder.
const FOLDER: &str = "sample_pool";

/// The file that says which program the dumps are of.
const STAMP: &str = "program";

/// Dumps by what they are of.
pub(super) type Dumps = BTreeMap<DumpKind, Bytes>;

/// Fills the pool in a data folder with these dumps, the program's symbols with `symbols`, and
/// reads the dumps.
pub(super) fn fill(
    dir: &Path,
    symbols: &Path,
    wanted: &BTreeSet<DumpKind>,
) -> anyhow::Result<Dumps> {
    let program = beside_running()?;
    let pool = dir.join(FOLDER);
    readable::make_folder(&pool, dir)?;
    let stamp = stamp(&program)?;
    let is_known = std::fs::read_to_string(pool.join(STAMP)).is_ok_and(|known| known == stamp);
    if !is_known {
        empty(&pool)?;
    }
    if !is_known || !symbols.join(PROGRAM).exists() {
        run(Command::new(&program).arg("--symbols").arg(symbols))?;
        readable::share(symbols, dir)?;
    }
    if !is_known {
        // Last: a run that broke off before it begins anew.
        readable::write(&pool.join(STAMP), stamp.as_bytes(), dir)?;
    }
    wanted.iter().map(|dump| Ok((*dump, read_or_make(&program, &pool, dir, *dump)?))).collect()
}

fn read_or_make(program: &Path, pool: &Path, dir: &Path, dump: DumpKind) -> anyhow::Result<Bytes> {
    let path = pool.join(dump.file_name());
    if !path.exists() {
        let fresh = path.with_extension("new");
        run(Command::new(program).arg(dump.kind).arg(&fresh).args(dump.arguments()))?;
        readable::share(&fresh, dir)?;
        std::fs::rename(&fresh, &path)
            .with_context(|| format!("can't keep \"{}\"", path.display()))?;
    }
    let bytes =
        std::fs::read(&path).with_context(|| format!("can't read \"{}\"", path.display()))?;
    Ok(bytes.into())
}

/// The program in the folder of the running one.
fn beside_running() -> anyhow::Result<PathBuf> {
    let running = std::fs::read_link("/proc/self/exe").context("can't find the running program")?;
    let program = running.with_file_name(PROGRAM);
    if !program.is_file() {
        bail!(
            "there is no \"{}\": \"cargo build --release --package auxilio --package auxilio-testkit\" makes it",
            program.display()
        );
    }
    Ok(program)
}

/// A text that another build of the program would not have.
fn stamp(program: &Path) -> anyhow::Result<String> {
    let metadata =
        program.metadata().with_context(|| format!("can't look at \"{}\"", program.display()))?;
    let (seconds, nanoseconds) = (metadata.mtime(), metadata.mtime_nsec());
    Ok(format!("{} bytes, changed at {seconds}.{nanoseconds:09}\n", metadata.len()))
}

/// Takes an older program's dumps away, and nothing else.
fn empty(pool: &Path) -> anyhow::Result<()> {
    let entries =
        std::fs::read_dir(pool).with_context(|| format!("can't list \"{}\"", pool.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "dmp" || extension == "new") {
            std::fs::remove_file(&path)
                .with_context(|| format!("can't remove \"{}\"", path.display()))?;
        }
    }
    Ok(())
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = format!("{command:?}");
    let output = command.output().with_context(|| format!("can't run {shown}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{shown} failed ({}): {}", output.status, said.trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_dumps_are_taken_away() {
        let pool = tempfile::tempdir().unwrap();
        for name in ["segv-small.dmp", "segv-large.new", "program", "notes.txt"] {
            std::fs::write(pool.path().join(name), name).unwrap();
        }
        empty(pool.path()).unwrap();
        let mut left: Vec<_> =
            std::fs::read_dir(pool.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["notes.txt", "program"]);
    }

    #[test]
    fn a_program_that_fails_is_named_with_what_it_said() {
        let error =
            run(Command::new("sh").args(["-c", "echo no such kind >&2; exit 3"])).unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains("no such kind") && text.contains("\"sh\""), "{text}");
    }

    #[test]
    fn a_test_has_no_such_program_beside_it_and_the_error_says_what_makes_it() {
        let error = beside_running().unwrap_err().to_string();
        assert!(error.contains("cargo build --release"), "{error}");
    }
}
