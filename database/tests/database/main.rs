//! The procedures, roles and migrations, and the client over them, on a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asking;
mod batches;
mod fixture;
mod jobs;
mod migrations;
mod outages;
mod reports;
mod roles;
mod sample_rows;
mod takes;
