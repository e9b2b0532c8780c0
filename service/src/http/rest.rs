//! The rest of a request's body: read and thrown away before an early answer goes out.
//!
//! A handler that answers before it has read all of a body (too large, of the wrong kind) leaves
//! bytes in the socket. Closing a socket with unread bytes resets the connection, and the reset
//! may overtake the answer: the client then sees a broken pipe in place of the reason.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use auxilio_common::limits::BODY_BYTES_MAX;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::EXPECT;
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;

/// Time for the rest of a body; who is slower has the connection closed on it.
const REST_TIME_MAX: Duration = Duration::from_secs(10);

/// A body that its handler reads, and whose rest is still there when the handler is done.
#[derive(Clone)]
struct Shared {
    body: Arc<Mutex<Body>>,
    /// Whether anybody has asked for bytes.
    read: Arc<AtomicBool>,
}

impl Shared {
    fn with<T>(&self, work: impl FnOnce(Pin<&mut Body>) -> T) -> T {
        let mut body = self.body.lock().unwrap_or_else(PoisonError::into_inner);
        work(Pin::new(&mut *body))
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.read.store(true, Ordering::Relaxed);
        self.with(|body| body.poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.with(|body| body.size_hint())
    }
}

/// Runs the handler, then reads what it left of the body, within bounds.
pub(super) async fn discard(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (head, body) = request.into_parts();
    let waits_for_leave = head.headers.contains_key(EXPECT);
    let body = Shared { body: Arc::new(Mutex::new(body)), read: Arc::default() };
    let mut rest = body.clone();
    let response = next.run(Request::from_parts(head, Body::new(body))).await;
    // Who asked before sending has sent nothing yet, and reading would tell it to begin.
    if waits_for_leave && !rest.read.load(Ordering::Relaxed) {
        return response;
    }
    let reading = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = rest.frame().await {
            bytes += frame.data_ref().map_or(0, Bytes::len) as u64;
            if bytes > BODY_BYTES_MAX {
                break;
            }
        }
    };
    // Whoever is too slow or too large may miss the answer: that is all that is left to lose.
    let _in_time = tokio::time::timeout(REST_TIME_MAX, reading).await;
    response
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{Ipv4Addr, TcpStream};

    use axum::Router;
    use axum::extract::DefaultBodyLimit;
    use axum::routing::post;

    use crate::{Shell, Shutdown, Version, http};

    /// Sends a body of 8 MiB to the end and returns what comes back.
    fn send(address: std::net::SocketAddr) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        let length = 8 << 20;
        write!(
            stream,
            "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        )?;
        let chunk = vec![b'x'; 64 * 1024];
        for _ in 0..length / chunk.len() {
            stream.write_all(&chunk)?;
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// Asks for leave to send a body, and returns all that comes back.
    fn ask(address: std::net::SocketAddr) -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        write!(
            stream,
            "POST /none HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: 9\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_sends_too_much_is_told_so_and_not_cut_off() {
        let shutdown = Shutdown::new();
        let shell = Shell::new("test", Version { version: "0", commit: "0" }, shutdown.clone());
        let listener = http::listen((Ipv4Addr::LOCALHOST, 0).into(), &shell).await.unwrap();
        let address = listener.local_addr().unwrap();
        let read = |body: String| async move { body.len().to_string() };
        let router = Router::new().route("/", post(read)).layer(DefaultBodyLimit::max(1024));
        let serving = tokio::spawn(async move { http::serve(listener, router, &shell).await });
        for _ in 0..20 {
            let answer = tokio::task::spawn_blocking(move || send(address)).await.unwrap().unwrap();
            assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
        }
        let answer = tokio::task::spawn_blocking(move || ask(address)).await.unwrap().unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "nobody is told to send for nothing: {answer}");
        shutdown.begin();
        serving.await.unwrap();
    }
}
