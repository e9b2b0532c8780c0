//! Putting a raw crash: chunks, then the manifest with all small cells by one call, then the rows of the
//! indexes while the manifest is read back.

use std::io::Cursor;
use std::sync::Arc;

use auxilio_common::storage::{IndexEntry, PutRaw};
use auxilio_common::{DumpInfo, RawCrash, RawEnvelope, Throttle};
use bytes::Bytes;
use futures::future::{try_join, try_join_all};

use super::blob::ChunkWriter;
use super::chunk::{Expected, Source};
use super::claim::Claim;
use super::fault::Fault;
use super::manifest::{RawManifest, StoredBlob};
use super::schema::{CRASHES, HANGS, SUBMITTED, UNPROCESSED};
use super::visible::offsets;
use super::{HbaseStore, columns, document, keys};
use crate::row::Put;

/// The longest JSON that is one cell: readers of the table find it there; a longer one goes in
/// chunks, because requests and cells have their limits.
const CELL_JSON_BYTES_MAX: usize = 256 * 1024;

impl HbaseStore {
    pub(super) async fn put_raw_crash(
        &self,
        envelope: &Arc<dyn RawEnvelope>,
    ) -> Result<PutRaw, Fault> {
        let crash = envelope.raw_crash();
        let key = keys::crash(crash.crash_id);
        // Ids that the collector issued don't meet each other: whoever has one is an earlier try of
        // this, unless a submitter has claimed it.
        let may_meet = crash.metadata.id_supplied || self.is_claimed(&key).await?;
        if may_meet {
            if let Some(outcome) = self.compare_with_stored(crash).await? {
                return Ok(outcome);
            }
            if self.claim(&key, crash).await? == Claim::Other {
                return Ok(PutRaw::IdTaken);
            }
        }
        let first = crash.metadata.received_at.millis();
        for offset in offsets() {
            let timestamp = first.saturating_add(offset);
            let manifest = self.put_row_of(envelope, &key, timestamp).await?;
            if offset == 0 && !may_meet {
                let stands = self.stands(&key, timestamp, &manifest);
                if try_join(stands, self.put_index_rows(crash)).await?.0 {
                    return Ok(PutRaw::Stored);
                }
            }
            // A crash that was removed hides what is not newer than it was.
            if let Some(outcome) = self.compare_with_stored(crash).await? {
                return Ok(outcome);
            }
        }
        Err(Fault::Hidden)
    }

    /// Whether a row shows a manifest that was just written. It came with all else by one call, so
    /// where it stands, the crash does.
    async fn stands(&self, key: &[u8], timestamp: i64, manifest: &[u8]) -> Result<bool, Fault> {
        let row = self.client.look_up(CRASHES, key, &[columns::MANIFEST], 4_096).await?;
        let cell = row.as_ref().and_then(|row| row.cell(columns::MANIFEST));
        Ok(cell.is_some_and(|cell| cell.timestamp == timestamp && cell.value == manifest))
    }

    /// Finds out what a submission is to the crash that the store shows under its id, and if it is
    /// the same, puts its rows of the indexes so that they show. `None` if there is no whole crash.
    async fn compare_with_stored(&self, crash: &RawCrash) -> Result<Option<PutRaw>, Fault> {
        let stored = match self.raw_crash(crash.crash_id).await {
            Ok(Some(stored)) => stored,
            Ok(None) | Err(Fault::NotYet) => return Ok(None),
            Err(fault) => return Err(fault),
        };
        let outcome = compare(&stored, crash);
        if outcome == PutRaw::Stored {
            self.show_index_rows(crash).await?;
        }
        Ok(Some(outcome))
    }

    /// Writes all of a crash's own row; returns its manifest.
    async fn put_row_of(
        &self,
        envelope: &Arc<dyn RawEnvelope>,
        key: &[u8],
        timestamp: i64,
    ) -> Result<Bytes, Fault> {
        let crash = envelope.raw_crash();
        let mark = Put::new(columns::FORMAT, columns::FORMAT_VALUE);
        let mut writer = ChunkWriter::new(self, key, timestamp, Some(mark));
        let mut dumps = Vec::with_capacity(crash.dumps.len());
        for dump in &crash.dumps {
            dumps.push(write_dump(&mut writer, envelope, dump).await?);
        }
        let json = document::write(crash)?;
        let mut manifest = RawManifest { dumps, json: None };
        let mut cells = small_cells(crash);
        if json.len() > CELL_JSON_BYTES_MAX {
            let expected = Expected { length: json.len() as u64, checksums: None };
            let open = move || Ok(Box::new(Cursor::new(json)) as Source);
            let blob = writer.write(columns::JSON, open, expected, |_| Fault::CutOff).await?;
            manifest.json = Some(blob);
        } else {
            cells.push(Put::new(columns::JSON, json));
        }
        let manifest = Bytes::from(serde_json::to_vec(&manifest)?);
        cells.push(Put::new(columns::MANIFEST, manifest.clone()));
        cells.extend(writer.into_rest());
        self.client.put_row(CRASHES, key, &cells, timestamp).await?;
        Ok(manifest)
    }

    /// Writes the rows of the indexes so that they show, whatever was deleted before.
    pub(super) async fn show_index_rows(&self, crash: &RawCrash) -> Result<(), Fault> {
        self.show(index_rows(crash)?).await
    }

    /// The same for those that a crash has as long as it is there.
    pub(super) async fn put_lasting_rows(&self, crash: &RawCrash) -> Result<(), Fault> {
        let mut rows = index_rows(crash)?;
        rows.retain(|row| row.table != UNPROCESSED);
        self.show(rows).await
    }

    async fn show(&self, rows: Vec<IndexRow>) -> Result<(), Fault> {
        let shown =
            rows.iter().map(|row| self.put_visible(row.table, &row.key, &row.cells, row.timestamp));
        try_join_all(shown).await?;
        Ok(())
    }

    /// Writes the rows of the indexes. One that the monitor has removed stays hidden, as it should:
    /// its crash is queued.
    async fn put_index_rows(&self, crash: &RawCrash) -> Result<(), Fault> {
        let rows = index_rows(crash)?;
        let puts = rows
            .iter()
            .map(|row| self.client.put_small_row(row.table, &row.key, &row.cells, row.timestamp));
        try_join_all(puts).await?;
        Ok(())
    }
}

/// A crash's row of an index.
struct IndexRow {
    table: &'static str,
    key: Vec<u8>,
    cells: Vec<Put>,
    timestamp: i64,
}

/// Cells of index rows have the minute of the crash's arrival as their timestamp: rows of one
/// timestamp can go in one call.
const MINUTE_MS: i64 = 60_000;

/// The rows of the indexes.
fn index_rows(crash: &RawCrash) -> Result<Vec<IndexRow>, Fault> {
    let timestamp = crash.metadata.received_at.millis().div_euclid(MINUTE_MS) * MINUTE_MS;
    let id = Put::new(columns::CRASH_ID, crash.crash_id.to_string());
    let row = |table, key, cells| IndexRow { table, key, cells, timestamp };
    let product = keys::short(crash.annotation("ProductName").unwrap_or_default());
    let submitted = keys::timed(crash.metadata.submitted_timestamp, crash.crash_id)?;
    let mut rows =
        vec![row(SUBMITTED, submitted, vec![id.clone(), Put::new(columns::PRODUCT, product)])];
    if let Some(hang_id) = crash.annotation("HangID") {
        let cell = Put::new(hang_column(crash), id.value.clone());
        rows.push(row(HANGS, keys::short(hang_id), vec![cell]));
    }
    if crash.metadata.throttle == Throttle::Accept {
        rows.push(row(UNPROCESSED, unprocessed_key(&entry_of(crash))?, vec![id]));
    }
    Ok(rows)
}

async fn write_dump(
    writer: &mut ChunkWriter<'_>,
    envelope: &Arc<dyn RawEnvelope>,
    dump: &DumpInfo,
) -> Result<StoredBlob, Fault> {
    let name = dump.name.clone();
    let fault = |source| Fault::Dump { name: dump.name.clone(), source };
    let (envelope, wanted) = (Arc::clone(envelope), name.clone());
    let open = move || match envelope.open_dump(&wanted) {
        Ok(Some(source)) => Ok(source),
        Ok(None) => Err(Fault::DumpMissing(wanted)),
        Err(source) => Err(Fault::Dump { name: wanted, source }),
    };
    let value = format!("raw_data:{name}");
    let checksums = dump.crc32.map(|crc32| (crc32, dump.sha256.clone()));
    let expected = Expected { length: dump.length, checksums };
    let blob = writer.write(value.as_bytes(), open, expected, fault).await?;
    if (blob.length, &blob.sha256) != (dump.length, &dump.sha256) {
        return Err(Fault::DumpChanged(name));
    }
    Ok(StoredBlob { name, blob })
}

/// The cells that other readers of the table look for.
fn small_cells(crash: &RawCrash) -> Vec<Put> {
    let mut cells = vec![
        Put::new(columns::PROCESSED_FLAG, Bytes::from_static(b"N")),
        Put::new(columns::CRASH_ID, crash.crash_id.to_string()),
        Put::new(columns::SUBMITTED, crash.metadata.submitted_timestamp.to_string()),
    ];
    if let Some(hang_id) = crash.annotation("HangID").filter(|hang_id| hang_id.len() <= 1_000) {
        cells.push(Put::new(columns::HANG_ID, hang_id.to_owned()));
    }
    cells
}

/// The column of a crash in its hang's row: several may have one process type.
pub(super) fn hang_column(crash: &RawCrash) -> Vec<u8> {
    let kind = crash.annotation("ProcessType").unwrap_or("default");
    let kind: String = kind.chars().take(100).collect();
    format!("ids:ooid:{kind}:{}", crash.crash_id).into_bytes()
}

/// A crash's entry in the unprocessed index.
pub(super) fn entry_of(crash: &RawCrash) -> IndexEntry {
    IndexEntry { received_at: crash.metadata.received_at, crash_id: crash.crash_id }
}

/// The key of an entry in the unprocessed index.
pub(super) fn unprocessed_key(entry: &IndexEntry) -> Result<Vec<u8>, Fault> {
    keys::timed(entry.received_at, entry.crash_id)
}

/// What a submission is to the crash that came first.
fn compare(stored: &RawCrash, new: &RawCrash) -> PutRaw {
    if !stored.has_content_of(new) {
        PutRaw::IdTaken
    } else if stored.metadata == new.metadata {
        PutRaw::Stored
    } else {
        PutRaw::Duplicate
    }
}
