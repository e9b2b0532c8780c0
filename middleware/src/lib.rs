//! The REST layer: what is known of crashes, as JSON, to people and programs.
//!
//! Crashes come from the store, lists of them from Postgres, and both through a cache that may be
//! lost at any time. Whether a crash is processed is for the store to say, so a crash can be read
//! while Postgres is down. Who holds the admin token sees
//! all that the table of fields lists; everybody else sees its public part
//! ([`auxilio_common::fields`]). The interface is described in `docs/http.md`.
//!
//! Nothing under `/api/` has an effect; `/bpapi/` asks for crashes that are not processed yet.
//!
//! What this crate deliberately is not: it makes no page, processes nothing and does not wait for a
//! crash to be processed; it speaks no SQL.

mod access;
mod answer;
mod app;
mod asking;
mod bpapi_processed;
mod cache;
mod catalogue;
mod conditional;
mod config;
mod crash_status;
mod crashmovers;
mod dump_stream;
mod latest_crashes;
mod parameters;
mod processed_crash;
mod product_builds;
mod raw_crash;
mod receipt;
mod router;
mod rows;
mod run;
mod store_access;

pub use access::AdminToken;
pub use app::App;
pub use config::Config;
pub use router::router;
pub use run::{Error, run};
