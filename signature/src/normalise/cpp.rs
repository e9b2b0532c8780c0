//! Names of C and C++ functions: qualifiers, return types, template and call arguments go.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::brackets;
use super::holds::{ANGLE, BACKTICK, DOLLAR, Holds, ROUND, SPACE, SQUARE};
use super::{Scratch, prefix, template};
use crate::work;

/// Qualifiers at the end, tried in this order, each once.
const QUALIFIERS: [&str; 5] = ["const", "const&", "const &", "&&", "&"];

/// The function's name without what differs between builds and overloads. Nothing is left of one that
/// is nothing but qualifiers.
pub(super) fn normalise<'a>(function: &'a str, scratch: &'a mut Scratch) -> &'a str {
    let holds = Holds::of(function);
    let mut function = without_qualifiers(function);
    // An operator's name may hold spaces and brackets.
    if holds.has(SPACE) && !contains(function, &OPERATOR) {
        function = prefix::drop_prefix(function, &mut scratch.closers);
    }
    if holds.has(BACKTICK) || holds.has(DOLLAR) {
        spell_one_way(function, &mut scratch.spelled);
        function = &scratch.spelled;
    }
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
        brackets::remove(function, (b'[', b']'), &mut scratch.kept, |_, _| false);
        function = &scratch.kept;
    }
    function
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
fn spell_one_way(function: &str, out: &mut String) {
    work::looks_at(function.len());
    // The compiler of Microsoft spells it otherwise than all the others.
    *out = function.replace("`anonymous namespace'", "(anonymous namespace)");
    if out.contains(LAMBDA) {
        *out = without_lambda_numbers(out);
    }
}

const LAMBDA: &str = "::$_";

/// `::$_12::` as `::$::`: a lambda's number differs between builds.
fn without_lambda_numbers(function: &str) -> String {
    let mut kept = String::with_capacity(function.len());
    let mut rest = function;
    while let Some((before, after)) = rest.split_once(LAMBDA) {
        work::looks_at(before.len() + LAMBDA.len());
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
    work::looks_at(rest.len());
    kept + rest
}

fn contains(text: &str, part: &Finder<'_>) -> bool {
    work::looks_at(text.len());
    part.find(text.as_bytes()).is_some()
}

static OPERATOR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("::operator"));
static COLD: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("clone .cold"));

#[cfg(test)]
mod tests {
    use super::*;

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
    fn nothing_is_left_of_a_function_of_qualifiers_alone() {
        for function in ["const", "&", "&&", "const&", "const &", " const", " "] {
            assert_eq!(normalise(function, &mut Scratch::default()), "", "{function}");
        }
    }
}
