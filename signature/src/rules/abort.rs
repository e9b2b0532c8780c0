//! A program that ended itself with a message: the message tells more than the place.

use crate::crash_data::CrashData;
use crate::generate::Signature;
use crate::lists::Lists;
use crate::post_rule::PostRule;
use crate::rules::printable;

pub(super) const RULE: PostRule = PostRule { name: "abort", apply };

/// Characters of the message that are kept, the dots of a cut counted.
const MESSAGE_CHARS_MAX: usize = 80;

fn apply(crash: &CrashData, _: &Lists, signature: &mut Signature) {
    let Some(message) = crash.abort_message.as_deref().filter(|message| !message.is_empty()) else {
        return;
    };
    // Such a message holds a place in the source alone.
    if message.contains("###!!! ABORT: file ") {
        signature.mark("Abort");
        return;
    }
    signature.mark(&format!("Abort | {}", told(message)));
}

/// The message without what differs between builds and languages.
fn told(message: &str) -> String {
    let message = message.split_once("###!!! ABORT:").map_or(message, |(_, after)| after);
    let message = message.split_once(": file ").map_or(message, |(before, _)| before);
    let message = printable::filter(&without_localised_part(message)).trim().to_owned();
    // Printable text has one byte a character.
    if message.len() > MESSAGE_CHARS_MAX {
        return format!("{}...", &message[..MESSAGE_CHARS_MAX - 3]);
    }
    message
}

/// This one message carries a text in the user's language, in parentheses.
fn without_localised_part(message: &str) -> String {
    if message.contains("unable to find a usable font")
        && let (Some(open), Some(close)) = (message.find('('), message.rfind(')'))
    {
        return format!("{}{}", &message[..open], &message[close + 1..]);
    }
    message.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn messages_lose_what_differs_between_builds() {
        let long = "x".repeat(81);
        let cut = format!("Abort | {}... | f", "x".repeat(77));
        for (message, expected) in [
            ("", "f"),
            ("unknown", "Abort | unknown | f"),
            ("###!!! ABORT: file /b/x.cpp, line 5", "Abort | f"),
            ("[5] ###!!! ABORT: out of room: file /b/x.cpp, line 5", "Abort | out of room | f"),
            ("unable to find a usable font (Schrift fehlt): file x", "Abort | unable to find a usable font | f"),
            ("caf\u{e9}\u{0}\n ok", "Abort | caf ok | f"),
            (long.as_str(), cut.as_str()),
            (&long[..80], &format!("Abort | {} | f", "x".repeat(80))),
        ] {
            let crash = CrashData { abort_message: Some(message.to_owned()), ..CrashData::default() };
            let mut result = Signature { signature: "f".to_owned(), ..Signature::default() };
            apply(&crash, Lists::built_in(), &mut result);
            assert_eq!(result.signature, expected, "{message}");
        }
    }
}
