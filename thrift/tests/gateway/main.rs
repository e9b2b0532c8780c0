//! The client against a real HBase behind real gateways of every mode.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod audit;
mod batches;
mod calls;
mod claims;
mod crashes;
mod edges;
mod faults;
mod happybase;
mod python;
mod scans;
mod store;
mod store_rows;
mod support;
mod sweep;
mod tamper;
