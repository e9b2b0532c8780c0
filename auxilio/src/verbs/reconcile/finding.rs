//! What store and Postgres say of a crash together, and what is to be done about it.

use auxilio_common::storage::Presence;

use super::listing::Entry;

/// What is to be done about a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// Nothing: row and store carry one generation.
    Fine,
    /// Write its row from the stored processed crash.
    RowMissing,
    /// Bring its row up to the stored processed crash.
    RowOld,
    /// Have it processed, unless it is about to be, or nobody wants it processed: the store has no
    /// processed crash, or an older one than the row speaks of.
    Unprocessed,
    /// Name it: there is a row, and nothing in the store.
    RowAlone,
    /// Nothing: it was removed since it was listed.
    Gone,
}

/// Judges a crash. The store was asked after the row was read: a row that is younger than what the
/// store has is no matter of a run in between.
pub(super) fn judge(entry: Entry, stored: Presence) -> Finding {
    match (stored.processed, entry.row) {
        (None, None) if !stored.raw => Finding::Gone,
        (None, Some(_)) if !stored.raw => Finding::RowAlone,
        (Some(_), None) => Finding::RowMissing,
        (Some(processed), Some(row)) if processed == row => Finding::Fine,
        (Some(processed), Some(row)) if processed > row => Finding::RowOld,
        (None, _) | (Some(_), Some(_)) => Finding::Unprocessed,
    }
}

#[cfg(test)]
mod tests {
    use auxilio_common::{CrashId, Day, Generation};

    use super::*;

    #[test]
    fn each_state_of_store_and_row_has_its_finding() {
        let crash_id = CrashId::issue([7; 16], 0, Day::from_ymd(2012, 6, 15).unwrap());
        for (raw, processed, row, expected) in [
            (false, None, None, Finding::Gone),
            (false, None, Some(1), Finding::RowAlone),
            (true, None, None, Finding::Unprocessed),
            (true, None, Some(1), Finding::Unprocessed),
            (true, Some(2), None, Finding::RowMissing),
            (true, Some(2), Some(1), Finding::RowOld),
            (true, Some(2), Some(2), Finding::Fine),
            (true, Some(2), Some(3), Finding::Unprocessed),
        ] {
            let entry = Entry { crash_id, row: row.map(Generation) };
            let stored = Presence { raw, processed: processed.map(Generation) };
            assert_eq!(judge(entry, stored), expected, "{raw} {processed:?} {row:?}");
        }
    }
}
