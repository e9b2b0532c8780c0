//! A dump's bytes as the body of an answer, some at a time: no dump is held in memory.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use auxilio_common::storage::{StoredDump, StoredDumpBytes};
use axum::body::Body;
use bytes::Bytes;
use futures::stream;

/// Bytes that are read at once.
const PIECE_BYTES: usize = 128 * 1024;

/// What is left of a dump.
struct Rest {
    reader: Box<dyn Read + Send>,
    left: u64,
}

/// The dump as a body. Fewer bytes than it says end the connection, so that nobody takes a part
/// for the whole.
///
/// Each piece is read on a thread for blocking work, which is given back before the piece is sent:
/// a slow reader holds no thread.
pub(crate) async fn body(dump: StoredDump) -> io::Result<Body> {
    let rest = tokio::task::spawn_blocking(move || open(dump)).await??;
    let pieces = stream::try_unfold(rest, |rest| async move {
        tokio::task::spawn_blocking(move || next_piece(rest)).await?
    });
    Ok(Body::from_stream(pieces))
}

fn open(dump: StoredDump) -> io::Result<Rest> {
    let reader: Box<dyn Read + Send> = match dump.bytes {
        StoredDumpBytes::File { path, offset } => {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(offset))?;
            Box::new(file)
        }
        StoredDumpBytes::Stream(reader) => reader,
    };
    Ok(Rest { reader, left: dump.length })
}

fn next_piece(mut rest: Rest) -> io::Result<Option<(Bytes, Rest)>> {
    if rest.left == 0 {
        return Ok(None);
    }
    let length = usize::try_from(rest.left).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
    let mut piece = vec![0; length];
    rest.reader.read_exact(&mut piece)?;
    rest.left -= length as u64;
    Ok(Some((piece.into(), rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dump_of(bytes: Vec<u8>, length: u64) -> StoredDump {
        StoredDump { length, bytes: StoredDumpBytes::Stream(Box::new(io::Cursor::new(bytes))) }
    }

    #[tokio::test]
    async fn a_dump_arrives_whole_or_not_at_all() {
        let bytes: Vec<u8> = (0..300_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        let whole = body(dump_of(bytes.clone(), 300_000)).await.unwrap();
        assert_eq!(axum::body::to_bytes(whole, usize::MAX).await.unwrap(), bytes);
        let part = body(dump_of(bytes.clone(), 300_001)).await.unwrap();
        assert!(axum::body::to_bytes(part, usize::MAX).await.is_err());
        let cut = body(dump_of(bytes, 7)).await.unwrap();
        assert_eq!(axum::body::to_bytes(cut, usize::MAX).await.unwrap().len(), 7);
    }
}
