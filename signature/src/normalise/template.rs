//! Template arguments of C++: `<T>` for all that differs between instances.

use super::brackets::Bracketed;
use crate::work;

/// Template arguments of this name stay, with their own arguments replaced: it says whose values are
/// sent between processes.
const KEPT: &str = "IPC::ParamTraits";

/// How deep such arguments are looked into: no compiler writes more than two, and this bounds the work.
const DEPTH_MAX: usize = 4;

/// Writes the text with its outermost `<...>` replaced. Kept are texts of the symbol writers that
/// are no types (`<name omitted>`, `<unknown in x.dll>`), Rust's `<X as Trait>` in frames without a
/// known path, and operators.
pub(super) fn replace(text: &str, out: &mut String) {
    out.clear();
    replace_inside(text, 0, out);
}

fn replace_inside(text: &str, depth: usize, out: &mut String) {
    work::looks_at(text.len());
    let mut from = 0;
    for (start, end) in Bracketed::new(text, b'<', b'>') {
        let (before, inside) = (&text[from..start], &text[start..end]);
        out.push_str(before);
        if is_kept(inside) || before.ends_with("operator") {
            out.push_str(inside);
        } else if before.ends_with(KEPT) && depth < DEPTH_MAX {
            out.push('<');
            replace_inside(without_ends(inside), depth + 1, out);
            out.push('>');
        } else {
            out.push_str("<T>");
        }
        from = end;
    }
    out.push_str(&text[from..]);
}

fn is_kept(inside: &str) -> bool {
    inside == "<name omitted>" || holds_word(inside, &[" as ", " in "])
}

/// Whether a text holds one of these words, each of which begins with a space.
pub(super) fn holds_word(text: &str, words: &[&str]) -> bool {
    work::looks_at(text.len());
    let bytes = text.as_bytes();
    memchr::memchr_iter(b' ', bytes)
        .any(|place| words.iter().any(|word| bytes[place..].starts_with(word.as_bytes())))
}

/// Without the first and the last character: of brackets that never close the last one is lost, as it
/// is in Mozilla's generator.
fn without_ends(inside: &str) -> &str {
    let mut characters = inside.chars();
    characters.next();
    characters.next_back();
    characters.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_arguments_are_replaced() {
        let deep = "IPC::ParamTraits<".repeat(100_000);
        let mut out = String::new();
        replace(&deep, &mut out);
        assert!(out.ends_with("IPC::ParamTraits<T>>>>>"), "{out}");
        for (text, expected) in [
            ("f", "f"),
            ("Foo<bar <baz> >", "Foo<T>"),
            ("Foo<bar<baz>", "Foo<T>"),
            ("a<b>::c<d>", "a<T>::c<T>"),
            ("<name omitted>", "<name omitted>"),
            ("<name omitted>x", "<name omitted>x"),
            ("<a name omitted>", "<T>"),
            ("<unknown in foo.dll>", "<unknown in foo.dll>"),
            ("<a::B<c> as d::E>::f", "<a::B<c> as d::E>::f"),
            ("A::operator<(A const&)", "A::operator<(A const&)"),
            ("A<b>::operator<=>", "A<T>::operator<=>"),
            ("A::operator()<int>", "A::operator()<T>"),
            ("A::operator-><int>", "A::operator-><T>"),
            ("Foo<&operator<>::f", "Foo<T>"),
            (
                "IPC::ParamTraits<nsTSubstring<char> >::Write(nsTSubstring<char> const&)",
                "IPC::ParamTraits<nsTSubstring<T> >::Write(nsTSubstring<T> const&)",
            ),
            ("IPC::ParamTraits<a<b", "IPC::ParamTraits<a<T>>"),
            ("IPC::ParamTraits<", "IPC::ParamTraits<>"),
            ("IPC::ParamTraits<a in b>", "IPC::ParamTraits<a in b>"),
        ] {
            replace(text, &mut out);
            assert_eq!(out, expected, "{text}");
        }
    }
}
