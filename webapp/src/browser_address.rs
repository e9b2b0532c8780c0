//! The addresses that a request came through, as the next service is told them.

use std::net::SocketAddr;

use axum::http::HeaderMap;

/// Bytes of such a list that are passed on, counted from its end: what is before them is of nobody
/// whose word counts.
const LIST_BYTES_MAX: usize = 1_024;

/// The list of the header `X-Forwarded-For` with the other end of the connection added, which is the
/// one that we have seen ourselves.
pub(crate) fn list(peer: SocketAddr, headers: &HeaderMap) -> String {
    let lines = headers.get_all("x-forwarded-for").iter();
    let known = lines.filter_map(|line| line.to_str().ok());
    let mut list: String = known.flat_map(|line| [line, ", "]).collect();
    list.push_str(&peer.ip().to_canonical().to_string());
    // A line that `to_str` takes is ASCII.
    let begin = list.len().saturating_sub(LIST_BYTES_MAX);
    list.get(begin..).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn what_we_have_seen_stands_last() {
        let peer: SocketAddr = "203.0.113.9:4000".parse().unwrap();
        let mut headers = HeaderMap::new();
        assert_eq!(list(peer, &headers), "203.0.113.9");
        headers.append("x-forwarded-for", HeaderValue::from_static("198.51.100.1"));
        headers.append("x-forwarded-for", HeaderValue::from_static("unknown"));
        headers.append("x-forwarded-for", HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(list(peer, &headers), "198.51.100.1, unknown, 203.0.113.9");
        let long = HeaderValue::from_str(&"7".repeat(9_000)).unwrap();
        headers.append("x-forwarded-for", long);
        let list = list(peer, &headers);
        assert!(list.len() == LIST_BYTES_MAX && list.ends_with("777, 203.0.113.9"));
    }
}
