//! Names that a thread made lately: most frames of most stacks are the same few thousand functions, and
//! to find a name is cheaper than to make it.

use crate::{place, work};

/// Functions that a thread keeps: a power of two. With their names about 200 bytes each.
const SLOTS: usize = 2048;

/// Longer functions are rare, and would make the memory large.
const FUNCTION_BYTES_MAX: usize = 512;

/// A function and what it is named, before its line and its spaces are looked at, and after: one text,
/// because each further one would be a look elsewhere in memory.
#[derive(Debug)]
pub(super) struct Slot {
    text: String,
    /// Where the function ends.
    function: usize,
    /// Where its bare name ends.
    bare: usize,
    is_rust: bool,
}

impl Slot {
    /// Without a function: no frame's function is the empty text.
    pub(super) const fn new() -> Self {
        Self { text: String::new(), function: 0, bare: 0, is_rust: false }
    }

    /// Puts a function in the place of the one before. `finish` appends the finished name.
    pub(super) fn fill(
        &mut self,
        function: &str,
        is_rust: bool,
        bare: &str,
        finish: impl FnOnce(&str, &mut String),
    ) {
        work::looks_at(function.len() + bare.len());
        self.text.clear();
        self.text.push_str(function);
        self.function = self.text.len();
        self.text.push_str(bare);
        self.bare = self.text.len();
        finish(bare, &mut self.text);
        self.is_rust = is_rust;
    }

    /// The name before its line and its spaces are looked at.
    pub(super) fn bare(&self) -> &str {
        &self.text[self.function..self.bare]
    }

    /// The name without a line.
    pub(super) fn finished(&self) -> &str {
        &self.text[self.bare..]
    }

    /// Whether it is this function, by the rules of this language.
    pub(super) fn holds(&self, function: &str, is_rust: bool) -> bool {
        work::looks_at(function.len());
        self.is_rust == is_rust && self.text.get(..self.function) == Some(function)
    }
}

/// Names by their functions.
#[derive(Debug)]
pub(super) struct Memo(Vec<Slot>);

impl Memo {
    /// Without any names yet.
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// The slot of a function, whatever it holds. None for those that are too long.
    pub(super) fn slot(&mut self, function: &str) -> Option<&mut Slot> {
        if function.len() > FUNCTION_BYTES_MAX {
            return None;
        }
        if self.0.is_empty() {
            self.0.resize_with(SLOTS, Slot::new);
        }
        Some(&mut self.0[place::of(function, SLOTS)])
    }
}
