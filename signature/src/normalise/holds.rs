//! Which special characters a name holds: most hold few, and what it lacks needs no step.

/// A set of kinds of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holds(u8);

pub(super) const SPACE: Holds = Holds(1);
pub(super) const ROUND: Holds = Holds(2);
pub(super) const ANGLE: Holds = Holds(4);
pub(super) const SQUARE: Holds = Holds(8);
pub(super) const BACKTICK: Holds = Holds(16);
pub(super) const DOLLAR: Holds = Holds(32);

const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    kinds[b' ' as usize] = SPACE.0;
    kinds[b'(' as usize] = ROUND.0;
    kinds[b'<' as usize] = ANGLE.0;
    kinds[b'[' as usize] = SQUARE.0;
    kinds[b'`' as usize] = BACKTICK.0;
    kinds[b'$' as usize] = DOLLAR.0;
    kinds
};

impl Holds {
    /// What a text holds.
    pub(super) fn of(text: &str) -> Self {
        Self(text.bytes().fold(0, |kinds, byte| kinds | KINDS[usize::from(byte)]))
    }

    /// Whether it holds this kind.
    pub(super) fn has(self, kind: Self) -> bool {
        self.0 & kind.0 != 0
    }
}
