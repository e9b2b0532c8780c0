//! Which special characters a name holds: most hold few, and what it lacks needs no step.

use crate::work;

/// A set of kinds of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holds(u8);

pub(super) const SPACE: Holds = Holds(1);
pub(super) const ROUND: Holds = Holds(2);
pub(super) const ANGLE: Holds = Holds(4);
pub(super) const SQUARE: Holds = Holds(8);
pub(super) const BACKTICK: Holds = Holds(16);
pub(super) const DOLLAR: Holds = Holds(32);

impl Holds {
    /// What a text holds. Plain comparisons: the compiler makes vector code of them.
    pub(super) fn of(text: &str) -> Self {
        work::looks_at(text.len());
        let kinds = |byte: u8| {
            (u8::from(byte == b' ') * SPACE.0)
                | (u8::from(byte == b'(') * ROUND.0)
                | (u8::from(byte == b'<') * ANGLE.0)
                | (u8::from(byte == b'[') * SQUARE.0)
                | (u8::from(byte == b'`') * BACKTICK.0)
                | (u8::from(byte == b'$') * DOLLAR.0)
        };
        Self(text.bytes().fold(0, |held, byte| held | kinds(byte)))
    }

    /// Whether it holds this kind.
    pub(super) fn has(self, kind: Self) -> bool {
        self.0 & kind.0 != 0
    }
}
