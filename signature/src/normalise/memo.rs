//! Names that a thread made lately: most frames of most stacks are the same few thousand functions, and
//! to find a name is cheaper than to make it.

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

    fn holds(&self, function: &str, is_rust: bool) -> bool {
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

    /// The slot of a function, and whether it holds it already. None for those that are too long.
    pub(super) fn slot(&mut self, function: &str, is_rust: bool) -> Option<(&mut Slot, bool)> {
        if function.len() > FUNCTION_BYTES_MAX {
            return None;
        }
        if self.0.is_empty() {
            self.0.resize_with(SLOTS, Slot::new);
        }
        let slot = &mut self.0[place(function)];
        let is_known = slot.holds(function, is_rust);
        Some((slot, is_known))
    }
}

/// Where a function stands. Two that meet only cost each other's place.
fn place(function: &str) -> usize {
    let mut mixed = function.len() as u64;
    let mut mix = |bytes| {
        let bytes = u64::from_le_bytes(bytes);
        mixed = (mixed.rotate_left(5) ^ bytes).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    };
    let (chunks, rest) = function.as_bytes().as_chunks();
    for chunk in chunks {
        mix(*chunk);
    }
    // The last eight bytes, some of them for the second time: cheaper than to copy a few.
    match function.as_bytes().last_chunk() {
        Some(chunk) => mix(*chunk),
        None => mix(std::array::from_fn(|place| rest.get(place).copied().unwrap_or_default())),
    }
    // The highest bits are mixed best. They fit: there are few slots.
    usize::try_from(mixed >> (u64::BITS - SLOTS.trailing_zeros())).unwrap_or_default()
}
