//! A program that ended itself with a message: the message tells more than the place.

use crate::case::{Case, Draft};
use crate::post_rule::PostRule;
use crate::rules::printable;
use crate::work;

pub(super) const RULE: PostRule = PostRule { name: "abort", apply };

/// Characters of the message that are kept, the dots of a cut counted.
const MESSAGE_CHARS_MAX: usize = 80;

fn apply(case: &Case<'_>, draft: &mut Draft) {
    let message = case.crash.abort_message.as_deref().filter(|message| !message.is_empty());
    let Some(message) = message else { return };
    // Such a message holds a place in the source alone.
    if message.contains("###!!! ABORT: file ") {
        draft.mark("Abort");
    } else {
        draft.mark(&format!("Abort | {}", told(message)));
    }
}

/// The message without what differs between builds and languages.
fn told(message: &str) -> String {
    work::looks_at(message.len());
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
