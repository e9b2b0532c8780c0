//! The engine over a real Postgres: which slots are due, what becomes of them, and runs by hand.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod by_hand;
mod expiry;
mod extracts;
mod fixture;
mod imports;
mod schedule;
mod slots;
