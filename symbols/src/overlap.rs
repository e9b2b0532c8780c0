//! Which of several overlapping ranges counts: the reference's rule.
//!
//! breakpad-symbols sorts ranges by start, then end, keeping the file's order among equals, and
//! then keeps each range that begins after the end of the last one kept. Two identical records
//! collapse into one by that as well.

use crate::symx::Record;

/// Sorts records by range and drops those that overlap one kept before.
pub(crate) fn keep_first(records: &mut Vec<Record>) {
    records.sort_by_key(|record| (record.key, record.size));
    let mut last_end: Option<u64> = None;
    records.retain(|record| {
        let keep = last_end.is_none_or(|end| record.key > end);
        if keep {
            last_end = record.end();
        }
        keep
    });
}
