//! The procedures, roles and migrations, and the client over them, on a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asking;
mod batches;
mod builds;
mod contention;
mod fixture;
mod forgotten;
mod frames;
mod jobs;
mod matching;
mod migrations;
mod model;
mod odd_texts;
mod outages;
mod parts;
mod reports;
mod roles;
mod sample_rows;
mod scrub;
mod signature_changes;
mod slots;
mod summaries;
mod takes;
