//! Addresses as text: `0x`, then as many digits as the crashed machine's pointers have.

use std::fmt;

use minidump::system_info::PointerWidth;
use minidump_processor::ProcessState;
use serde::{Serialize, Serializer};

/// Digits of an address. An unknown machine counts as one of 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    Bits32,
    Bits64,
}

impl Width {
    pub(crate) fn of(state: &ProcessState) -> Self {
        match state.system_info.cpu.pointer_width() {
            PointerWidth::Bits32 => Self::Bits32,
            _ => Self::Bits64,
        }
    }

    pub(crate) fn hex(self, address: u64) -> Hex {
        Hex { address, width: self }
    }
}

/// An address on its way into JSON.
pub(crate) struct Hex {
    address: u64,
    width: Width,
}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.width {
            Width::Bits32 => write!(f, "{:#010x}", self.address),
            Width::Bits64 => write!(f, "{:#018x}", self.address),
        }
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
