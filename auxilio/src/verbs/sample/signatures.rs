//! Words of the signatures of report rows: functions of a made-up browser, thousands of them.

use super::dice::Dice;

const SPACES: &[&str] =
    &["heron::", "gfx::", "js::", "net::ipc::", "", "dom::", "layout::", "media::"];

const CLASSES: &[&str] = &[
    "FrameTree",
    "Channel",
    "Compositor",
    "Arena",
    "ScriptContext",
    "CacheIndex",
    "Surface",
    "Timer",
    "StyleSet",
    "Decoder",
    "Socket",
    "Document",
    "TextRun",
    "Plugin",
    "Thumbnail",
    "Accessible",
    "Worker",
    "Observer",
    "Menu",
    "Clipboard",
    "FontList",
    "Cookie",
    "History",
    "Storage",
];

const METHODS: &[&str] = &[
    "Destroy", "Reflow", "Notify", "AddRef", "Paint", "Mark", "Dispatch", "Lookup", "Resize",
    "Flush", "OnStop", "Trace", "Commit", "Init", "Seek", "Unlink", "Read", "Write", "Evict",
    "Lock", "Shutdown", "Advance", "Measure", "Parse",
];

/// How many functions there are.
const FUNCTIONS: usize = SPACES.len() * CLASSES.len() * METHODS.len();

/// The function of a rank. Neighbours in rank are no neighbours in name.
fn function(rank: usize) -> String {
    // A step that shares no factor with the number of functions (a product of twos and threes)
    // visits all of them.
    let place = rank * 1_777 % FUNCTIONS;
    let (space, rest) = (place % SPACES.len(), place / SPACES.len());
    let (class, method) = (rest % CLASSES.len(), rest / CLASSES.len());
    format!("{}{}::{}", SPACES[space], CLASSES[class], METHODS[method])
}

/// A signature: few dominate, and the tail is long.
pub(super) fn draw(dice: &mut Dice, is_hang: bool) -> String {
    let top = function(dice.ranked(FUNCTIONS));
    match dice.below(100) {
        _ if is_hang => format!("hang | {top}"),
        0..3 => format!("OOM | small | {top}"),
        3..6 => format!("OOM | large | {top}"),
        6..12 => format!("libc.so.6@0x{:x} | {top}", 0x1000 * (1 + dice.ranked(60))),
        12..24 => format!("{top} | {}", function(dice.ranked(64))),
        24..26 => "EMPTY: no crashing thread identified".to_owned(),
        _ => top,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_function_has_one_rank() {
        let all: BTreeSet<String> = (0..FUNCTIONS).map(function).collect();
        assert_eq!(all.len(), FUNCTIONS);
    }
}
