//! Where the real binary is.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

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

/// The binary, to be started with nothing in its environment but `PATH`.
pub fn command() -> Result<Command> {
    let mut command = Command::new(auxilio()?);
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
    Ok(command)
}
