//! The command line: `cargo xtask tidy|ci-lint|test`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use xtask::lint;
use xtask::programs::{self, options::Options};
use xtask::tidy::{self, metadata};
use xtask::tree::Tree;

const USAGE: &str = "usage: cargo xtask VERB

  tidy     checks the house rules (see xtask/src/tidy.rs for the list)
  ci-lint  cargo fmt --check, clippy and rustdoc, warnings being errors
  test [-p PACKAGE] [--test NAME] [--features LIST]
           runs the test programs, three at once, and the tests in documentation; a choice leaves those out";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let verb = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let done = match (verb.as_str(), rest.as_slice()) {
        ("tidy", []) => run_tidy(),
        ("ci-lint", []) => lint::run(workspace_root()),
        ("test", _) => match Options::parse(rest.iter().cloned()) {
            Ok(options) => programs::run(workspace_root(), &options),
            Err(what) => return usage(&format!("xtask: {what}\n")),
        },
        _ => return usage(""),
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

fn usage(what: &str) -> ExitCode {
    eprintln!("{what}{USAGE}");
    ExitCode::from(2)
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
