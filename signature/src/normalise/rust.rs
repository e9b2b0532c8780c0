//! Names of Rust functions: types, arguments and the compiler's hash go.

use super::collapse::Collapse;
use super::{prefix, spacing, with_line};
use crate::lists::Lists;

/// Type parameters, but not the `<X as Trait>` that says whose method it is.
const TYPES: Collapse = Collapse {
    brackets: (b'<', b'>'),
    replacement: "<T>",
    keep_after: &[" as "],
    keep_with: &[" as "],
};

const ARGUMENTS: Collapse =
    Collapse { brackets: (b'(', b')'), replacement: "", keep_after: &[], keep_with: &[] };

/// The function's name without what differs between builds and instances.
pub(super) fn normalise(function: &str, line: Option<i64>, lists: &Lists) -> String {
    let function = TYPES.apply(prefix::drop_prefix(function));
    let function = ARGUMENTS.apply(&function);
    let function = spacing::fix(with_line(function, line, lists));
    without_hash(&function).to_owned()
}

/// Drops the `::h` and hexadecimal digits at the end, by which rustc keeps names unique.
fn without_hash(function: &str) -> &str {
    match function.rsplit_once("::h") {
        Some((name, hash))
            if !hash.is_empty() && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
        {
            name
        }
        _ => function,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_names_lose_types_arguments_and_hashes() {
        for (function, expected) in [
            (
                "std::panicking::begin_panic::<str>::h0123456789abcdef",
                "std::panicking::begin_panic::<T>",
            ),
            (
                "<style::Foo<T> as core::ops::Drop>::drop::h01",
                "<style::Foo<T> as core::ops::Drop>::drop",
            ),
            (
                "static void servo_arc::Arc<style::Foo>::drop_slow(int, int)",
                "servo_arc::Arc<T>::drop_slow",
            ),
            ("a::b::help", "a::b::help"),
            ("a::{{closure}}::h1", "a::{{closure}}"),
            (
                "core::ops::function::FnOnce::call_once{{vtable.shim}}",
                "core::ops::function::FnOnce::call_once{{vtable.shim}}",
            ),
        ] {
            assert_eq!(normalise(function, None, Lists::built_in()), expected, "{function}");
        }
    }
}
