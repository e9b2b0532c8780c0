//! The collector's answers: plain text of one line, as clients read them.

use auxilio_common::CrashId;
use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};

use crate::refusal::Refusal;

/// Seconds that a client should wait before it tries again after a fault of ours.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("60");

/// `CrashID=bp-<id>` and a line feed: the crash is durable.
pub(crate) fn accepted(crash_id: CrashId) -> Response<Body> {
    text(StatusCode::OK, format!("CrashID=bp-{crash_id}\n"))
}

/// A rule did not want the crash; nothing is stored.
pub(crate) fn discarded(rule: &str) -> Response<Body> {
    text(StatusCode::OK, format!("Discarded=rule_{rule}"))
}

/// The refusal's status and code. `close` ends the connection: the rest of the body was not read.
pub(crate) fn refused(refusal: &Refusal, close: bool) -> Response<Body> {
    let mut response = text(refusal.status(), format!("Discarded={}", refusal.code()));
    if let Refusal::OverQuota(_, wait) = refusal {
        // Whole seconds, rounded up: who comes earlier is refused again.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    } else if refusal.status() == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    if close {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Anything but a POST.
pub(crate) fn method_not_allowed() -> Response<Body> {
    let mut response =
        text(StatusCode::METHOD_NOT_ALLOWED, "crashes are submitted by POST\n".into());
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    response
}

fn text(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
