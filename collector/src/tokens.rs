//! Submitter tokens: who may choose the ids of crashes.

use http::{HeaderMap, header};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Hashes of the tokens that are good. The tokens themselves are not known here.
#[derive(Clone, Debug)]
pub(crate) struct SubmitterTokens {
    hashes: Vec<String>,
}

/// The SHA-256 of a token as 64 lower-case hexadecimal digits, as the configuration holds it.
pub fn hash_token(token: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(token.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        // Writing to a String never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl SubmitterTokens {
    pub(crate) fn new(hashes: &[String]) -> Self {
        Self { hashes: hashes.iter().map(|hash| hash.to_ascii_lowercase()).collect() }
    }

    /// Whether the request carries `Authorization: Bearer <token>` with a good token.
    pub(crate) fn allow(&self, headers: &HeaderMap) -> bool {
        let Some(value) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok())
        else {
            return false;
        };
        let Some((scheme, token)) = value.split_once(' ') else { return false };
        if !scheme.eq_ignore_ascii_case("bearer") {
            return false;
        }
        let hash = hash_token(token.trim());
        // All are compared, each in constant time, so that time says nothing about any of them.
        self.hashes
            .iter()
            .fold(false, |good, known| good | bool::from(known.as_bytes().ct_eq(hash.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_right_token_in_the_right_form_is_allowed() {
        let tokens = SubmitterTokens::new(&[hash_token("secret").to_uppercase()]);
        for (value, allowed) in [
            ("Bearer secret", true),
            ("bearer  secret", true),
            ("Bearer Secret", false),
            ("Basic secret", false),
            ("secret", false),
            ("Bearer ", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            assert_eq!(tokens.allow(&headers), allowed, "{value}");
        }
        assert!(!tokens.allow(&HeaderMap::new()));
        assert!(!SubmitterTokens::new(&[]).allow(&HeaderMap::new()));
    }
}
