//! Lanes: calls by the salt of their rows, so that an outage of some rows leaves the others alone.
//!
//! The first character of a key is the salt, a hexadecimal digit, and tables are split there. In an
//! outage every writer soon meets a row of the dead server; a lane keeps such calls to itself.

/// Lanes: one for each salt, one for keys without any and for calls without rows, one for calls about
/// rows of many salts.
pub(crate) const LANES: usize = 18;

/// The lane of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lane(u8);

impl Lane {
    /// For calls about no row.
    pub(crate) const OTHER: Self = Self(16);

    /// For calls about rows of many salts.
    pub(crate) const TOGETHER: Self = Self(17);

    /// For a row's key.
    pub(crate) fn of(key: &[u8]) -> Self {
        let salt = key.first().and_then(|byte| char::from(*byte).to_digit(16));
        // A hexadecimal digit is below 16.
        salt.and_then(|salt| u8::try_from(salt).ok()).map_or(Self::OTHER, Self)
    }

    pub(crate) fn index(self) -> usize {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_is_the_salt_in_either_case() {
        let lane = |text: &str| Lane::of(text.as_bytes()).index();
        assert_eq!(
            [lane("0x"), lane("9"), lane("a1"), lane("F"), lane("g"), lane("")],
            [0, 9, 10, 15, 16, 16]
        );
        assert_eq!(Lane::TOGETHER.index() + 1, LANES);
    }
}
