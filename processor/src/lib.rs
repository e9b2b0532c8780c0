//! The processor: takes its jobs, makes a processed crash of each raw crash, stores it and writes
//! its report.
//!
//! [`process`] is the pure part: raw crash and stacks in, processed crash out, by the list in
//! [`rules::RULES`]. [`run`] is the role around it.
//!
//! What this crate deliberately is not: it does not walk a stack itself (a crash or a runaway of
//! the walker must not take the processor), knows no SQL and no engine of the store, and never
//! changes a raw crash.

mod alone;
pub mod builds;
pub mod case;
mod config;
mod document;
pub mod draft;
mod dump_file;
mod error;
mod explanation;
pub mod files;
mod given_up;
mod job_run;
mod known_builds;
mod lane_work;
mod leases;
pub mod list_folder;
#[cfg(test)]
mod predecessor_tests;
mod process;
mod registration;
mod report_parts;
mod report_row;
pub mod rule;
pub mod rule_file;
pub mod rule_set;
mod rule_stories;
pub mod rules;
mod run;
#[cfg(test)]
mod sample;
mod saver;
mod setback;
pub mod signing;
pub mod site_rule;
pub mod stack;
mod store_gate;
mod text;
pub mod walked_dump;
mod walking;

pub use builds::Builds;
pub use config::Config;
pub use error::Error;
pub use explanation::{Ended, Step, explain};
pub use files::Files;
pub use process::{Context, Processed, process};
pub use report_row::report_row;
pub use rule_set::RuleSets;
pub use run::run;
pub use signing::Signing;
pub use walked_dump::{WalkedDump, Walks};
pub use walking::hints;
