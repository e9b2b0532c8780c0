//! Reading raw crashes and their dumps.

use std::sync::Arc;

use auxilio_common::storage::{Presence, StoredDump, StoredDumpBytes};
use auxilio_common::{CrashId, DumpName, Generation, RawCrash};

use super::fault::Fault;
use super::manifest::{Blob, ProcessedManifest, RawManifest};
use super::schema::CRASHES;
use super::value::Value;
use super::{HbaseStore, columns, document, keys, old_row};
use crate::row::{Cell, Row};

/// About what a crash's JSON has.
const JSON_BYTES: usize = 64 * 1024;

/// What a row is to a reader of raw crashes.
enum RawRow {
    Absent,
    /// Being written, or left half-way.
    NotYet,
    /// Written by Socorro.
    Old(Row),
    /// The manifest, and the JSON if it is a cell.
    Ours {
        manifest: RawManifest,
        json: Option<Cell>,
    },
}

impl HbaseStore {
    /// Reads a row's manifest and JSON. They are of one family, which costs a region server half of what
    /// three cost, so that the others are read only where these don't tell.
    async fn raw_row(&self, key: &[u8]) -> Result<RawRow, Fault> {
        let wanted = [columns::MANIFEST, columns::JSON];
        let row = self.client.look_up(CRASHES, key, &wanted, JSON_BYTES).await?;
        let ours = row.map(ours).transpose()?.flatten();
        match ours {
            Some(row) => Ok(row),
            None => self.raw_row_of_any(key).await,
        }
    }

    /// The same for a row that may be another's, or not be there.
    async fn raw_row_of_any(&self, key: &[u8]) -> Result<RawRow, Fault> {
        let wanted = [
            columns::MANIFEST,
            columns::JSON,
            columns::FORMAT,
            columns::SUBMITTED,
            columns::LEGACY_PROCESSING,
        ];
        let Some(row) = self.client.look_up(CRASHES, key, &wanted, JSON_BYTES).await? else {
            return Ok(RawRow::Absent);
        };
        if row.cell(columns::FORMAT).is_none() && manifest(&row).is_none() {
            let is_old = row.cell(columns::JSON).is_some();
            return Ok(if is_old { RawRow::Old(row) } else { RawRow::Absent });
        }
        // Meanwhile its manifest may have come.
        Ok(ours(row)?.unwrap_or(RawRow::NotYet))
    }

    pub(super) async fn raw_crash(&self, crash_id: CrashId) -> Result<Option<RawCrash>, Fault> {
        let key = keys::crash(crash_id);
        let (manifest, json) = match self.raw_row(&key).await? {
            RawRow::Absent => return Ok(None),
            RawRow::NotYet => return Err(Fault::NotYet),
            RawRow::Old(row) => {
                let dump = self.old_dump(&key).await?;
                return old_row::raw_crash(crash_id, &row, dump.as_deref()).map(Some);
            }
            RawRow::Ours { manifest, json } => (manifest, json),
        };
        let manifest = Arc::new(manifest);
        self.manifests.insert(crash_id, Arc::clone(&manifest));
        let json = match (&manifest.json, json) {
            (Some(blob), _) => {
                self.read_blob(&key, columns::JSON, blob).await?.map(Value::into_vec)
            }
            (None, json) => json.map(|cell| cell.value),
        };
        let json = json.ok_or_else(|| Fault::Chunk("of the metadata".to_owned()))?;
        document::read(&json, crash_id, manifest.infos()).map(Some)
    }

    /// The checksums of all chunks and of the whole are compared here.
    pub(super) async fn dump(
        &self,
        crash_id: CrashId,
        name: &DumpName,
    ) -> Result<Option<StoredDump>, Fault> {
        let key = keys::crash(crash_id);
        if let Some(manifest) = self.manifests.get(&crash_id)
            && let Some(blob) = manifest.dump(name)
            && let Some(value) = self.read_dump(&key, name, blob).await?
        {
            return Ok(Some(stream(value)));
        }
        let value = match self.raw_row(&key).await? {
            RawRow::NotYet => return Err(Fault::NotYet),
            RawRow::Old(_) if *name == DumpName::main() => {
                self.old_dump(&key).await?.map(Value::from)
            }
            RawRow::Absent | RawRow::Old(_) => None,
            RawRow::Ours { manifest, .. } => match manifest.dump(name) {
                Some(blob) => {
                    let value = self.read_dump(&key, name, blob).await?;
                    Some(value.ok_or_else(|| Fault::Chunk(format!("of dump \"{name}\"")))?)
                }
                None => None,
            },
        };
        Ok(value.map(stream))
    }

    async fn read_dump(
        &self,
        key: &[u8],
        name: &DumpName,
        blob: &Blob,
    ) -> Result<Option<Value>, Fault> {
        self.read_blob(key, format!("raw_data:{name}").as_bytes(), blob).await
    }

    pub(super) async fn presence(&self, crash_id: CrashId) -> Result<Presence, Fault> {
        let wanted = [
            columns::MANIFEST,
            columns::FORMAT,
            columns::CRASH_ID,
            columns::PROCESSED_MANIFEST,
            columns::PROCESSED_FLAG,
        ];
        let row = self.client.look_up(CRASHES, &keys::crash(crash_id), &wanted, 4_096).await?;
        let Some(row) = row else { return Ok(Presence::default()) };
        let raw = manifest(&row).is_some() || is_old(&row);
        let processed = match row.cell(columns::PROCESSED_MANIFEST) {
            Some(manifest) => {
                let manifest: ProcessedManifest = serde_json::from_slice(&manifest.value)?;
                Some(manifest.generation)
            }
            None => row
                .cell(columns::PROCESSED_FLAG)
                .filter(|flag| flag.value == b"Y")
                .map(|flag| Generation(flag.timestamp)),
        };
        Ok(Presence { raw, processed })
    }

    /// The dump of a row of Socorro.
    async fn old_dump(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        let most = self.client.value_bytes_max();
        let row = self.client.get_row(CRASHES, key, &[columns::OLD_DUMP], most).await?;
        Ok(row.and_then(|mut row| row.cells.remove(columns::OLD_DUMP)).map(|cell| cell.value))
    }
}

/// A row of ours that has its manifest.
fn ours(mut row: Row) -> Result<Option<RawRow>, Fault> {
    let Some(manifest) = manifest(&row) else { return Ok(None) };
    let manifest = serde_json::from_slice(&manifest.value)?;
    Ok(Some(RawRow::Ours { manifest, json: row.cells.remove(columns::JSON) }))
}

fn stream(value: Value) -> StoredDump {
    StoredDump { length: value.len(), bytes: StoredDumpBytes::Stream(Box::new(value)) }
}

/// Whether a row read with [`columns::MANIFEST`], [`columns::FORMAT`] and [`columns::CRASH_ID`] has a raw
/// crash. Values are not looked at: crashes whose remains are being removed may be among them.
pub(super) fn is_raw(row: &Row) -> bool {
    row.cell(columns::MANIFEST).is_some() || is_old(row)
}

fn is_old(row: &Row) -> bool {
    let is_ours = row.cell(columns::FORMAT).is_some() || row.cell(columns::MANIFEST).is_some();
    !is_ours && row.cell(columns::CRASH_ID).is_some()
}

/// A row's manifest. An empty one is the mark of a removal (see `audit/removing.rs`).
fn manifest(row: &Row) -> Option<&Cell> {
    row.cell(columns::MANIFEST).filter(|cell| !cell.value.is_empty())
}
