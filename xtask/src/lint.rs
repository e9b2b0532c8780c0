//! What the compiler's own tools can hold: format, clippy and the documentation's links.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

/// A cargo command and the flags that turn its warnings into errors.
struct Step {
    what: &'static str,
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

const STEPS: [Step; 3] = [
    Step { what: "format", arguments: &["fmt", "--all", "--check"], environment: &[] },
    Step {
        what: "clippy",
        arguments: &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--locked",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ],
        environment: &[],
    },
    Step {
        what: "documentation",
        arguments: &["doc", "--workspace", "--no-deps", "--locked", "--quiet"],
        environment: &[("RUSTDOCFLAGS", "-D warnings")],
    },
];

/// Runs every step, also after one has failed; true if all passed.
pub fn run(root: &Path) -> anyhow::Result<bool> {
    let mut passed = true;
    for step in &STEPS {
        let status = Command::new("cargo")
            .args(step.arguments)
            .envs(step.environment.iter().copied())
            .current_dir(root)
            .status()
            .with_context(|| format!("starting cargo {}", step.arguments.join(" ")))?;
        println!("ci-lint: {} {}", step.what, if status.success() { "ok" } else { "FAILED" });
        passed &= status.success();
    }
    Ok(passed)
}
