//! Writes the Breakpad symbols of a program and of the libraries that it loads.
//!
//! A program of its own: what reads debug information is large and links the C++ library, none of
//! which `auxilio-crashme` should carry in its own symbols and dumps.

use std::path::PathBuf;
use std::process::ExitCode;

use auxilio_testkit::crashme::write_symbols_of;
use clap::Parser;

/// Writes the Breakpad symbols of a program and of the libraries that it loads.
#[derive(Parser)]
struct Arguments {
    /// The ELF program.
    program: PathBuf,
    /// The folder of the symbol store.
    store: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match write_symbols_of(&arguments.program, &arguments.store) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("auxilio-crashme-symbols: {error:#}");
            ExitCode::FAILURE
        }
    }
}
