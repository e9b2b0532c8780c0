//! Manifests: which chunks make up the values of a row.

use std::collections::BTreeMap;

use auxilio_common::{DumpInfo, DumpName, Generation};
use serde::{Deserialize, Serialize};

use super::chunk::ChunkRef;

/// A value in chunks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Blob {
    /// Plain bytes.
    pub(super) length: u64,
    /// SHA-256 of all of them, as 64 lower-case hexadecimal digits.
    pub(super) sha256: String,
    /// Its chunks, in order.
    pub(super) chunks: Vec<ChunkRef>,
}

impl Blob {
    /// The CRC-32 of all bytes, if each chunk has its own.
    fn crc32(&self) -> Option<u32> {
        let mut whole = crc32fast::Hasher::new();
        for chunk in &self.chunks {
            whole.combine(&crc32fast::Hasher::new_with_initial_len(
                chunk.crc32?,
                chunk.length as u64,
            ));
        }
        Some(whole.finalize())
    }
}

/// A dump and its chunks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StoredBlob {
    pub(super) name: DumpName,
    #[serde(flatten)]
    pub(super) blob: Blob,
}

/// What a raw crash consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RawManifest {
    /// The dumps in the order of their arrival.
    pub(super) dumps: Vec<StoredBlob>,
    /// The chunks of `meta_data:json` if it is not a cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) json: Option<Blob>,
}

impl RawManifest {
    pub(super) fn dump(&self, name: &DumpName) -> Option<&Blob> {
        self.dumps.iter().find(|dump| dump.name == *name).map(|dump| &dump.blob)
    }

    /// The dumps as a raw crash names them, as if they lay one after another.
    pub(super) fn infos(&self) -> Vec<DumpInfo> {
        let mut offset = 0;
        let infos = self.dumps.iter().map(|StoredBlob { name, blob }| {
            let info = DumpInfo {
                name: name.clone(),
                offset,
                length: blob.length,
                sha256: blob.sha256.clone(),
                crc32: blob.crc32(),
            };
            offset += blob.length;
            info
        });
        infos.collect()
    }
}

/// What a processed crash consists of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ProcessedManifest {
    pub(super) generation: Generation,
    pub(super) document: Blob,
}

impl ProcessedManifest {
    /// The columns of its chunks.
    pub(super) fn columns(&self, value: &[u8]) -> BTreeMap<Vec<u8>, &ChunkRef> {
        let chunks = self.document.chunks.iter().enumerate();
        chunks.map(|(number, chunk)| (chunk.column(value, number), chunk)).collect()
    }
}
