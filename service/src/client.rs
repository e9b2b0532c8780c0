//! A small HTTP client for our own services: bounded time, bounded answers, no redirects.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address can't be read.
    #[error("\"{url}\" is no address of the form http://host:port/path")]
    Address {
        /// The address.
        url: String,
        /// Why not.
        source: http::Error,
    },
    /// No connection, or it broke.
    #[error("no answer from {authority}")]
    Connection {
        /// Host and port.
        authority: String,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The answer did not come in time.
    #[error("no answer from {authority} within {} ms", within.as_millis())]
    Time {
        /// Host and port.
        authority: String,
        /// The bound.
        within: Duration,
    },
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its head.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// The client. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Client {
    pool: Pool<HttpConnector, Full<Bytes>>,
    time_max: Duration,
    answer_bytes_max: usize,
}

impl Client {
    /// A client whose requests may take `time_max` and whose answers `answer_bytes_max`.
    pub fn new(time_max: Duration, answer_bytes_max: usize) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(time_max));
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector);
        Self { pool, time_max, answer_bytes_max }
    }

    /// A GET with headers.
    pub async fn get(&self, url: &str, headers: &[(&str, &str)]) -> Result<Answer, Error> {
        self.send(Method::GET, url, headers, Bytes::new()).await
    }

    /// A POST with headers, `Content-Type` among them, and a body.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Answer, Error> {
        self.send(Method::POST, url, headers, body).await
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Answer, Error> {
        let address = |source| Error::Address { url: url.to_owned(), source };
        let uri: Uri =
            url.parse().map_err(|source: http::uri::InvalidUri| address(source.into()))?;
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body)).map_err(address)?;
        let limit = self.answer_bytes_max;
        let exchange = async {
            let (head, body) = self.pool.request(request).await?.into_parts();
            let body = Limited::new(body, limit).collect().await?.to_bytes();
            Ok(Answer { status: head.status, headers: head.headers, body })
        };
        match tokio::time::timeout(self.time_max, exchange).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(source)) => Err(Error::Connection { authority, source }),
            Err(_) => Err(Error::Time { authority, within: self.time_max }),
        }
    }
}
