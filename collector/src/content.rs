//! What a request's head says about its body: the boundary, the coding and the length.

use auxilio_common::limits;
use http::{HeaderMap, header};

use crate::part_head::parameter;
use crate::refusal::Refusal;

/// How a body is coded on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
}

/// What is known of a body before it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) boundary: Vec<u8>,
    pub(crate) coding: Coding,
}

impl Content {
    /// Reads a request's head, and refuses what no body can mend.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let declared = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.parse::<u64>().ok());
        if declared.is_some_and(|length| length > limits::BODY_BYTES_MAX) {
            return Err(Refusal::TooLarge("the body"));
        }
        Ok(Self { boundary: boundary(headers)?, coding: coding(headers)? })
    }
}

fn boundary(headers: &HeaderMap) -> Result<Vec<u8>, Refusal> {
    let value = headers.get(header::CONTENT_TYPE).ok_or(Refusal::WrongContentType)?.as_bytes();
    let media = value.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    if !media.eq_ignore_ascii_case(b"multipart/form-data")
        && !media.eq_ignore_ascii_case(b"multipart/mixed")
    {
        return Err(Refusal::WrongContentType);
    }
    match parameter(value, b"boundary") {
        Some(boundary) if (1..=limits::BOUNDARY_BYTES_MAX).contains(&boundary.len()) => {
            Ok(boundary)
        }
        _ => Err(Refusal::NoBoundary),
    }
}

fn coding(headers: &HeaderMap) -> Result<Coding, Refusal> {
    let Some(value) = headers.get(header::CONTENT_ENCODING) else { return Ok(Coding::Identity) };
    let value = value.as_bytes().trim_ascii();
    if value.is_empty() || value.eq_ignore_ascii_case(b"identity") {
        Ok(Coding::Identity)
    } else if value.eq_ignore_ascii_case(b"gzip") || value.eq_ignore_ascii_case(b"x-gzip") {
        Ok(Coding::Gzip)
    } else {
        Err(Refusal::UnknownEncoding)
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn content(lines: &[(&'static str, &'static str)]) -> Result<Content, &'static str> {
        let headers = lines
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        Content::of(&headers).map_err(|refusal| refusal.code())
    }

    #[test]
    fn boundaries_of_real_clients_are_read() {
        for (value, boundary) in [
            (
                "multipart/form-data; boundary=---MultipartBoundary-W4jP---",
                "---MultipartBoundary-W4jP---",
            ),
            ("multipart/form-data; charset=utf-8; boundary=\"a b\"", "a b"),
            ("Multipart/Form-Data;BOUNDARY=xYzZY", "xYzZY"),
            ("multipart/mixed; boundary=x", "x"),
        ] {
            assert_eq!(content(&[("content-type", value)]).unwrap().boundary, boundary.as_bytes());
        }
    }

    #[test]
    fn heads_that_no_body_can_mend_are_refused() {
        let form = ("content-type", "multipart/form-data; boundary=x");
        assert_eq!(content(&[]), Err("malformed_wrong_content_type"));
        assert_eq!(content(&[("content-type", "text/plain")]), Err("malformed_wrong_content_type"));
        assert_eq!(
            content(&[("content-type", "multipart/form-data")]),
            Err("malformed_no_boundary")
        );
        assert_eq!(
            content(&[("content-type", "multipart/form-data; boundary=")]),
            Err("malformed_no_boundary")
        );
        assert_eq!(
            content(&[form, ("content-encoding", "deflate")]),
            Err("malformed_unknown_encoding")
        );
        assert_eq!(content(&[form, ("content-length", "26214401")]), Err("malformed_too_large"));
        assert_eq!(content(&[form, ("content-encoding", "GZIP")]).unwrap().coding, Coding::Gzip);
    }
}
