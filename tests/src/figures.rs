//! What a test measured: printed, and in a file for the result of `bin/test --long`, since a test
//! that passes is heard by nobody.

use std::io::Write as _;

use anyhow::Result;
use auxilio_service::environment::Environment;

/// Names the file that figures are added to.
const FILE: &str = "AUXILIO_FIGURES";

/// Prints a line of figures.
pub fn print(line: &str) -> Result<()> {
    println!("{line}");
    if let Some(path) = Environment::of_process().get(FILE) {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        writeln!(file, "{line}")?;
    }
    Ok(())
}
