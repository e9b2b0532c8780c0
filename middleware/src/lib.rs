//! The REST layer: what is known of crashes, as JSON, to people and programs.
//!
//! Crashes come from the store, lists of them from Postgres. Whether a crash is processed is for
//! the store to say, so a crash can be read while Postgres is down. Who holds the admin token sees
//! all that the table of fields lists; everybody else sees its public part
//! ([`auxilio_common::fields`]). The interface is described in `docs/http.md`.
//!
//! What this crate deliberately is not: it makes no page, changes nothing and has no side effects;
//! it does not cache and speaks no SQL.

mod access;
mod answer;
mod app;
mod catalogue;
mod config;
mod crash_status;
mod dump_stream;
mod latest_crashes;
mod parameters;
mod processed_crash;
mod raw_crash;
mod router;
mod run;
mod store_access;

pub use access::AdminToken;
pub use app::App;
pub use config::Config;
pub use router::router;
pub use run::{Error, run};
