//! What lists said of names lately: most stacks begin with the same few hundred names, and to ask the
//! expressions of a list costs more than all else that is done with a name.

use std::cell::RefCell;

use super::Kind;
use crate::place;

/// Names that a thread keeps: a power of two. About 100 bytes each.
const SLOTS: usize = 1024;

/// Longer names are rare, and would make the memory large.
const NAME_BYTES_MAX: usize = 256;

/// What lists said of a name; at first what lists without entries say of none.
#[derive(Debug, Default)]
struct Slot {
    lists: u64,
    kind: Kind,
    name: String,
}

thread_local! {
    static SLOTS_OF_THREAD: RefCell<Vec<Slot>> = const { RefCell::new(Vec::new()) };
}

/// What the lists of this number say of a name; asks them only if the thread does not remember.
pub(super) fn kind(lists: u64, name: &str, ask: impl FnOnce() -> Kind) -> Kind {
    if name.len() > NAME_BYTES_MAX {
        return ask();
    }
    SLOTS_OF_THREAD.with_borrow_mut(|slots| {
        if slots.is_empty() {
            slots.resize_with(SLOTS, Slot::default);
        }
        let slot = &mut slots[place::of(name, SLOTS)];
        if slot.lists != lists || slot.name != name {
            name.clone_into(&mut slot.name);
            (slot.lists, slot.kind) = (lists, ask());
        }
        slot.kind
    })
}
