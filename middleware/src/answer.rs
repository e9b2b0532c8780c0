//! Answers: JSON with the time that it may be kept, or a refusal that says why and is never kept.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};

/// For what never changes: how long it may be kept, by its reader alone.
const KEEP: HeaderValue = HeaderValue::from_static("private, max-age=300");

/// For what may be kept by its reader, who asks each time whether it still holds.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("private, no-cache");

/// For answers that may change at any moment.
const KEEP_NOT: HeaderValue = HeaderValue::from_static("no-store");

/// Seconds after which a reader may try again when something behind us is down.
const RETRY_SECS: u64 = 5;

/// Seconds after which a reader may look again for a crash that is being processed.
const LOOK_AGAIN_SECS: u64 = 2;

/// Bytes of a body's hash that name it: nobody meets the same 128 bits by accident.
pub(crate) const TAG_BYTES: usize = 16;

/// Why a request has no other answer.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    error: String,
    /// What a crash that is waited for waits for.
    state: Option<&'static str>,
    retry_secs: Option<u64>,
}

impl Refusal {
    fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, error: error.into(), state: None, retry_secs: None }
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

    /// 405: the head line `Allow` says what is understood.
    pub(crate) fn wrong_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "this method is not understood here; see Allow")
    }

    /// 408: it is not there yet, and its job is in this state. Socorro's services chose the code.
    pub(crate) fn not_yet(error: impl Into<String>, state: &'static str) -> Self {
        Self {
            state: Some(state),
            retry_secs: Some(LOOK_AGAIN_SECS),
            ..Self::new(StatusCode::REQUEST_TIMEOUT, error)
        }
    }

    /// 429: this client asks for more than its share.
    pub(crate) fn too_many(error: impl Into<String>) -> Self {
        Self { retry_secs: Some(RETRY_SECS), ..Self::new(StatusCode::TOO_MANY_REQUESTS, error) }
    }

    /// 503: something behind us is down or busy, and it passes.
    pub(crate) fn unavailable(error: impl Into<String>) -> Self {
        Self { retry_secs: Some(RETRY_SECS), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, error) }
    }

    /// 500: something is broken and a person must look.
    pub(crate) fn broken(error: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({"error": self.error});
        if let Some(state) = self.state {
            body["state"] = state.into();
        }
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, KEEP_NOT);
        if let Some(secs) = self.retry_secs {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        response
    }
}

/// A good answer: JSON, and the tag by which its reader knows it again. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The JSON.
    pub body: Bytes,
    /// The begin of its SHA-256.
    pub tag: [u8; TAG_BYTES],
}

impl Answer {
    /// A value as JSON.
    pub(crate) fn json(value: &impl Serialize) -> Result<Self, Refusal> {
        let body = serde_json::to_vec(value).map_err(|error| {
            tracing::error!(%error, "an answer could not be written as JSON");
            Refusal::broken("the answer could not be written as JSON")
        })?;
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&Sha256::digest(&body)[..TAG_BYTES]);
        Ok(Self { body: body.into(), tag })
    }

    /// As a response about something that never changes.
    pub(crate) fn kept(self) -> Response {
        self.respond(KEEP)
    }

    /// As a response about something that changes now and then.
    pub(crate) fn kept_while_it_holds(self) -> Response {
        self.respond(ASK_AGAIN)
    }

    /// As a response that is true for this moment only.
    pub(crate) fn of_now(self) -> Response {
        let head = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (header::CACHE_CONTROL, KEEP_NOT),
        ];
        (head, self.body).into_response()
    }

    fn respond(self, keep: HeaderValue) -> Response {
        let tag = format!("\"{:032x}\"", u128::from_be_bytes(self.tag));
        let mut response = self.of_now();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, keep);
        // Hexadecimal digits between quotes are always a header's value.
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(header::ETAG, tag);
        }
        response
    }
}

/// The head line of a dump, which never changes.
pub(crate) const fn keep() -> HeaderValue {
    KEEP
}
