//! The processor: takes its jobs, makes a processed crash of each raw crash, stores it and writes
//! its report.
//!
//! [`process`] is the pure part: raw crash and stacks in, processed crash out, by the list in
//! [`rules::RULES`].
//!
//! What this crate deliberately is not: it does not walk a stack itself (a crash or a runaway of
//! the walker must not take the processor), knows no SQL and no engine of the store, and never
//! changes a raw crash.

pub mod case;
pub mod draft;
mod process;
pub mod rule;
pub mod rules;
#[cfg(test)]
mod sample;
pub mod stack;
mod text;
pub mod walked_dump;

pub use process::{Context, Processed, process};
pub use walked_dump::{WalkedDump, Walks};
