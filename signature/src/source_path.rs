//! The path inside a frame's source file, which may name a repository and a revision.

use std::borrow::Cow;

/// The path of a source file; `None` where the text has none of the known forms.
///
/// Known are `kind:host:path:revision`, a path on a Windows drive, and an absolute path. A relative
/// path is not: Mozilla's generator does not know it either, and the choice of the Rust rules hangs
/// on it.
fn path_of(file: &str) -> Option<&str> {
    let mut colons = memchr::memchr_iter(b':', file.as_bytes());
    match [colons.next(), colons.next(), colons.next(), colons.next()] {
        [Some(_), Some(second), Some(third), None] => Some(&file[second + 1..third]),
        [Some(first), None, ..] => Some(&file[first + 1..]),
        _ => file.starts_with('/').then_some(file),
    }
}

/// The path of a source file of Rust: the rules for Rust apply to a function from there.
pub(crate) fn rust_path(file: &str) -> Option<&str> {
    // The ending is that of a compiler's own input, always lower case. Most files end otherwise, and
    // are not taken apart: a revision may follow.
    let ends_so = |path: &[u8]| path.ends_with(b".rs");
    let before_revision =
        memchr::memrchr(b':', file.as_bytes()).map(|place| &file.as_bytes()[..place]);
    if !ends_so(file.as_bytes()) && !before_revision.is_some_and(ends_so) {
        return None;
    }
    path_of(file).filter(|path| ends_so(path.as_bytes()))
}

/// Functions of Rust 1.34's library whose symbols lost their module, by the file that they come from.
const LOST_MODULES: &[(&str, &str, &[&str])] = &[
    ("src/liballoc/raw_vec.rs", "alloc::raw_vec", &["capacity_overflow"]),
    ("src/libcore/option.rs", "core::option", &["expect_failed"]),
    ("src/libcore/panicking.rs", "core::panicking", &["panic", "panic_bounds_check", "panic_fmt"]),
    ("src/libcore/slice/mod.rs", "core::slice", &["slice_index_order_fail"]),
    (
        "src/libstd/panicking.rs",
        "std::panicking",
        &["begin_panic_fmt", "continue_panic_fmt", "rust_panic_with_hook"],
    ),
];

/// The function with the module that its symbol lost, if it is one of those.
pub(crate) fn with_module<'a>(path: Option<&str>, function: &'a str) -> Cow<'a, str> {
    let Some(path) = path.filter(|path| path.starts_with("src/lib")) else {
        return Cow::Borrowed(function);
    };
    LOST_MODULES
        .iter()
        .find(|(file, _, functions)| *file == path && functions.contains(&function))
        .map_or(Cow::Borrowed(function), |(_, module, _)| {
            Cow::Owned(format!("{module}::{function}"))
        })
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
    fn files_of_rust_are_known_by_their_paths() {
        for (file, path) in [
            ("git:g.com/r:src/x.rs:abc", Some("src/x.rs")),
            ("c:\\b\\x.rs", Some("\\b\\x.rs")),
            ("/b/x.rs", Some("/b/x.rs")),
            ("x.rs", None),
            ("git:g.com/r:src/x.cpp:1.rs", None),
            ("/b/x.rs:7", None),
            ("/b/x.cpp", None),
        ] {
            assert_eq!(rust_path(file), path, "{file}");
        }
    }

    #[test]
    fn functions_of_an_old_library_get_their_module_back() {
        for (path, function, expected) in [
            (Some("src/libcore/panicking.rs"), "panic_fmt", "core::panicking::panic_fmt"),
            (Some("src/libstd/panicking.rs"), "panic_fmt", "panic_fmt"),
            (Some("/src/libcore/panicking.rs"), "panic_fmt", "panic_fmt"),
            (None, "panic_fmt", "panic_fmt"),
        ] {
            assert_eq!(with_module(path, function), expected);
        }
    }

    #[test]
    fn base_names_take_either_slash() {
        assert_eq!(base_name("\\a\\b\\c\\source"), "source");
        assert_eq!(base_name("/a/b/source/"), "source");
        assert_eq!(base_name("/a\\b/c"), "b/c");
    }
}
