//! Names of C and C++ functions: qualifiers, return types, template and call arguments go.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::brackets;
use super::holds::{ANGLE, BACKTICK, DOLLAR, Holds, ROUND, SPACE, SQUARE};
use super::{NothingButQualifiers, Scratch, prefix, template};

/// Qualifiers at the end, tried in this order, each once.
const QUALIFIERS: [&str; 5] = ["const", "const&", "const &", "&&", "&"];

/// The function's name without what differs between builds and overloads.
pub(super) fn normalise(
    function: &str,
    scratch: &mut Scratch,
) -> Result<String, NothingButQualifiers> {
    let holds = Holds::of(function);
    let mut function = without_qualifiers(function);
    // An operator's name may hold spaces and brackets.
    if function.is_empty() {
        return Err(NothingButQualifiers);
    }
    if holds.has(SPACE) && !contains(function, &OPERATOR) {
        function = prefix::drop_prefix(function, &mut scratch.closers);
    }
    let spelled = with_one_spelling(function, holds);
    let mut function: &str = &spelled;
    if holds.has(ANGLE) {
        template::replace(function, &mut scratch.types);
        function = &scratch.types;
    }
    // A namespace's new spelling holds round brackets too.
    if holds.has(ROUND) || holds.has(BACKTICK) {
        brackets::remove(function, (b'(', b')'), &mut scratch.arguments, |before, inside| {
            inside == "(anonymous namespace)" || before.ends_with("operator")
        });
        function = &scratch.arguments;
    }
    // Marks of code that the compiler moved away from its function.
    if holds.has(SQUARE) && contains(function, &COLD) {
        let mut kept = String::new();
        brackets::remove(function, (b'[', b']'), &mut kept, |_, _| false);
        return Ok(kept);
    }
    Ok(function.to_owned())
}

fn without_qualifiers(function: &str) -> &str {
    if !function.ends_with(['t', '&']) {
        return function;
    }
    QUALIFIERS.iter().fold(function, |function, qualifier| {
        function.strip_suffix(qualifier).map_or(function, str::trim)
    })
}

/// Compilers spell some things in their own ways, or number them anew in each build.
fn with_one_spelling(function: &str, holds: Holds) -> Cow<'_, str> {
    let mut function = Cow::Borrowed(function);
    if holds.has(BACKTICK) {
        // The compiler of Microsoft spells it otherwise than all the others.
        function = Cow::Owned(function.replace("`anonymous namespace'", "(anonymous namespace)"));
    }
    if holds.has(DOLLAR) && function.contains(LAMBDA) {
        function = Cow::Owned(without_lambda_numbers(&function));
    }
    function
}

const LAMBDA: &str = "::$_";

/// `::$_12::` as `::$::`: a lambda's number differs between builds.
fn without_lambda_numbers(function: &str) -> String {
    let mut kept = String::with_capacity(function.len());
    let mut rest = function;
    while let Some((before, after)) = rest.split_once(LAMBDA) {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        kept.push_str(before);
        match after[digits..].strip_prefix("::") {
            Some(behind) if digits > 0 => {
                kept.push_str("::$::");
                rest = behind;
            }
            _ => {
                kept.push_str(LAMBDA);
                rest = after;
            }
        }
    }
    kept + rest
}

fn contains(text: &str, part: &Finder<'_>) -> bool {
    part.find(text.as_bytes()).is_some()
}

static OPERATOR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("::operator"));
static COLD: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("clone .cold"));

#[cfg(test)]
mod tests {
    use super::*;

    fn named(function: &str) -> Result<String, NothingButQualifiers> {
        normalise(function, &mut Scratch::default())
    }

    #[test]
    fn lambdas_lose_their_numbers() {
        for (function, expected) in [
            ("A::f::$_12::g", "A::f::$::g"),
            ("A::$_1::$_2::g", "A::$::$_2::g"),
            ("A::$_::g", "A::$_::g"),
            ("A::$_1", "A::$_1"),
            ("A::$_1:", "A::$_1:"),
            ("::$_1::::$_2::", "::$::::$::"),
        ] {
            assert_eq!(without_lambda_numbers(function), expected, "{function}");
        }
    }

    #[test]
    fn a_function_of_qualifiers_alone_has_no_name() {
        for function in ["const", "&", "&&", "const&", "const &", " const"] {
            assert_eq!(named(function), Err(NothingButQualifiers), "{function}");
        }
        assert_eq!(named(" ").as_deref(), Ok(""));
    }
}
