//! The interface over real sockets, in front of a real Postgres and the disk store.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod fixture;
mod lists;
mod permissions;
mod processed;
mod raw;
mod refusals;
