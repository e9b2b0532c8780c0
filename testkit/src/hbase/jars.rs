//! Where the jars and a Java for them lie: `bin/hbase` knows.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// What an HBase is started from.
#[derive(Clone, Debug)]
pub struct Jars {
    /// The program of a Java 17.
    pub java: PathBuf,
    /// The folder of jars.
    pub folder: PathBuf,
}

impl Jars {
    /// Fails in words if they are not installed.
    pub fn find() -> Result<Self> {
        Ok(Self { java: ask("java")?, folder: ask("lib")? })
    }
}

fn ask(what: &str) -> Result<PathBuf> {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../bin/hbase");
    let output = Command::new(program).arg(what).output().context("run bin/hbase")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}
