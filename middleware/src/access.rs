//! Who asks: anybody, or the holder of the admin token.

use std::path::Path;

use auxilio_common::fields::Permission;
use auxilio_service::secret::{self, Secret};
use axum::http::HeaderMap;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::answer::Refusal;

/// The header that carries the token, as the API has always named it.
pub(crate) const HEADER: &str = "auth-token";

/// The admin token, kept as its hash: comparing hashes takes the same time for any text.
#[derive(Clone)]
pub struct AdminToken([u8; 32]);

impl AdminToken {
    /// A token.
    pub fn new(token: &Secret) -> Self {
        Self(Sha256::digest(token.expose()).into())
    }

    /// Reads the token's file.
    pub fn read(path: &Path) -> Result<Self, secret::Error> {
        Secret::read(path).map(|token| Self::new(&token))
    }

    fn is(&self, shown: &[u8]) -> bool {
        self.0.ct_eq(&Sha256::digest(shown)).into()
    }
}

/// What the sender of a request may see. A token that is wrong, doubled or not awaited is refused:
/// its holder would otherwise take the public part for all there is.
pub(crate) fn rights(
    admin: Option<&AdminToken>,
    headers: &HeaderMap,
) -> Result<Permission, Refusal> {
    let mut shown = headers.get_all(HEADER).iter();
    match (shown.next(), shown.next()) {
        (None, _) => Ok(Permission::Public),
        (Some(token), None) if admin.is_some_and(|admin| admin.is(token.as_bytes())) => {
            Ok(Permission::Protected)
        }
        _ => Err(Refusal::forbidden("the token in the header Auth-Token is not valid")),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_very_token_gives_rights() {
        let admin = AdminToken::new(&Secret::new("secret"));
        let with = |tokens: &[&str]| {
            let mut headers = HeaderMap::new();
            for token in tokens {
                headers.append(HEADER, HeaderValue::from_str(token).unwrap());
            }
            rights(Some(&admin), &headers).ok()
        };
        assert_eq!(with(&[]), Some(Permission::Public));
        assert_eq!(with(&["secret"]), Some(Permission::Protected));
        for wrong in [&["secre"][..], &["secret "], &[""], &["SECRET"], &["secret", "secret"]] {
            assert_eq!(with(wrong), None, "{wrong:?}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(HEADER, HeaderValue::from_static(""));
        assert!(rights(None, &headers).is_err());
    }
}
