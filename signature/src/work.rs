//! How much text the steps of a signature look at. It is counted in this crate's own tests alone: no
//! clock can say on every machine that the work grows no faster than its input, but a count can.

#[cfg(test)]
mod tests;

/// A step looks at so many bytes. Whatever runs over text of a length that others choose says so.
#[cfg(test)]
pub(crate) fn looks_at(bytes: usize) {
    tests::count(bytes);
}

/// Nobody counts.
#[cfg(not(test))]
pub(crate) fn looks_at(_: usize) {}
