//! The command line: `cargo xtask tidy|ci-lint`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use xtask::lint;
use xtask::tidy::{self, metadata};
use xtask::tree::Tree;

const USAGE: &str = "usage: cargo xtask VERB

  tidy     checks the house rules (see xtask/src/tidy.rs for the list)
  ci-lint  cargo fmt --check, clippy and rustdoc, warnings being errors";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let verb = arguments.next().unwrap_or_default();
    if arguments.next().is_some() {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    }
    let done = match verb.as_str() {
        "tidy" => run_tidy(),
        "ci-lint" => lint::run(workspace_root()),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Where the workspace lies: xtask is a folder of it.
fn workspace_root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}

fn run_tidy() -> anyhow::Result<bool> {
    let root = workspace_root();
    let tree = Tree::read(root).with_context(|| format!("reading {}", root.display()))?;
    let metadata = metadata::load(root)?;
    let findings = tidy::check(&tree, &metadata);
    for finding in &findings {
        println!("{finding}");
    }
    println!("tidy: {} files, {} findings", tree.files().len(), findings.len());
    Ok(findings.is_empty())
}
