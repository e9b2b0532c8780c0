//! Where a text stands in a memory that has a fixed number of places.

/// The place among so many, a power of two above one. Two texts that meet only cost each other's place.
pub(crate) fn of(text: &str, places: usize) -> usize {
    let mut mixed = text.len() as u64;
    let mut mix = |bytes| {
        let bytes = u64::from_le_bytes(bytes);
        mixed = (mixed.rotate_left(5) ^ bytes).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    };
    let (chunks, rest) = text.as_bytes().as_chunks();
    for chunk in chunks {
        mix(*chunk);
    }
    // The last eight bytes, some of them for the second time: cheaper than to copy a few.
    match text.as_bytes().last_chunk() {
        Some(chunk) => mix(*chunk),
        None => mix(std::array::from_fn(|place| rest.get(place).copied().unwrap_or_default())),
    }
    // The highest bits are mixed best. They fit: there are few places.
    usize::try_from(mixed >> (u64::BITS - places.trailing_zeros())).unwrap_or_default()
}
