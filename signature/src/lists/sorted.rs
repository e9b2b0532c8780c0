//! Texts in order, found by their first byte and then by halving.

use std::ops::Range;

/// Sorted texts.
#[derive(Clone, Debug, Default)]
pub(super) struct Sorted {
    texts: Vec<Box<str>>,
    /// Where those of each first byte begin; empty if there are none at all.
    begins: Vec<usize>,
    /// A bit for each first byte that there is: most texts have another one, and need no look at more.
    firsts: [u64; 4],
}

impl Sorted {
    /// Of texts in any order.
    pub(super) fn new(mut texts: Vec<Box<str>>) -> Self {
        texts.sort_unstable();
        texts.dedup();
        Self::indexed(texts)
    }

    /// The same without those that begin with another one of them.
    pub(super) fn beginnings(mut texts: Vec<Box<str>>) -> Self {
        texts.sort_unstable();
        texts.dedup_by(|later, kept| later.starts_with(&**kept));
        Self::indexed(texts)
    }

    fn indexed(texts: Vec<Box<str>>) -> Self {
        let before = |byte: usize| texts.partition_point(|text| usize::from(first(text)) < byte);
        let begins = if texts.is_empty() { Vec::new() } else { (0..=256).map(before).collect() };
        let mut firsts = [0; 4];
        for byte in texts.iter().map(|text| first(text)) {
            firsts[usize::from(byte / 64)] |= 1 << (byte % 64);
        }
        Self { texts, begins, firsts }
    }

    /// Whether it is one of them.
    pub(super) fn has(&self, text: &str) -> bool {
        self.may_have(text)
            && self.texts[self.near(text)].binary_search_by(|other| (**other).cmp(text)).is_ok()
    }

    /// Whether it begins with one of them, where none begins with another.
    pub(super) fn has_beginning_of(&self, text: &str) -> bool {
        if !self.may_have(text) {
            return false;
        }
        // Of the beginnings that sort before the text only the last can be its own: every text
        // between a beginning and what begins so has that beginning too, and none here has another.
        let near = &self.texts[self.near(text)];
        let after = near.partition_point(|start| **start <= *text);
        after.checked_sub(1).is_some_and(|place| text.starts_with(&*near[place]))
    }

    fn may_have(&self, text: &str) -> bool {
        let byte = first(text);
        self.firsts[usize::from(byte / 64)] & (1 << (byte % 64)) != 0
    }

    /// The places of those with the same first byte: most texts have none or few.
    fn near(&self, text: &str) -> Range<usize> {
        let byte = usize::from(first(text));
        let begin = |byte| self.begins.get(byte).copied().unwrap_or_default();
        begin(byte)..begin(byte + 1)
    }
}

/// The empty text stands with those that begin with U+0000.
fn first(text: &str) -> u8 {
    text.as_bytes().first().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_found_among_each_other() {
        let texts = ["b", "ab", "abc", "a::b", "\0", "", "zz", "é", "ab"];
        let sorted = Sorted::new(texts.map(Box::from).to_vec());
        for text in texts {
            assert!(sorted.has(text), "{text:?}");
        }
        for text in ["a", "abd", "z", "\0\0", "ü", "~"] {
            assert!(!sorted.has(text) && !Sorted::default().has(text), "{text:?}");
        }
    }

    #[test]
    fn the_empty_beginning_is_that_of_all_texts_without_one_of_their_own() {
        let sorted = Sorted::beginnings(["ab", "abc"].map(Box::from).to_vec());
        assert!(sorted.has_beginning_of("abd") && !sorted.has_beginning_of("a"));
    }
}
