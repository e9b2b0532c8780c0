//! Answers: JSON that may be kept for a while, or a refusal that says why and is never kept.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;

/// How long a good answer may be kept, by its reader alone.
const KEEP: HeaderValue = HeaderValue::from_static("private, max-age=300");

/// For answers that may change at any moment.
const KEEP_NOT: HeaderValue = HeaderValue::from_static("no-store");

/// Seconds after which a reader may try again when something behind us is down.
const RETRY_SECS: u64 = 5;

/// Why a request has no other answer.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    error: String,
    retry: bool,
}

impl Refusal {
    fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, error: error.into(), retry: false }
    }

    /// 400: a parameter is missing, doubled, unknown or malformed.
    pub(crate) fn bad_request(error: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error)
    }

    /// 403: the values are protected, or the token is wrong.
    pub(crate) fn forbidden(error: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, error)
    }

    /// 404: there is no such thing.
    pub(crate) fn not_found(error: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, error)
    }

    /// 405: the way is only for reading.
    pub(crate) fn wrong_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "only GET, HEAD and OPTIONS are understood here")
    }

    /// 503: something behind us is down or busy, and it passes.
    pub(crate) fn unavailable(error: impl Into<String>) -> Self {
        Self { retry: true, ..Self::new(StatusCode::SERVICE_UNAVAILABLE, error) }
    }

    /// 500: something is broken and a person must look.
    pub(crate) fn broken(error: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(json!({"error": self.error}))).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, KEEP_NOT);
        if self.retry {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_SECS));
        }
        response
    }
}

/// A value as a JSON answer that may be kept.
pub(crate) fn json_to_keep(value: &impl Serialize) -> Result<Response, Refusal> {
    json(value, KEEP)
}

/// A value as a JSON answer that is true for this moment only.
pub(crate) fn json_of_now(value: &impl Serialize) -> Result<Response, Refusal> {
    json(value, KEEP_NOT)
}

fn json(value: &impl Serialize, keep: HeaderValue) -> Result<Response, Refusal> {
    let body = serde_json::to_vec(value).map_err(|error| {
        tracing::error!(%error, "an answer could not be written as JSON");
        Refusal::broken("the answer could not be written as JSON")
    })?;
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, keep),
    ];
    Ok((head, Bytes::from(body)).into_response())
}

/// The head line of a dump, which never changes.
pub(crate) const fn keep() -> HeaderValue {
    KEEP
}
