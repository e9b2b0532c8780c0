//! The string literals of a Rust file, outside attributes, comments and test modules.
//!
//! Rules about what a program says to others (SQL, paths) look at these and at nothing else, so a
//! comment may speak of anything. Literals within macros count.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::Lit;

/// A string literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Its value.
    pub text: String,
}

/// All of them, in order; the parser's message if the file is no Rust.
pub fn literals(text: &str) -> Result<Vec<Literal>, String> {
    let stream: TokenStream = text.parse().map_err(|error| format!("not Rust: {error}"))?;
    let mut found = Vec::new();
    collect(stream, &mut found);
    Ok(found)
}

fn collect(stream: TokenStream, found: &mut Vec<Literal>) {
    let mut attribute_may_follow = false;
    // After `#[cfg(test)]`, everything up to the item's body or semicolon is the tests' own.
    let mut in_test_item = false;
    for token in stream {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => attribute_may_follow = true,
            TokenTree::Punct(punct) if punct.as_char() == '!' && attribute_may_follow => {}
            TokenTree::Group(group)
                if attribute_may_follow && group.delimiter() == Delimiter::Bracket =>
            {
                in_test_item |= is_cfg_test(&group);
                attribute_may_follow = false;
            }
            TokenTree::Group(group) => {
                if in_test_item {
                    in_test_item = group.delimiter() != Delimiter::Brace;
                } else {
                    collect(group.stream(), found);
                }
                attribute_may_follow = false;
            }
            TokenTree::Punct(punct) => {
                in_test_item &= punct.as_char() != ';';
                attribute_may_follow = false;
            }
            TokenTree::Literal(literal) => {
                let line = literal.span().start().line;
                if let Some(text) = text_of(Lit::new(literal)).filter(|_| !in_test_item) {
                    found.push(Literal { line, text });
                }
            }
            TokenTree::Ident(_) => attribute_may_follow = false,
        }
    }
}

fn is_cfg_test(attribute: &Group) -> bool {
    let text: String =
        attribute.stream().to_string().chars().filter(|letter| !letter.is_whitespace()).collect();
    text == "cfg(test)"
}

fn text_of(literal: Lit) -> Option<String> {
    match literal {
        Lit::Str(text) => Some(text.value()),
        Lit::ByteStr(bytes) => String::from_utf8(bytes.value()).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<String> {
        literals(source).unwrap().into_iter().map(|literal| literal.text).collect()
    }

    #[test]
    fn literals_in_code_and_macros_are_found_with_their_lines() {
        let source = "//! a\nfn f() {\n    g(\"one\");\n    h!(x, r#\"two\"#, b\"three\");\n}\n";
        assert_eq!(texts(source), ["one", "two", "three"]);
        assert_eq!(literals(source).unwrap()[1].line, 4);
    }

    #[test]
    fn comments_attributes_and_test_modules_are_passed_over() {
        let source = "//! \"a\"\n#![doc = \"b\"]\n/// \"c\"\n#[path = \"d\"]\nfn f() { g(\"e\") }\n\
            #[cfg(test)]\nmod tests { fn f() { g(\"f\") } }\n#[cfg(test)]\nmod more;\nconst X: &str = \"h\";\n";
        assert_eq!(texts(source), ["e", "h"]);
    }

    #[test]
    fn text_that_is_no_rust_is_an_error() {
        assert!(literals("fn f( {").is_err());
    }
}
