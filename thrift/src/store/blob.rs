//! Values in chunks, written and read.

use std::sync::Arc;

use auxilio_common::blocking::may_block;
use sha2::{Digest, Sha256};

use super::HbaseStore;
use super::chunk::{CHUNK_BYTES_MAX, Chunk, Expected, Source, Splitter};
use super::fault::Fault;
use super::keys::hex;
use super::manifest::Blob;
use super::schema::CRASHES;
use super::value::Value;
use crate::row::Put;

/// Bytes of chunks that may wait for the row's last call, which then writes them along.
const ALONG_BYTES_MAX: usize = 512 * 1024;

/// The chunks of a row that were not written yet: small values need no call of their own.
pub(super) struct ChunkWriter<'a> {
    store: &'a HbaseStore,
    key: &'a [u8],
    timestamp: i64,
    /// A cell that goes with every call, so that nobody takes the row for another format's.
    mark: Option<Put>,
    along: Vec<Put>,
    along_bytes: usize,
}

impl<'a> ChunkWriter<'a> {
    pub(super) fn new(
        store: &'a HbaseStore,
        key: &'a [u8],
        timestamp: i64,
        mark: Option<Put>,
    ) -> Self {
        Self { store, key, timestamp, mark, along: Vec::new(), along_bytes: 0 }
    }

    /// Writes a value's chunks under `value` (`family:name`). It is opened where reading may block.
    pub(super) async fn write(
        &mut self,
        value: &[u8],
        open: impl FnOnce() -> Result<Source, Fault> + Send + 'static,
        expected: Expected,
        fault: impl FnOnce(std::io::Error) -> Fault,
    ) -> Result<Blob, Fault> {
        let compressors = Arc::clone(&self.store.compressors);
        let most = self.store.chunk_bytes();
        let begin = move || {
            let mut splitter = Splitter::new(open()?, expected, most, compressors);
            let next = splitter.next();
            Ok::<_, Fault>((splitter, next))
        };
        let (mut splitter, mut next) = blocking(begin).await??;
        let (mut chunks, mut length) = (Vec::new(), 0);
        loop {
            let chunk = match next {
                Ok(Some(chunk)) => chunk?,
                Ok(None) => break,
                Err(error) => return Err(fault(error)),
            };
            length += chunk.name.length as u64;
            self.send(value, chunks.len(), &chunk).await?;
            chunks.push(chunk.name);
            if splitter.has_ended() {
                break;
            }
            (splitter, next) = blocking(move || {
                let next = splitter.next();
                (splitter, next)
            })
            .await?;
        }
        Ok(Blob { length, sha256: splitter.sha256(), chunks })
    }

    /// The chunks that the row's last call has to write.
    pub(super) fn into_rest(self) -> Vec<Put> {
        self.along.into_iter().chain(self.mark).collect()
    }

    async fn send(&mut self, value: &[u8], number: usize, chunk: &Chunk) -> Result<(), Fault> {
        let put = Put::new(chunk.name.column(value, number), chunk.bytes.clone());
        if self.along_bytes + put.value.len() <= ALONG_BYTES_MAX {
            self.along_bytes += put.value.len();
            self.along.push(put);
            return Ok(());
        }
        let cells: Vec<_> = std::iter::once(put).chain(self.mark.clone()).collect();
        Ok(self.store.client.put_row(CRASHES, self.key, &cells, self.timestamp).await?)
    }
}

/// Does what blocks, such as reading and compressing.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fault> {
    if may_block() {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|_| Fault::CutOff)
}

impl HbaseStore {
    /// Bytes of a chunk: as much as one request may carry.
    pub(super) fn chunk_bytes(&self) -> usize {
        self.client.value_bytes_max().min(CHUNK_BYTES_MAX)
    }

    /// Reads a value. `None` if a chunk is not there (any more).
    pub(super) async fn read_blob(
        &self,
        key: &[u8],
        name: &[u8],
        blob: &Blob,
    ) -> Result<Option<Value>, Fault> {
        let mut value = Value::default();
        // A CRC-32 for each chunk costs a fortieth part of the whole's SHA-256.
        let is_older = blob.chunks.iter().any(|chunk| chunk.crc32.is_none());
        let mut whole = is_older.then(Sha256::new);
        for (number, chunk) in blob.chunks.iter().enumerate() {
            let column = chunk.column(name, number);
            let row = self.client.get_row(CRASHES, key, &[&column], chunk.stored).await?;
            let Some(cell) = row.and_then(|mut row| row.cells.remove(&column)) else {
                return Ok(None);
            };
            let plain = chunk.open(cell.value)?;
            if let Some(whole) = &mut whole {
                whole.update(&plain);
            }
            value.push(plain);
        }
        let is_it = value.len() == blob.length
            && whole.is_none_or(|whole| hex(&whole.finalize()) == blob.sha256);
        if is_it { Ok(Some(value)) } else { Err(Fault::Chunk(blob.sha256.clone())) }
    }
}
