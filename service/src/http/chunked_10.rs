//! HTTP/1.0 requests with a chunked body, which the standard does not know and hyper refuses. Crashpad's own
//! transport, that of Android and of many games, sends nothing else.
//!
//! The head of a connection's first request is looked at before hyper reads it. Where it is such a
//! request it is handed on as HTTP/1.1 with `Connection: close`, which is what its sender means;
//! everything else goes through untouched.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of a head that are looked at: Crashpad's has 300. A longer one is left to hyper.
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// Bytes that are read at once while the head is not known.
const READ_BYTES: usize = 2 * 1024;

/// A connection whose first request may be such a one. Its time is bounded by whoever reads.
#[derive(Debug)]
pub(super) struct Chunked10<C> {
    connection: C,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The bytes so far do not tell.
    Looking(Vec<u8>),
    /// The bytes that were looked at, and how many of them the reader has.
    Giving(Vec<u8>, usize),
    /// The reader gets the connection's own bytes.
    Through,
}

impl<C> Chunked10<C> {
    pub(super) fn new(connection: C) -> Self {
        Self { connection, state: State::Looking(Vec::new()) }
    }

    /// A connection that is not looked at.
    pub(super) fn through(connection: C) -> Self {
        Self { connection, state: State::Through }
    }
}

impl<C: AsyncRead + Unpin> AsyncRead for Chunked10<C> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { connection, state } = self.get_mut();
        loop {
            match state {
                State::Looking(bytes) => {
                    let mut room = [0; READ_BYTES];
                    let mut more = ReadBuf::new(&mut room);
                    ready!(Pin::new(&mut *connection).poll_read(context, &mut more))?;
                    let before = bytes.len();
                    bytes.extend_from_slice(more.filled());
                    let ended = more.filled().is_empty();
                    if ended || look(bytes, before) {
                        *state = State::Giving(std::mem::take(bytes), 0);
                    }
                }
                State::Giving(bytes, given) if *given < bytes.len() => {
                    let count = buffer.remaining().min(bytes.len() - *given);
                    buffer.put_slice(&bytes[*given..*given + count]);
                    *given += count;
                    return Poll::Ready(Ok(()));
                }
                State::Giving(..) => *state = State::Through,
                State::Through => return Pin::new(connection).poll_read(context, buffer),
            }
        }
    }
}

/// Looks at the bytes so far, of which `seen` were looked at before. Says whether they tell what the request is; if it is
/// HTTP/1.0 with a chunked body, it has been rewritten.
fn look(bytes: &mut Vec<u8>, seen: usize) -> bool {
    let too_long = bytes.len() > HEAD_BYTES_MAX;
    let Some(line_end) = bytes.iter().position(|byte| *byte == b'\n') else { return too_long };
    let line = bytes[..line_end].trim_ascii_end();
    let version_end = line.len();
    if !line.ends_with(b" HTTP/1.0") {
        return true;
    }
    let from = seen.saturating_sub(3);
    let within = &bytes[from.min(HEAD_BYTES_MAX)..bytes.len().min(HEAD_BYTES_MAX)];
    let Some(head_end) = within.windows(4).position(|four| four == b"\r\n\r\n") else {
        return too_long;
    };
    if has_chunked_body(&bytes[line_end..from + head_end]) {
        bytes[version_end - 1] = b'1';
        let close = b"Connection: close\r\n";
        bytes.splice(line_end + 1..=line_end, close.iter().copied());
    }
    true
}

fn has_chunked_body(lines: &[u8]) -> bool {
    lines.split(|byte| *byte == b'\n').any(|line| {
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let (name, value) = (halves.next(), halves.next());
        let is = |half: Option<&[u8]>, wanted: &[u8]| {
            half.is_some_and(|half| half.trim_ascii().eq_ignore_ascii_case(wanted))
        };
        is(name, b"transfer-encoding") && is(value, b"chunked")
    })
}

impl<C: AsyncWrite + Unpin> AsyncWrite for Chunked10<C> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().connection).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().connection).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().connection).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().connection).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.connection.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// What a reader behind the wrapper gets of bytes that come in pieces of a size.
    async fn passed(bytes: &[u8], size: usize) -> Vec<u8> {
        let (mut client, server) = tokio::io::duplex(size);
        let sent = bytes.to_vec();
        let sending = tokio::spawn(async move {
            client.write_all(&sent).await.unwrap();
        });
        let (mut wrapped, mut got) = (Chunked10::new(server), Vec::new());
        wrapped.read_to_end(&mut got).await.unwrap();
        sending.await.unwrap();
        got
    }

    #[tokio::test]
    async fn a_chunked_request_of_1_0_is_one_of_1_1_that_closes() {
        let sent = b"POST /submit HTTP/1.0\r\nHost: x\r\ntransfer-encoding:  Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
        let expected = b"POST /submit HTTP/1.1\r\nConnection: close\r\nHost: x\r\ntransfer-encoding:  Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
        for size in [1, 2, 30, 4_096] {
            assert_eq!(passed(sent, size).await, expected, "{size}");
        }
    }

    #[tokio::test]
    async fn everything_else_goes_through_untouched() {
        let long = [b"POST / HTTP/1.0\r\nX: ".as_slice(), &[b'x'; HEAD_BYTES_MAX]].concat();
        let late = [&long, b"\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice()].concat();
        for sent in [
            b"".as_slice(),
            b"PO",
            b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"POST / HTTP/1.0\r\nContent-Length: 1\r\n\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"POST / HTTP/1.0\r\nTransfer-Encoding: gzip\r\n\r\n",
            b"\r\n\r\nPOST / HTTP/1.0\r\n\r\n",
            &vec![b'x'; 3 * HEAD_BYTES_MAX],
            &late,
        ] {
            for size in [1, 1_000] {
                assert!(passed(sent, size).await == sent, "{}", sent.escape_ascii());
            }
        }
    }
}
