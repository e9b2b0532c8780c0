//! What a request's head says about its body: the boundary, the coding and the length.

use auxilio_common::limits;
use http::{HeaderMap, header};

use crate::codings::Coding;
use crate::part_head::parameter;
use crate::refusal::Refusal;

/// What is known of a body before it comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) boundary: Vec<u8>,
    /// What the body is compressed with, if it is.
    pub(crate) coding: Option<Coding>,
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

/// One coding at most: several of them are unknown to every real client, and each would multiply what
/// a body may cost.
fn coding(headers: &HeaderMap) -> Result<Option<Coding>, Refusal> {
    let mut found = None;
    for line in headers.get_all(header::CONTENT_ENCODING) {
        for name in line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if name.is_empty() || name.eq_ignore_ascii_case(b"identity") {
                continue;
            }
            let coding = named(name).ok_or(Refusal::UnknownEncoding)?;
            if found.replace(coding).is_some() {
                return Err(Refusal::UnknownEncoding);
            }
        }
    }
    Ok(found)
}

fn named(name: &[u8]) -> Option<Coding> {
    match name.to_ascii_lowercase().as_slice() {
        b"gzip" | b"x-gzip" => Some(Coding::Gzip),
        b"deflate" => Some(Coding::Deflate),
        b"zstd" => Some(Coding::Zstd),
        b"br" => Some(Coding::Brotli),
        _ => None,
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
        assert_eq!(content(&[form, ("content-length", "26214401")]), Err("malformed_too_large"));
    }

    #[test]
    fn one_coding_is_read_and_more_are_refused() {
        let form = ("content-type", "multipart/form-data; boundary=x");
        let coding = |lines: &[&'static str]| {
            let lines = lines.iter().map(|value| ("content-encoding", *value));
            let lines: Vec<_> = std::iter::once(form).chain(lines).collect();
            content(&lines).map(|content| content.coding)
        };
        for (name, expected) in [
            ("GZIP", Coding::Gzip),
            (" x-gzip ", Coding::Gzip),
            ("deflate", Coding::Deflate),
            ("Zstd", Coding::Zstd),
            ("br", Coding::Brotli),
            ("identity, br", Coding::Brotli),
        ] {
            assert_eq!(coding(&[name]), Ok(Some(expected)), "{name}");
        }
        assert_eq!(coding(&[]), Ok(None));
        assert_eq!(coding(&["", "identity"]), Ok(None));
        assert_eq!(coding(&["identity", "gzip"]), Ok(Some(Coding::Gzip)));
        for lines in [&["gzip, gzip"][..], &["gzip", "br"], &["xz"], &["lzma"], &["g zip"]] {
            assert_eq!(coding(lines), Err("malformed_unknown_encoding"), "{lines:?}");
        }
    }
}
