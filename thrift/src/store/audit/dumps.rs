//! Whether the chunks that manifests name are there.

use std::collections::HashMap;

use auxilio_common::audit::{Astray, Stray};

use super::super::fault::Fault;
use super::super::manifest::RawManifest;
use super::super::schema::CRASHES;
use super::super::{HbaseStore, columns, keys};
use super::CRASH_BYTES;
use super::crashes::written_at;
use super::state::{COLUMNS, State, state};
use crate::row::Row;

/// Where chunks, JSON and manifest stand.
pub(super) const FAMILIES: [&[u8]; 2] = [b"meta_data", b"raw_data"];

impl HbaseStore {
    /// Compares names of columns, as they stood together at one instant, with the manifest of that
    /// instant. One that was written anew meanwhile is not judged.
    pub(super) async fn audit_dumps(&self, names: &[Row]) -> Result<Vec<Stray>, Fault> {
        let keys: Vec<Vec<u8>> = names.iter().map(|row| row.key.clone()).collect();
        let read = self.client.get_rows(CRASHES, &keys, &COLUMNS, keys.len() * CRASH_BYTES).await?;
        let read: HashMap<Vec<u8>, Row> =
            read.into_iter().map(|row| (row.key.clone(), row)).collect();
        let mut strays = Vec::new();
        for row in names {
            let Some(crash_id) = keys::crash_of(&row.key) else { continue };
            let is_chunk = |column: &Vec<u8>| column.contains(&b'#');
            match read.get(&row.key) {
                Some(now) if state(now) == State::Whole => {
                    let what = missing(row, now).map(|what| Astray::Damaged { what });
                    let since = written_at(now);
                    strays.extend(what.map(|what| Stray { crash_id, since, what }));
                }
                // Chunks without any mark of ours: an audit of the small cells doesn't see them.
                None if row.cells.keys().any(is_chunk) => {
                    strays.extend(self.unfinished(crash_id).await?);
                }
                _ => {}
            }
        }
        Ok(strays)
    }
}

/// What is missing of a crash.
fn missing(names: &Row, now: &Row) -> Option<String> {
    let manifest = now.cell(columns::MANIFEST)?;
    if names.cell(columns::MANIFEST).map(|cell| cell.timestamp) != Some(manifest.timestamp) {
        return None;
    }
    let Ok(manifest) = serde_json::from_slice::<RawManifest>(&manifest.value) else {
        return Some("its manifest can't be read".to_owned());
    };
    let has = |column: &[u8]| names.cell(column).is_some();
    for dump in &manifest.dumps {
        let value = format!("raw_data:{}", dump.name);
        let chunks = dump.blob.chunks.iter().enumerate();
        let lost = chunks.filter(|(number, it)| !has(&it.column(value.as_bytes(), *number)));
        let lost = lost.count();
        if lost > 0 {
            let (name, of) = (&dump.name, dump.blob.chunks.len());
            return Some(format!("{lost} of {of} chunks of the dump \"{name}\" are missing"));
        }
    }
    let has_json = match &manifest.json {
        None => has(columns::JSON),
        Some(blob) => {
            let mut chunks = blob.chunks.iter().enumerate();
            chunks.all(|(number, it)| has(&it.column(columns::JSON, number)))
        }
    };
    (!has_json).then(|| "its metadata is missing".to_owned())
}
