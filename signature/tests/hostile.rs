//! Long names whose brackets, spaces and words are as bad as they come.
//!
//! No clock is asked: a step whose work grew with the square of a name's length would take an hour here,
//! and one that kept what it passed over would make names that are far too long.

use auxilio_signature::{CrashData, Generator, Lists};
use serde_json::json;

const BYTES: usize = 128 * 1024;

/// What is repeated; `|` parts a beginning, which is repeated, from the end, which closes as often.
const HOSTILE: &[&str] = &[
    "<",
    ">",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "`",
    "'",
    "<|>",
    "(|)",
    "[|]",
    "{|}",
    "`|'",
    "<(|)>",
    "<(|>)",
    "([{<`|'>}])",
    " ",
    "  ",
    ", ",
    ",",
    " *",
    " &",
    "a ",
    "a::",
    "::",
    "::$_",
    "::$_1::",
    "::$_1",
    "operator",
    "::operator",
    "operator(",
    "operator<",
    " as ",
    "< as |>",
    "< in |>",
    "<a as b>",
    "name omitted",
    "<name omitted>",
    "`anonymous namespace'",
    "(anonymous namespace)",
    "(anonymous namespace)::(",
    "[clone .cold",
    "[clone .cold]",
    "clone .cold[",
    " [clone",
    " (",
    "IPC::ParamTraits",
    "IPC::ParamTraits<",
    "IPC::ParamTraits<|>",
    "IPC::ParamTraits< as |>",
    "const",
    " const",
    "const&",
    "&",
    "&&",
    "::h",
    "::h0",
    "::h0123456789abcdef",
    "h",
    "0",
    "f",
    "f(a, b)",
    "std::",
    "free",
    "_$LT$core..",
    "core.",
    "<unknown in ",
    "é",
    "関",
    "\u{1f4a5}",
    "\u{0}",
    "\n",
    "\t",
    "\\",
    "/",
    ":",
    "@",
    "@00000000",
    ".java:1)",
    ".dll",
    "XUL",
    "lambda'(int)::operator()(",
    "{lambda(auto:1)#1}::operator()<",
    "<lambda_1>::",
];

fn repeated(part: &str) -> String {
    let (open, close) = part.split_once('|').unwrap_or((part, ""));
    let times = BYTES / (open.len() + close.len());
    format!("{}f{}", open.repeat(times), close.repeat(times))
}

#[test]
fn a_hostile_text_anywhere_in_a_crash_costs_no_more_than_reading_it() {
    let generator = Generator::new(Lists::built_in());
    for part in HOSTILE {
        let text = repeated(part);
        for crash in [
            json!({"threads": [{"frames": [{"function": text}]}]}),
            json!({"threads": [{"frames": [{"function": text, "file": "/x.rs"}]}]}),
            json!({"threads": [{"frames": [{"module": text, "file": text, "offset": text}]}]}),
            json!({"threads": [{"frames": [{"function": "f", "file": text}]}], "abort_message": text}),
            json!({"java_stack_trace": text, "reason": text}),
        ] {
            let crash = CrashData::from_json(&crash.to_string()).unwrap();
            let made = generator.generate(&crash);
            assert!(made.signature.len() <= 255, "{part}: {}", made.signature.len());
            let proto = made.proto_signature().unwrap_or_default();
            // A bracket becomes `<T>`, a comma gets a space.
            assert!(proto.len() <= 3 * text.len(), "{part}: {}", proto.len());
        }
    }
}

#[test]
fn hostile_lists_and_names_meet_without_a_search_back_and_forth() {
    let texts = auxilio_signature::ListTexts {
        irrelevant: "(a*)*b$\n(.*.*.*)x$\n(a|aa)+$\n.*a.{200}b$",
        ..auxilio_signature::ListTexts::default()
    };
    let lists = Lists::compile("hostile", &texts).unwrap();
    let function = "a".repeat(BYTES);
    let frames = vec![json!({"function": function}); 5];
    let crash = json!({"threads": [{"frames": frames}]}).to_string();
    let made = Generator::new(&lists).generate(&CrashData::from_json(&crash).unwrap());
    // All are irrelevant by the third pattern, so that the first one stands for them.
    assert_eq!(made.signature, format!("{}...", "a".repeat(252)));
    assert_eq!(made.normalized_frames.len(), 5);
}
