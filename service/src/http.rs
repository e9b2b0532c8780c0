//! The HTTP server under every role: bounded connections, bounded time for a head, two-stage stop.

mod chunked_10;
mod rest;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt;

use crate::{Shell, error_chain};

use self::chunked_10::Chunked10;

/// Connections that one server holds at once: each costs a task and some buffers.
pub const CONNECTIONS_MAX: usize = 4_096;

/// Time for a request's head: a slow client must not hold a connection for nothing.
pub const HEAD_TIME_MAX: Duration = Duration::from_secs(30);

/// Bytes that are read at once of one connection, and the longest head: hyper's own 400 kB would be 80 MB
/// for 200 large bodies.
const READ_BYTES_MAX: usize = 64 * 1024;

/// Wait after a failed accept, such as for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Whom a server has to understand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clients {
    /// Who holds to the standard.
    Standard,
    /// Crash clients of any age too: those that send chunks in HTTP/1.0 and look for `Content-Length`
    /// with these capitals.
    AnyAge,
}

/// The address can't be listened on.
#[derive(Debug, thiserror::Error)]
#[error("can't listen on {address} for {role}")]
pub struct ListenError {
    address: SocketAddr,
    role: &'static str,
    source: std::io::Error,
}

/// Listens on an address.
pub async fn listen(address: SocketAddr, shell: &Shell) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|source| ListenError {
        address,
        role: shell.role,
        source,
    })
}

/// Serves an axum router until the first stage; requests under way are finished, until the second.
///
/// Handlers find the other end's address as [`ConnectInfo`].
pub async fn serve(listener: TcpListener, router: Router, shell: &Shell) {
    let router =
        router.merge(crate::ops::router(shell)).layer(axum::middleware::from_fn(rest::discard));
    let make = |peer: SocketAddr| {
        TowerToHyperService::new(router.clone().map_request(
            move |mut request: hyper::Request<Incoming>| {
                request.extensions_mut().insert(ConnectInfo(peer));
                request
            },
        ))
    };
    serve_with(listener, make, Clients::Standard, HEAD_TIME_MAX, shell).await;
}

/// Serves any service, made anew for each connection, in the same way.
///
/// Whoever takes longer for a head has the connection closed without an answer: there is no request yet.
pub async fn serve_with<S, M, B>(
    listener: TcpListener,
    make: M,
    clients: Clients,
    head_time_max: Duration,
    shell: &Shell,
) where
    M: Fn(SocketAddr) -> S,
    S: Service<hyper::Request<Incoming>, Response = hyper::Response<B>, Error = Infallible>
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let graceful = GracefulShutdown::new();
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            () = shell.shutdown.soft().cancelled() => break,
            accepted = accept(&listener, &slots) => accepted,
        };
        let Some((stream, peer, slot)) = accepted else { continue };
        let any_age = clients == Clients::AnyAge;
        let stream = if any_age { Chunked10::new(stream) } else { Chunked10::through(stream) };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(head_time_max)
            .max_buf_size(READ_BYTES_MAX)
            .title_case_headers(any_age)
            .serve_connection(TokioIo::new(stream), make(peer));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            let _slot = slot;
            if let Err(error) = connection.await {
                // Without the address: nobody's stands in a log.
                tracing::debug!(error = error_chain(&error), "connection ended early");
            }
        });
    }
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = shell.shutdown.hard().cancelled() => {}
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Answers are small and whole: waiting to fill a segment only delays them.
            let _ = stream.set_nodelay(true);
            Some((stream, peer, slot))
        }
        Err(error) => {
            tracing::warn!(error = error_chain(&error), "a connection could not be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}
