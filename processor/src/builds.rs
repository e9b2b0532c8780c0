//! Builds that are known: which version a build id is of.
//!
//! Betas say the version that they are to become. Which beta one is, only its build id tells.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Versions by product, channel and build id. Looking one up asks nobody: who fills it does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Builds(HashMap<(String, String, String), String>);

static NONE: LazyLock<Builds> = LazyLock::new(Builds::default);

impl Builds {
    /// No build is known.
    pub fn none() -> &'static Self {
        &NONE
    }

    /// Adds a build. A version that it had before is replaced.
    pub fn add(&mut self, product: &str, channel: &str, build_id: &str, version: &str) {
        self.0.insert(key(product, channel, build_id), version.to_owned());
    }

    /// The version of a build, if it is known. Capitals of product and channel don't matter.
    pub fn version(&self, product: &str, channel: &str, build_id: &str) -> Option<&str> {
        self.0.get(&key(product, channel, build_id)).map(String::as_str)
    }
}

fn key(product: &str, channel: &str, build_id: &str) -> (String, String, String) {
    (product.to_lowercase(), channel.to_lowercase(), build_id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_found_by_all_of_its_three_names() {
        let mut builds = Builds::default();
        builds.add("Firefox", "beta", "20210101000000", "85.0b9");
        for (product, channel, build, expected) in [
            ("Firefox", "beta", "20210101000000", Some("85.0b9")),
            ("firefox", "Beta", "20210101000000", Some("85.0b9")),
            ("Firefox", "aurora", "20210101000000", None),
            ("Thunderbird", "beta", "20210101000000", None),
            ("Firefox", "beta", "20210101000001", None),
            ("", "", "", None),
        ] {
            assert_eq!(builds.version(product, channel, build), expected, "{product} {channel}");
        }
        builds.add("firefox", "BETA", "20210101000000", "85.0b10");
        assert_eq!(builds.version("Firefox", "beta", "20210101000000"), Some("85.0b10"));
        assert_eq!(Builds::none().version("Firefox", "beta", "20210101000000"), None);
    }
}
