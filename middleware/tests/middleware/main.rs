//! The interface over real sockets, in front of a real Postgres and the disk store.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asking;
mod builds;
mod cache;
mod fixture;
mod lists;
mod memcached;
mod permissions;
mod processed;
mod raw;
mod refusals;
mod rubbish;
