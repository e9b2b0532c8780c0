//! Where the real binary is.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use auxilio_service::environment::Environment;

/// `auxilio` in the target folder that the running test was built in.
pub fn auxilio() -> Result<PathBuf> {
    let running = std::env::current_exe()?;
    let folder = running
        .parent()
        .and_then(|deps| deps.parent())
        .context("the test lies in no target folder")?;
    let path = folder.join("auxilio");
    ensure!(
        path.is_file(),
        "\"{}\" is missing: cargo build --package auxilio makes it",
        path.display()
    );
    Ok(path)
}

/// Names a release build of `auxilio`.
const RELEASE: &str = "AUXILIO_RELEASE_BINARY";

/// The release build that `AUXILIO_RELEASE_BINARY` names, for tests whose load a debug build does
/// not bear; `None` if there is none.
pub fn release() -> Result<Option<PathBuf>> {
    let Some(path) = Environment::of_process().get(RELEASE).map(PathBuf::from) else {
        return Ok(None);
    };
    ensure!(path.is_file(), "\"{}\", which {RELEASE} names, is missing", path.display());
    Ok(Some(path))
}

/// The binary, to be started with nothing in its environment but `PATH`.
pub fn command() -> Result<Command> {
    Ok(command_of(&auxilio()?))
}

/// Another build of it, to be started the same way.
pub fn command_of(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command
}
