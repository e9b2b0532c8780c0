//! The tables and their families.

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

pub(super) const CRASHES: &str = "crash_reports";
pub(super) const SUBMITTED: &str = "crash_reports_index_submitted_time";
pub(super) const UNPROCESSED: &str = "crash_reports_index_unprocessed_flag";
pub(super) const HANGS: &str = "crash_reports_index_hang_id";
