//! The rows of a day's crashes: unfinished ones, and whole ones that an index does not know.

use std::collections::{BTreeMap, HashSet};

use auxilio_common::audit::{Astray, Index, Stray};
use auxilio_common::{CrashId, Timestamp};
use futures::{StreamExt as _, TryStreamExt as _};

use super::super::fault::Fault;
use super::super::schema::{CRASHES, SUBMITTED};
use super::super::{HbaseStore, columns, keys};
use super::state::{State, state};
use super::{INDEX_BYTES, NAMES_BYTES};
use crate::row::Row;
use crate::scan::{Scan, after};

/// What is read of each: all that says what it is, and its places in the indexes.
pub(super) const COLUMNS: [&[u8]; 7] = [
    columns::MANIFEST,
    columns::FORMAT,
    columns::CLAIM,
    columns::CRASH_ID,
    columns::PROCESSED_MANIFEST,
    columns::SUBMITTED,
    columns::HANG_ID,
];

/// Hangs that are looked up side by side, each by a scan.
const HANGS_AT_ONCE: usize = 16;

/// A whole crash and where its rows should be.
struct Listed {
    crash_id: CrashId,
    since: Timestamp,
    /// The key of its row of the index by time, if the crash says its time.
    submitted: Option<Vec<u8>>,
    /// Of 1,000 bytes at most: a longer one is no cell of its own, and its index is not looked at.
    hang_id: Option<String>,
}

impl HbaseStore {
    pub(super) async fn audit_crashes(&self, rows: &[Row]) -> Result<Vec<Stray>, Fault> {
        let (mut strays, mut whole) = (Vec::new(), Vec::new());
        for row in rows {
            let Some(crash_id) = keys::crash_of(&row.key) else { continue };
            match state(row) {
                State::Whole => whole.push(listed(crash_id, row)),
                State::Unfinished => strays.extend(self.unfinished(crash_id).await?),
                State::ProcessedAlone => {
                    let since = written_at(row);
                    strays.push(Stray { crash_id, since, what: Astray::ProcessedAlone });
                }
                State::Foreign => {}
            }
        }
        self.find_unlisted(&whole, &mut strays).await?;
        Ok(strays)
    }

    /// Crashes of one salt that lack rows of the lasting indexes.
    async fn find_unlisted(
        &self,
        crashes: &[Listed],
        strays: &mut Vec<Stray>,
    ) -> Result<(), Fault> {
        let keys: Vec<Vec<u8>> = crashes.iter().filter_map(|it| it.submitted.clone()).collect();
        let bytes = keys.len() * INDEX_BYTES;
        let rows = self.client.get_rows(SUBMITTED, &keys, &[columns::CRASH_ID], bytes).await?;
        let there: HashSet<Vec<u8>> = rows.into_iter().map(|row| row.key).collect();
        for crash in crashes {
            if crash.submitted.as_ref().is_none_or(|key| !there.contains(key)) {
                let what = Astray::Unlisted(Index::Submitted);
                strays.push(Stray { crash_id: crash.crash_id, since: crash.since, what });
            }
        }
        let mut of_hangs: BTreeMap<String, Vec<(CrashId, Timestamp)>> = BTreeMap::new();
        for crash in crashes {
            if let Some(hang_id) = crash.hang_id.clone() {
                of_hangs.entry(hang_id).or_default().push((crash.crash_id, crash.since));
            }
        }
        let looks = futures::stream::iter(of_hangs).map(|(hang_id, crashes)| async move {
            Ok::<_, Fault>((crashes, self.named_by_hang(&hang_id).await?))
        });
        let looks: Vec<_> = looks.buffered(HANGS_AT_ONCE).try_collect().await?;
        for (crashes, named) in looks {
            let Some(named) = named else { continue };
            let unlisted = crashes.into_iter().filter(|(crash_id, _)| !named.contains(crash_id));
            let what = Astray::Unlisted(Index::Hang);
            strays.extend(unlisted.map(|(crash_id, since)| Stray {
                crash_id,
                since,
                what: what.clone(),
            }));
        }
        Ok(())
    }

    /// The remains of a put, looked at closely. `None` if they are gone by now.
    pub(super) async fn unfinished(&self, crash_id: CrashId) -> Result<Option<Stray>, Fault> {
        let key = keys::crash(crash_id);
        let Some(names) = self.names(&key).await? else { return Ok(None) };
        let mut bytes = 0;
        // One after another: a part has up to 4 MiB, and there is no hurry.
        for column in names.cells.keys().filter(|column| column.contains(&b'#')) {
            let most = self.client.value_bytes_max();
            let row = self.client.get_row(CRASHES, &key, &[column], most).await?;
            let cell = row.and_then(|mut row| row.cells.remove(column));
            bytes += cell.map_or(0, |cell| cell.value.len() as u64);
        }
        let since = written_at(&names);
        Ok(Some(Stray { crash_id, since, what: Astray::Unfinished { bytes } }))
    }

    /// A row's columns and timestamps, without values.
    pub(super) async fn names(&self, key: &[u8]) -> Result<Option<Row>, Fault> {
        let (stop, filter) = (after(key), "KeyOnlyFilter()");
        let scan = Scan { table: CRASHES, start: key, stop: &stop, columns: &[], filter };
        Ok(self.client.scan_page(&scan, 1, NAMES_BYTES).await?.pop())
    }
}

fn listed(crash_id: CrashId, row: &Row) -> Listed {
    let text = |column: &[u8]| std::str::from_utf8(&row.cell(column)?.value).ok();
    let submitted = text(columns::SUBMITTED).and_then(|time| time.parse().ok());
    Listed {
        crash_id,
        since: written_at(row),
        submitted: submitted.and_then(|at| keys::timed(at, crash_id).ok()),
        hang_id: text(columns::HANG_ID).map(str::to_owned),
    }
}

/// The newest of a row's timestamps. That of an empty manifest does not count: it is the mark of a
/// removal that did not come to its end.
pub(super) fn written_at(row: &Row) -> Timestamp {
    let cells = row.cells.iter().filter(|(column, _)| column.as_slice() != columns::MANIFEST);
    let manifest = row.cell(columns::MANIFEST).filter(|cell| !cell.value.is_empty());
    let newest = cells.map(|(_, cell)| cell).chain(manifest).map(|cell| cell.timestamp).max();
    Timestamp::from_micros(newest.unwrap_or_default().saturating_mul(1_000))
}
