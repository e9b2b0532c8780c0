//! The pages that people read: the latest crashes, and one page for each crash.
//!
//! Every page is made on the server from what the middleware answers to anybody, works without
//! JavaScript and has none. All text of a crash is hostile until shown: it is escaped by the
//! templates, and characters that can't be seen or that turn the direction of text are spelled out
//! (see [`visible`]).
//!
//! What this crate deliberately is not: it does not know the store, Postgres or a token, and it
//! holds no state of its own. What the middleware doesn't tell an anonymous caller, no page shows.

mod browser_address;
mod config;
mod home_page;
mod layout;
mod middleware;
mod pending_page;
mod report_page;
mod router;
mod run;
mod source;
mod stack;
mod statics;
mod symbol_state;
mod time_text;
mod trouble_page;
pub mod visible;

pub use config::Config;
pub use router::router;
pub use run::{Error, run};
