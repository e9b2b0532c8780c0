//! Names that a thread made lately: most frames of most stacks are the same few thousand functions, and
//! to find a name is cheaper than to make it.

use std::cell::RefCell;

/// Functions that a thread keeps: a power of two. With their names about 200 bytes each.
const SLOTS: usize = 2048;

/// Longer functions are rare, and would make the memory large.
const FUNCTION_BYTES_MAX: usize = 512;

/// What a function is named, before its line and its spaces are looked at, and after.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) bare: Box<str>,
    /// None if it is the bare one.
    pub(super) finished: Option<Box<str>>,
}

struct Slot {
    function: Box<str>,
    is_rust: bool,
    named: Named,
}

thread_local! {
    static SLOTS_OF_THREAD: RefCell<Vec<Option<Slot>>> = const { RefCell::new(Vec::new()) };
}

/// What `read` makes of a function's name: the one that was made before, or the one that `make` makes
/// now. It is the same either way.
pub(super) fn with<T, E>(
    function: &str,
    is_rust: bool,
    make: impl FnOnce() -> Result<Named, E>,
    read: impl FnOnce(&Named) -> T,
) -> Result<T, E> {
    if function.len() > FUNCTION_BYTES_MAX {
        return make().map(|named| read(&named));
    }
    SLOTS_OF_THREAD.with_borrow_mut(|slots| {
        if slots.is_empty() {
            slots.resize_with(SLOTS, || None);
        }
        let slot = &mut slots[place(function)];
        if let Some(known) = slot
            && known.is_rust == is_rust
            && *known.function == *function
        {
            return Ok(read(&known.named));
        }
        let named = make()?;
        let answer = read(&named);
        *slot = Some(Slot { function: function.into(), is_rust, named });
        Ok(answer)
    })
}

/// Where a function stands. Two that meet only cost each other's place.
fn place(function: &str) -> usize {
    let mut mixed = function.len() as u64;
    for chunk in function.as_bytes().chunks(8) {
        let mut bytes = [0; 8];
        bytes[..chunk.len()].copy_from_slice(chunk);
        mixed =
            (mixed.rotate_left(5) ^ u64::from_le_bytes(bytes)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    // The highest bits are mixed best. They fit: there are few slots.
    usize::try_from(mixed >> (u64::BITS - SLOTS.trailing_zeros())).unwrap_or_default()
}
