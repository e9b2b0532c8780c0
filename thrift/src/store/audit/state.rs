//! What a crash's row is, by its small cells.

use super::super::columns;
use crate::row::Row;

/// The cells that say it.
pub(super) const COLUMNS: [&[u8]; 5] = [
    columns::MANIFEST,
    columns::FORMAT,
    columns::CLAIM,
    columns::CRASH_ID,
    columns::PROCESSED_MANIFEST,
];

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// A raw crash of ours, with its manifest.
    Whole,
    /// Parts of one, without.
    Unfinished,
    /// A processed crash of ours and no raw one.
    ProcessedAlone,
    /// Somebody else's: Socorro's, above all. It is left alone.
    Foreign,
}

/// Judges a row that was read with at least [`COLUMNS`], values included.
pub(super) fn state(row: &Row) -> State {
    let has = |column: &[u8]| row.cell(column).is_some();
    let is_ours = has(columns::FORMAT) || has(columns::CLAIM) || has(columns::MANIFEST);
    match row.cell(columns::MANIFEST) {
        Some(manifest) if !manifest.value.is_empty() => State::Whole,
        _ if has(columns::PROCESSED_MANIFEST) => State::ProcessedAlone,
        _ if is_ours => State::Unfinished,
        _ => State::Foreign,
    }
}
