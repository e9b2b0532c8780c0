//! A place in source code: how it is shown, and where it links to when that is safe.
//!
//! Symbol files name sources as plain paths, or by their version control as
//! `hg:<host>/<repository>:<path>:<revision>` and `git:...` in the same form. A link is made only to
//! a host that the settings name and whose way of writing such addresses is known.

use crate::visible::Visible;

/// Where the compiler's own sources lie in a path that rustc wrote.
const RUSTC_PREFIX: &str = "/rustc/";

/// A file and line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source<'a> {
    /// The path up to and with its last separator.
    pub folder: Visible<'a>,
    /// What comes after it.
    pub leaf: Visible<'a>,
    /// The line, from 1.
    pub line: Option<u64>,
    /// Where the line can be read.
    pub link: Option<String>,
}

impl<'a> Source<'a> {
    /// Reads a frame's `file` and `line`. `hosts` are those that a link may lead to.
    pub(crate) fn of(file: &'a str, line: Option<u64>, hosts: &[String]) -> Self {
        let line = line.filter(|line| *line > 0);
        let (path, address) = match Repository::parse(file) {
            Some(place) => (place.path, place.address(line, hosts)),
            None => (file, None),
        };
        // Both separators are ASCII, so the cut falls between characters.
        let cut = path.rfind(['/', '\\']).map_or(0, |place| place + 1);
        let (folder, leaf) = path.split_at(cut);
        Self { folder: Visible::line(folder), leaf: Visible::line(leaf), line, link: address }
    }
}

/// A file under version control.
struct Repository<'a> {
    system: &'a str,
    /// Host and repository.
    root: &'a str,
    path: &'a str,
    revision: &'a str,
}

impl<'a> Repository<'a> {
    fn parse(file: &'a str) -> Option<Self> {
        if let Some((revision, path)) =
            file.strip_prefix(RUSTC_PREFIX).and_then(|rest| rest.split_once('/'))
        {
            return Some(Self { system: "git", root: "github.com/rust-lang/rust", path, revision });
        }
        let mut parts = file.split(':');
        let (system, root, path, revision) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let known = matches!(system, "hg" | "git" | "s3") && parts.next().is_none();
        known.then_some(Self { system, root, path, revision })
    }

    /// Where the line can be read, if that is safe.
    fn address(&self, line: Option<u64>, hosts: &[String]) -> Option<String> {
        let host = self.root.split('/').next().filter(|host| hosts.iter().any(|h| h == host))?;
        let safe = safe_root(self.root) && safe_path(self.path) && safe_revision(self.revision);
        if !safe {
            return None;
        }
        let (between, mark) = match (self.system, host) {
            ("hg", _) => ("file", "#l"),
            ("git", "github.com") => ("blob", "#L"),
            ("git", "gitlab.com") => ("-/blob", "#L"),
            ("git", "chromium.googlesource.com") => ("+", "#"),
            _ => return None,
        };
        let mut address = format!(
            "https://{}/{between}/{}/{}",
            self.root,
            self.revision,
            percent_encoded(self.path)
        );
        if let Some(line) = line {
            address.push_str(mark);
            address.push_str(&line.to_string());
        }
        Some(address)
    }
}

/// Whether every segment is a name, so that nothing in the address steps up or starts anew.
fn safe_path(path: &str) -> bool {
    path.split('/').all(|segment| {
        !matches!(segment, "" | "." | "..")
            && !segment.chars().any(|character| character.is_control() || character == '\\')
    })
}

/// The same for host and repository, which go into the address as they are.
fn safe_root(root: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte);
    safe_path(root) && root.bytes().all(plain)
}

fn safe_revision(revision: &str) -> bool {
    (7..=64).contains(&revision.len()) && revision.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn percent_encoded(path: &str) -> String {
    use std::fmt::Write;
    path.bytes().fold(String::with_capacity(path.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/+@".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a String never fails.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(file: &str) -> Option<String> {
        Source::of(file, Some(7), &crate::Config::default().source_hosts).link
    }

    #[test]
    fn version_control_paths_link_to_their_line() {
        assert_eq!(
            link("hg:hg.mozilla.org/mozilla-central:dom/a b.cpp:0123456789ab").as_deref(),
            Some("https://hg.mozilla.org/mozilla-central/file/0123456789ab/dom/a%20b.cpp#l7")
        );
        assert_eq!(
            link("git:github.com/example/demo:src/main.rs:0123abc").as_deref(),
            Some("https://github.com/example/demo/blob/0123abc/src/main.rs#L7")
        );
        assert_eq!(
            link("/rustc/0123456789/library/core/src/ptr.rs").as_deref(),
            Some("https://github.com/rust-lang/rust/blob/0123456789/library/core/src/ptr.rs#L7")
        );
    }

    #[test]
    fn nothing_links_to_where_the_settings_do_not_lead() {
        for file in [
            "hg:evil.example/x:a.cpp:0123456789ab",
            "hg:hg.mozilla.org@evil.example/x:a.cpp:0123456789ab",
            "git:github.com/a/../../b:x:0123456789ab",
            "git:github.com/a/b:../x:0123456789ab",
            "git:github.com/a/b:x:\"onclick=",
            "git:github.com/a/b:x:0123456789ab:more",
            "git:github.com/a/b\" onclick=\"x():x.rs:0123456789ab",
            "git:github.com/a\"b/c:x y\u{202e}:012",
            "javascript:alert(1)",
            "https://github.com/a/b",
            "/rustc/../x",
            "s3:github.com/a:b:0123456789ab",
        ] {
            assert_eq!(link(file), None, "{file}");
        }
    }

    #[test]
    fn a_path_is_cut_before_its_leaf() {
        let source = Source::of("C:\\build\\a.cpp", Some(0), &[]);
        assert_eq!(source.folder.to_string(), "C:\\build\\");
        assert_eq!(source.leaf.to_string(), "a.cpp");
        assert_eq!(source.line, None);
        let bare = Source::of("hg:hg.mozilla.org/x:dom/b.cpp:0123456789ab", None, &[]);
        assert_eq!((bare.folder.to_string().as_str(), bare.link), ("dom/", None));
    }
}
