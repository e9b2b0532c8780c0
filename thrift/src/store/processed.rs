//! Processed crashes: the newest timestamp of the manifest is the highest generation.

use std::io::Cursor;

use auxilio_common::{CrashId, ProcessedDocument};
use bytes::Bytes;

use super::blob::ChunkWriter;
use super::chunk::{Expected, Source};
use super::fault::Fault;
use super::manifest::ProcessedManifest;
use super::schema::CRASHES;
use super::{HbaseStore, columns, keys, old_row};
use crate::row::{Put, Row};

/// What Socorro wrote for a signature that is empty, and for one that is not there.
const EMPTY_SIGNATURE: &str = "##empty##";
const NO_SIGNATURE: &str = "##null##";

/// Times that a reader begins again because a higher generation took the place of what it read.
const TRIES: usize = 5;

impl HbaseStore {
    pub(super) async fn put_processed_crash(
        &self,
        document: &ProcessedDocument,
    ) -> Result<(), Fault> {
        let envelope = &document.envelope;
        let key = keys::crash(envelope.crash_id);
        let before = self.processed_manifest(&key).await?;
        if before.as_ref().is_some_and(|before| before.generation > envelope.generation) {
            return Ok(());
        }
        let timestamp = envelope.generation.0;
        let mut writer = ChunkWriter::new(self, &key, timestamp, None);
        let json = serde_json::to_vec(document)?;
        let expected = Expected { length: json.len() as u64, checksums: None };
        let open = move || Ok(Box::new(Cursor::new(json)) as Source);
        let blob = writer.write(columns::PROCESSED_JSON, open, expected, |_| Fault::CutOff).await?;
        let manifest = ProcessedManifest { generation: envelope.generation, document: blob };
        let signature = match document.crash.text("signature") {
            Some("") => EMPTY_SIGNATURE,
            Some(signature) => signature,
            None => NO_SIGNATURE,
        };
        let mut cells = vec![
            Put::new(columns::PROCESSED_MANIFEST, serde_json::to_vec(&manifest)?),
            Put::new(columns::SIGNATURE, signature.to_owned()),
            Put::new(columns::PROCESSED_AT, envelope.completed_at.to_string()),
            Put::new(columns::PROCESSED_FLAG, Bytes::from_static(b"Y")),
        ];
        cells.extend(writer.into_rest());
        self.client.put_row(CRASHES, &key, &cells, timestamp).await?;
        match before.filter(|before| before.generation < envelope.generation) {
            Some(before) => self.drop_chunks(&key, &before, &manifest).await,
            None => Ok(()),
        }
    }

    pub(super) async fn processed_crash(
        &self,
        crash_id: CrashId,
    ) -> Result<Option<ProcessedDocument>, Fault> {
        let key = keys::crash(crash_id);
        for _ in 0..TRIES {
            let wanted = [columns::PROCESSED_MANIFEST, columns::FORMAT];
            let row = self.client.look_up(CRASHES, &key, &wanted, 4_096).await?;
            let manifest = row.as_ref().map_or(Ok(None), manifest_of)?;
            let Some(manifest) = manifest else {
                let is_ours = row.is_some_and(|row| row.cell(columns::FORMAT).is_some());
                return if is_ours { Ok(None) } else { self.old_processed(crash_id, &key).await };
            };
            let blob = &manifest.document;
            if let Some(value) = self.read_blob(&key, columns::PROCESSED_JSON, blob).await? {
                return Ok(Some(serde_json::from_slice(&value.into_vec())?));
            }
            // A higher one came and these chunks went between the two reads.
        }
        Err(Fault::Chunk("of the processed crash".to_owned()))
    }

    /// What Socorro wrote: one cell, of any size, which goes in a call of its own.
    async fn old_processed(
        &self,
        crash_id: CrashId,
        key: &[u8],
    ) -> Result<Option<ProcessedDocument>, Fault> {
        let most = self.client.value_bytes_max();
        let row = self.client.get_row(CRASHES, key, &[columns::PROCESSED_JSON], most).await?;
        let json = row.as_ref().and_then(|row| row.cell(columns::PROCESSED_JSON));
        json.map(|json| old_row::processed(crash_id, json)).transpose()
    }

    async fn processed_manifest(&self, key: &[u8]) -> Result<Option<ProcessedManifest>, Fault> {
        let wanted = [columns::PROCESSED_MANIFEST];
        let row = self.client.look_up(CRASHES, key, &wanted, 4_096).await?;
        row.map_or(Ok(None), |row| manifest_of(&row))
    }

    /// Deletes the chunks of a lower generation that the higher one has no use for.
    async fn drop_chunks(
        &self,
        key: &[u8],
        lower: &ProcessedManifest,
        higher: &ProcessedManifest,
    ) -> Result<(), Fault> {
        let kept = higher.columns(columns::PROCESSED_JSON);
        let columns = lower.columns(columns::PROCESSED_JSON);
        let gone: Vec<&[u8]> = columns
            .keys()
            .filter(|column| !kept.contains_key(*column))
            .map(Vec::as_slice)
            .collect();
        if gone.is_empty() {
            return Ok(());
        }
        Ok(self.client.delete_cells(CRASHES, key, &gone, lower.generation.0).await?)
    }
}

fn manifest_of(row: &Row) -> Result<Option<ProcessedManifest>, Fault> {
    let manifest = row.cell(columns::PROCESSED_MANIFEST);
    Ok(manifest.map(|cell| serde_json::from_slice(&cell.value)).transpose()?)
}
