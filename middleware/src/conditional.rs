//! `If-None-Match`: who has an answer already is told so, and nothing more is sent.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

/// The tags that a reader has, from a request's head.
pub(crate) fn tags(headers: &HeaderMap) -> Vec<HeaderValue> {
    headers.get_all(header::IF_NONE_MATCH).iter().cloned().collect()
}

/// Turns a good answer into 304 if its tag is among those that the reader has.
pub(crate) fn reduce(response: Response, known: &[HeaderValue]) -> Response {
    let Some(tag) = response.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()) else {
        return response;
    };
    if response.status() != StatusCode::OK || !known.iter().any(|line| names(line, tag)) {
        return response;
    }
    let (mut head, _) = response.into_parts();
    head.status = StatusCode::NOT_MODIFIED;
    head.headers.remove(header::CONTENT_TYPE);
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::empty())
}

/// Whether a line of `If-None-Match` names the tag, weakly or not (RFC 9110, 13.1.2).
fn names(line: &HeaderValue, tag: &str) -> bool {
    let Ok(line) = line.to_str() else { return false };
    // Our own tags hold no comma.
    line.split(',')
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_every_form_of_the_line() {
        for line in ["\"ab\"", "W/\"ab\"", "\"x\", \"ab\"", "*", " \"ab\" "] {
            assert!(names(&HeaderValue::from_static(line), "\"ab\""), "{line}");
        }
        for line in ["", "ab", "\"abc\"", "\"x\",\"y\"", "W/ab"] {
            assert!(!names(&HeaderValue::from_static(line), "\"ab\""), "{line}");
        }
    }
}
