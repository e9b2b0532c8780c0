//! Hostile minidumps, the same on every machine: bombs, cuts and mutants.
//!
//! A bomb is a valid dump that makes a reader do far more than its bytes are worth. A cut is the
//! beginning of a real dump. A mutant is a real dump with one fault of one of twelve kinds.

mod bomb;
mod cut;
mod layout;
mod mutation;

pub use bomb::{BOMBS, Bomb, Effect};
pub use cut::{Cut, cuts};
pub use mutation::{Mutant, Operation, mutant};
