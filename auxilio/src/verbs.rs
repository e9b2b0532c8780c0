//! The verbs of operators.

mod annotations;
pub(crate) mod config;
pub(crate) mod cron;
pub(crate) mod db;
pub(crate) mod doctor;
pub(crate) mod fields;
mod form;
pub(crate) mod hbase;
pub(crate) mod loadtest;
mod pace;
pub(crate) mod process;
pub(crate) mod product;
pub(crate) mod receipt;
pub(crate) mod reconcile;
pub(crate) mod reprocess;
pub(crate) mod sample;
pub(crate) mod signature;
pub(crate) mod spool;
pub(crate) mod stackwalk;
pub(crate) mod submit;
pub(crate) mod throttle;

use anyhow::Context;

/// A runtime for a verb that talks to the network: one thread is enough.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("can't start the runtime")
}
