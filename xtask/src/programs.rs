//! Test programs side by side: `cargo xtask test`. Cargo runs one after the other, and many of ours wait
//! for servers most of the time.
//!
//! Cargo builds and lists them; three run at once, each in its package's folder with what cargo sets for
//! it. What one prints is shown whole when it has ended. The tests in documentation come last, by cargo.

use std::path::Path;
use std::process::Command;

use anyhow::Context;

pub mod costs;
pub mod listing;
pub mod options;
pub mod running;
pub mod schedule;

use options::Options;
use running::Ended;
use schedule::Schedule;

/// Programs at once: the machines that we count on have two cores, and programs wait a third of the time.
const SLOTS: usize = 3;

/// Runs what the options choose; true if all passed.
pub fn run(root: &Path, options: &Options) -> anyhow::Result<bool> {
    let programs = listing::list(root, options)?;
    let count = programs.len();
    let mut failed = Vec::new();
    running::run_all(Schedule::new(programs, SLOTS), |ended| {
        if !ended.passed() {
            failed.push(ended.program.to_string());
        }
        show(&ended);
    });
    // Cargo takes no documentation of a package without a library, nor of single targets.
    if options.whole_workspace() && !documentation_passes(root, options)? {
        failed.push("documentation".to_owned());
    }
    for name in &failed {
        println!("test program FAILED: {name}");
    }
    println!("test programs: {count}, {} failed", failed.len());
    Ok(failed.is_empty())
}

fn show(ended: &Ended) {
    println!("-- {}: {} in {} s", ended.program, ended.outcome, ended.took.as_secs());
    println!("{}", ended.output.trim_end());
}

fn documentation_passes(root: &Path, options: &Options) -> anyhow::Result<bool> {
    println!("-- documentation");
    let status = Command::new("cargo")
        .args(["test", "--doc", "--no-fail-fast"])
        .args(options.for_cargo())
        .current_dir(root)
        .status()
        .context("starting cargo test --doc")?;
    Ok(status.success())
}
