//! The tables and their families.

use futures::future::try_join_all;

use super::HbaseStore;
use crate::error::Error;
use crate::table::Family;

/// A table of the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name, without the prefix.
    pub name: &'static str,
    /// Its families.
    pub families: &'static [&'static str],
}

/// All tables, with Socorro's names and families.
pub const TABLES: [Table; 4] = [
    Table {
        name: CRASHES,
        families: &["flags", "ids", "meta_data", "processed_data", "raw_data", "timestamps"],
    },
    Table { name: SUBMITTED, families: &["ids"] },
    Table { name: UNPROCESSED, families: &["ids", "processor_state"] },
    Table { name: HANGS, families: &["ids"] },
];

impl HbaseStore {
    /// Makes those tables that are not there: plain ones of one region each, without compression or
    /// expiry. A cluster in earnest gets its tables from its own shell.
    pub async fn make_missing_tables(&self) -> Result<(), Error> {
        let there = self.client.table_names().await?;
        let missing = TABLES.iter().filter(|table| {
            let name = self.client.table(table.name);
            !there.iter().any(|other| other.as_bytes() == name)
        });
        let made = missing.map(async |table| {
            let families: Vec<_> = table.families.iter().map(|name| Family::plain(name)).collect();
            match self.client.create_table(table.name, &families).await {
                // Another process was faster.
                Err(error) if error.name() == "AlreadyExists" => Ok(()),
                other => other,
            }
        });
        try_join_all(made).await.map(drop)
    }
}

pub(super) const CRASHES: &str = "crash_reports";
pub(super) const SUBMITTED: &str = "crash_reports_index_submitted_time";
pub(super) const UNPROCESSED: &str = "crash_reports_index_unprocessed_flag";
pub(super) const HANGS: &str = "crash_reports_index_hang_id";
