//! The path inside a frame's source file, which may name a repository and a revision.

/// The path of a source file; `None` where the text has none of the known forms.
///
/// Known are `kind:host:path:revision`, a path on a Windows drive, and an absolute path. A relative
/// path is not: Mozilla's generator does not know it either, and the choice of the Rust rules hangs
/// on it.
pub(crate) fn path_of(file: &str) -> Option<&str> {
    let mut parts = file.split(':');
    let four = [parts.next(), parts.next(), parts.next(), parts.next(), parts.next()];
    match four {
        [Some(_), Some(_), Some(path), Some(_), None] | [Some(_), Some(path), None, None, None] => {
            Some(path)
        }
        _ => file.starts_with('/').then_some(file),
    }
}

/// Whether the rules for Rust apply to a function from this file.
pub(crate) fn is_rust(file: Option<&str>) -> bool {
    // The ending is that of a compiler's own input, always lower case.
    file.and_then(path_of).is_some_and(|path| path.as_bytes().ends_with(b".rs"))
}

/// The last part of a path with slashes of either kind; a backslash decides if there is one.
pub(crate) fn base_name(file: &str) -> &str {
    let file = file.trim_end_matches(['/', '\\']);
    let separator = if file.contains('\\') { '\\' } else { '/' };
    file.rsplit(separator).next().unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_known_forms_of_a_source_file_are_read() {
        for (file, path) in [
            ("hg:hg.mozilla.org/mozilla-central:dom/Foo.cpp:abc", Some("dom/Foo.cpp")),
            ("c:\\build\\foo.cpp", Some("\\build\\foo.cpp")),
            ("/build/foo.rs", Some("/build/foo.rs")),
            ("foo.rs", None),
            ("a:b:c", None),
            ("/a:b:c", Some("/a:b:c")),
            ("a:b:c:d:e", None),
            ("", None),
        ] {
            assert_eq!(path_of(file), path, "{file}");
        }
    }

    #[test]
    fn rust_rules_need_a_known_path() {
        assert!(is_rust(Some("/a/foo.rs")));
        assert!(!is_rust(Some("foo.rs")));
        assert!(!is_rust(None));
    }

    #[test]
    fn base_names_take_either_slash() {
        assert_eq!(base_name("\\a\\b\\c\\source"), "source");
        assert_eq!(base_name("/a/b/source/"), "source");
        assert_eq!(base_name("/a\\b/c"), "b/c");
    }
}
