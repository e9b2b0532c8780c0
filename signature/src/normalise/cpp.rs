//! Names of C and C++ functions: qualifiers, return types, template and call arguments go.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::collapse::Collapse;
use super::{prefix, spacing, with_line};
use crate::lists::Lists;

/// Qualifiers at the end, tried in this order, each once.
const QUALIFIERS: [&str; 5] = ["const", "const&", "const &", "&&", "&"];

/// Template arguments. Kept are texts of the symbol writers that are no types (`<name omitted>`,
/// `<unknown in x.dll>`), Rust's `<X as Trait>` in frames without a known path, and operators.
const TYPES: Collapse = Collapse {
    brackets: (b'<', b'>'),
    replacement: "<T>",
    keep_after: &["name omitted", "IPC::ParamTraits", " in ", " as ", "operator", "operator<"],
    keep_with: &["name omitted", "IPC::ParamTraits", " in ", " as ", "operator"],
};

const ARGUMENTS: Collapse = Collapse {
    brackets: (b'(', b')'),
    replacement: "",
    keep_after: &["anonymous namespace", "operator"],
    keep_with: &["anonymous namespace", "operator"],
};

/// Marks of code that the compiler moved away from its function.
const CLONES: Collapse =
    Collapse { brackets: (b'[', b']'), replacement: "", keep_after: &[], keep_with: &[] };

/// A lambda's number, which differs between builds.
static LAMBDA: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"::\$_[0-9]+::").ok());

/// The function's name without what differs between builds and overloads.
pub(super) fn normalise(function: &str, line: Option<i64>, lists: &Lists) -> String {
    let mut function = function;
    for qualifier in QUALIFIERS {
        function = function.strip_suffix(qualifier).map_or(function, str::trim);
    }
    // An operator's name may hold spaces and brackets.
    if !function.contains("::operator") {
        function = prefix::drop_prefix(function);
    }
    let function = without_lambda_numbers(with_one_anonymous_namespace(function));
    let function = TYPES.apply(&function);
    let mut function = ARGUMENTS.apply(&function);
    if function.contains("clone .cold") {
        function = Cow::Owned(CLONES.apply(&function).into_owned());
    }
    spacing::fix(with_line(function, line, lists)).into_owned()
}

/// The compiler of Microsoft spells it otherwise than all the others.
fn with_one_anonymous_namespace(function: &str) -> Cow<'_, str> {
    if function.contains('`') {
        Cow::Owned(function.replace("`anonymous namespace'", "(anonymous namespace)"))
    } else {
        Cow::Borrowed(function)
    }
}

fn without_lambda_numbers(function: Cow<'_, str>) -> Cow<'_, str> {
    match &*LAMBDA {
        Some(lambda) if function.contains("::$_") => {
            Cow::Owned(lambda.replace_all(&function, "::$$::").into_owned())
        }
        _ => function,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn cpp_names_lose_what_differs_between_builds_and_overloads() {
        for (function, expected) in [
            ("static void mozilla::dom::Foo<T, U>::Bar(nsTArray<int> const&) const", "mozilla::dom::Foo<T>::Bar"),
            ("void f(int) const&", "f"),
            ("void f(int) &&", "f"),
            ("mozilla::A::operator==(B const&) const", "mozilla::A::operator=="),
            ("bool A::operator<(A const&)", "bool A::operator<"),
            ("A::operator->()", "A::operator->"),
            ("A<B>::operator()(int) const", "A<T>::operator()"),
            ("`anonymous namespace'::f(int)", "(anonymous namespace)::f"),
            ("mozilla::(anonymous namespace)::RunWatchdog(void*)", "mozilla::(anonymous namespace)::RunWatchdog"),
            ("A::f()::$_12::operator()(int) const", "A::f::$::operator()"),
            ("<name omitted>", "<name omitted>"),
            ("<unknown in foo.dll>", "<unknown in foo.dll>"),
            ("IPC::ParamTraits<nsTSubstring<char> >::Write(IPC::Message *,int)", "IPC::ParamTraits<nsTSubstring<T> >::Write"),
            ("<a::B as c::D>::e", "<a::B as c::D>::e"),
            ("f(int) [clone .cold.22]", "f "),
            ("js_Interpret(JSContext*)", "js_Interpret:7"),
            ("const", ""),
            ("&", ""),
            ("", ""),
            ("Foo<A<(", "Foo<T>"),
            ("f(a", "f"),
        ] {
            assert_eq!(normalise(function, Some(7), Lists::built_in()), expected, "{function}");
        }
    }
}
