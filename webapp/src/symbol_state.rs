//! What is known of the symbols of a module.

use serde_json::Value;

/// Whether a module's symbols were had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SymbolState {
    /// No frame needed them.
    NotNeeded,
    /// They were there.
    Found,
    /// They were looked for and not there.
    Missing,
    /// They could not be read.
    Corrupt,
    /// They could not be had: a source of symbols was out of order.
    Failed,
}

impl SymbolState {
    /// Reads the flags of a module; the worst one counts.
    pub(crate) fn of(module: &Value) -> Self {
        let is = |flag| module.get(flag).and_then(Value::as_bool).unwrap_or(false);
        if is("failed_symbols") {
            Self::Failed
        } else if is("corrupt_symbols") {
            Self::Corrupt
        } else if is("missing_symbols") {
            Self::Missing
        } else if is("loaded_symbols") {
            Self::Found
        } else {
            Self::NotNeeded
        }
    }

    /// The word on the page.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::NotNeeded => "not needed",
            Self::Found => "found",
            Self::Missing => "missing",
            Self::Corrupt => "corrupt",
            Self::Failed => "not available",
        }
    }

    /// The style of the word.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::NotNeeded => "quiet",
            Self::Found => "good",
            Self::Missing => "warn",
            Self::Corrupt | Self::Failed => "bad",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_worst_flag_counts() {
        // A corrupt file counts as loaded, too, in the walker's answer.
        let both = json!({"loaded_symbols": true, "corrupt_symbols": true});
        assert_eq!(SymbolState::of(&both), SymbolState::Corrupt);
        assert_eq!(SymbolState::of(&json!({"loaded_symbols": true})), SymbolState::Found);
        assert_eq!(SymbolState::of(&json!({})), SymbolState::NotNeeded);
    }
}
