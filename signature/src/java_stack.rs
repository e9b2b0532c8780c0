//! The signature of a Java crash by its stack as text: class, message, method.

use auxilio_common::limits::SIGNATURE_CHARS_MAX;
use serde_json::Value;

use crate::work;

const UNREADABLE: &str = "EMPTY: Java stack trace not in expected format";

/// The signature, and what its reader should know.
pub(crate) fn signature(trace: &Value) -> (String, Vec<&'static str>) {
    let Value::String(trace) = trace else {
        return (UNREADABLE.to_owned(), vec!["the stack trace is no text"]);
    };
    let mut notes = Vec::new();
    let (first, rest) = next_line(trace);
    let (class, message) = if let Some((class, message)) = first.split_once(':') {
        (class.trim(), without_addresses(message).trim().to_owned())
    } else {
        notes.push("line 1 of the stack trace has no colon");
        (first, String::new())
    };
    let method = rest.map(next_line).map(|(second, _)| without_line_number(second));
    match method.as_deref() {
        None => notes.push("line 2 of the stack trace is missing"),
        Some("") => notes.push("line 2 of the stack trace is empty"),
        Some(_) => {}
    }
    let method = method.unwrap_or_default();
    let mut signature = joined(class, &message, &method);
    if signature.chars().count() > SIGNATURE_CHARS_MAX {
        notes.push("the exception's message was dropped for its length");
        signature = format!("{class}: {method}");
    }
    (signature, notes)
}

/// As much of a stack as its signature is made from: two lines.
pub(crate) fn told_part(trace: &str) -> &str {
    let (_, rest) = next_line(trace);
    let after = rest.and_then(|rest| next_line(rest).1).unwrap_or_default();
    // What comes after the second line is the end of the whole.
    &trace[..trace.len() - after.len()]
}

/// No colon stands between message and method, unless the message ends in an address: an old fault of
/// Mozilla's generator, kept there for the signatures' sake.
fn joined(class: &str, message: &str, method: &str) -> String {
    let parts = |parts: &[&str], between: &str| {
        let filled: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
        filled.join(between)
    };
    if message.ends_with("<addr>") {
        return parts(&[class, message, method], ": ");
    }
    parts(&[class, &parts(&[message, method], " ")], ": ")
}

/// A line without the white space around it, and what comes after its end, if there is more. Lines
/// end as they do for Python's `splitlines`.
fn next_line(text: &str) -> (&str, Option<&str>) {
    let ends = |character| matches!(character, '\n'..='\r' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let Some(place) = text.find(ends) else {
        work::looks_at(text.len());
        return (text.trim(), None);
    };
    work::looks_at(place);
    let (line, rest) = text.split_at(place);
    let end =
        if rest.starts_with("\r\n") { 2 } else { rest.chars().next().map_or(0, char::len_utf8) };
    (line.trim(), Some(&rest[end..]).filter(|rest| !rest.is_empty()))
}

/// `@4054b560` as `@<addr>`: an object's place differs at each run.
fn without_addresses(message: &str) -> String {
    work::looks_at(message.len());
    let mut kept = String::with_capacity(message.len());
    let mut parts = message.split('@');
    kept.push_str(parts.next().unwrap_or_default());
    for part in parts {
        kept.push('@');
        let is_address = part.len() >= ADDRESS_DIGITS
            && part
                .bytes()
                .take(ADDRESS_DIGITS)
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_address {
            kept.push_str("<addr>");
        }
        kept.push_str(&part[if is_address { ADDRESS_DIGITS } else { 0 }..]);
    }
    kept
}

const ADDRESS_DIGITS: usize = 8;

/// `(Foo.java:123)` at the end as `(Foo.java)`. Other languages keep their line, as at Mozilla's.
fn without_line_number(method: &str) -> String {
    method
        .strip_suffix(')')
        .map(|inside| (inside, inside.trim_end_matches(|digit: char| digit.is_ascii_digit())))
        .filter(|(inside, kept)| kept.len() < inside.len())
        .and_then(|(_, kept)| kept.strip_suffix(':'))
        .filter(|kept| kept.as_bytes().ends_with(b".java"))
        .map_or_else(|| method.to_owned(), |kept| format!("{kept})"))
}
