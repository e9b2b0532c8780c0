//! A program that really crashes, in the way that it is told, and writes its own minidump.
//!
//! `auxilio-crashme KIND OUT.dmp` starts itself once more, with an empty environment; this child
//! crashes, its signal handler hands the context over a socket, and the parent writes the dump.
//! Each file here is one step: `parent` and `child` are the two processes, `wire` is what they
//! say, `ballast` makes the dump larger, `crash` holds the crashes and `handler` catches them.

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
compile_error!("auxilio-crashme crashes by instructions of x86-64 and signals of Linux");

mod ballast;
mod child;
mod crash;
mod handler;
mod parent;
mod wire;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use auxilio_testkit::crashme::{Kind, Options};
use clap::Parser;

/// Crashes in the way that it is told and writes a minidump of it.
#[derive(Parser)]
#[command(name = "auxilio-crashme")]
struct Arguments {
    /// How to crash (see --list).
    #[arg(required_unless_present_any = ["list", "symbols"])]
    kind: Option<Kind>,
    /// Where the minidump goes.
    #[arg(required_unless_present_any = ["list", "symbols", "child"])]
    out: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
    /// Print the kinds, one a line.
    #[arg(long, exclusive = true)]
    list: bool,
    /// Write this program's Breakpad symbols to the symbol store in this folder.
    #[arg(long, value_name = "STORE_DIR", exclusive = true)]
    symbols: Option<PathBuf>,
    /// Be the process that crashes, with the parent's socket as standard input.
    #[arg(long, hide = true)]
    child: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("auxilio-crashme: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    if arguments.list {
        for kind in Kind::all() {
            println!("{}", kind.name());
        }
        return Ok(());
    }
    if let Some(store) = &arguments.symbols {
        return write_symbols(store);
    }
    match (arguments.kind, &arguments.out) {
        (Some(kind), _) if arguments.child => child::run(kind, arguments.options),
        (Some(kind), Some(out)) => parent::run(kind, arguments.options, out),
        _ => unreachable!("clap asks for both"),
    }
}

/// Has the program beside this one write our symbols.
fn write_symbols(store: &Path) -> Result<()> {
    let ours = std::env::current_exe().context("find the running program")?;
    let theirs = ours.with_file_name("auxilio-crashme-symbols");
    let status = Command::new(&theirs)
        .arg(&ours)
        .arg(store)
        .status()
        .with_context(|| format!("start {}", theirs.display()))?;
    if !status.success() {
        bail!("{} ended with {status}", theirs.display());
    }
    Ok(())
}
