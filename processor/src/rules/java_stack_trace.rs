//! The stack of a Java crash. Messages of exceptions may hold what a person typed: everybody sees
//! the classes and the frames, and only who may see protected values the text as it came.

use std::sync::LazyLock;

use regex::Regex;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};

pub(super) const RULE: Rule = Rule { name: "java_stack_trace", applies, act };

/// What stands for a stack that can't be told apart from its messages.
const MALFORMED: &str = "malformed";

/// How an exception begins: at its own depth, with what it is to the one before it, and its class.
static EXCEPTION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"\A(\s*(?:Caused by: |Suppressed: )?[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*)(?::|\z)",
    )
    .ok()
});

/// A frame, and the count of those that two exceptions share. File names have no spaces.
static FRAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"\A\s+(?:at [\w$.<>/@-]+\([\w$.:<>-]*(?: Source| Method)?\)|\.\.\. \d+ more)\z")
        .ok()
});

fn applies(case: &Case<'_>, _: &Draft) -> bool {
    case.annotation("JavaStackTrace").is_some()
}

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let text = case.annotation("JavaStackTrace").unwrap_or_default();
    draft.set_text("java_stack_trace_raw", Some(text));
    let public = without_messages(text);
    if public.is_none() {
        draft.note("JavaStackTrace is no stack of Java");
    }
    draft.set_text("java_stack_trace", Some(public.as_deref().unwrap_or(MALFORMED)));
    Ok(())
}

/// The stack without its messages, whose further lines are any text.
fn without_messages(text: &str) -> Option<String> {
    let (exception, frame) = (EXCEPTION.as_ref()?, FRAME.as_ref()?);
    let mut lines = text.lines();
    // The first line names a class, or else nothing behind it can be trusted.
    let first = exception.captures(lines.next()?)?.get(1)?.as_str();
    let mut kept = vec![first];
    for line in lines {
        let nested = || ["Caused by: ", "Suppressed: "].iter().any(|word| line.contains(word));
        if frame.is_match(line) {
            kept.push(line);
        } else if let Some(class) = exception.captures(line).filter(|_| nested()) {
            kept.extend(class.get(1).map(|class| class.as_str()));
        }
    }
    (kept.len() > 1).then(|| kept.join("\n"))
}

#[cfg(test)]
mod tests {
    use crate::sample::{processed, raw};

    #[test]
    fn messages_are_for_readers_with_rights_alone() {
        for (given, expected) in [
            (
                "java.lang.Error: secret\n\tat org.a.B.c(B.java:1)",
                "java.lang.Error\n\tat org.a.B.c(B.java:1)",
            ),
            (
                "org.E: secret\nsecret: more\n  secret\n\tat a.B$1.<init>(Native Method)\n\
                 Caused by: x.Y: secret\n\tat a.b(Unknown Source)\n\t... 3 more",
                "org.E\n\tat a.B$1.<init>(Native Method)\nCaused by: x.Y\n\tat a.b(Unknown Source)\n\t... 3 more",
            ),
            (
                "org.E\n\tat a.b(SourceFile:5)\n\tSuppressed: x.Z: secret\n\t\tat c.d(D.kt:7)",
                "org.E\n\tat a.b(SourceFile:5)\n\tSuppressed: x.Z\n\t\tat c.d(D.kt:7)",
            ),
            // What looks like a frame and is a message's next line.
            (
                "org.E: x\n\tat secret secret\n\tat secret(my secret)\n\tat a.b(A.java)",
                "org.E\n\tat a.b(A.java)",
            ),
            ("secret words\n\tat a.b(A.java:1)", "malformed"),
            ("\tat a.b(A.java:1)", "malformed"),
            ("org.E: secret", "malformed"),
            ("7", "malformed"),
        ] {
            let made = processed(&raw(&[("JavaStackTrace", given)]));
            assert_eq!(made.crash.text("java_stack_trace"), Some(expected), "{given}");
            assert_eq!(made.crash.text("java_stack_trace_raw"), Some(given));
            assert!(!made.notes.iter().any(|note| note.contains("secret")));
        }
        let made = processed(&raw(&[]));
        assert!(made.crash.get("java_stack_trace").is_none());
    }
}
