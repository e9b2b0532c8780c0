//! The monitor on a real PostgreSQL and a real disk store, spoken to over HTTP.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;
mod intake;
mod leading;
mod upkeep;
mod waiting;
