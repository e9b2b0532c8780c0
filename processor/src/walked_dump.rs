//! What became of walking a minidump, as the rules see it.

use std::collections::BTreeMap;

use auxilio_common::{DumpName, JsonText};

/// What the status says when all went well.
pub const STATUS_OK: &str = "OK";

/// One minidump, walked or not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WalkedDump {
    /// [`STATUS_OK`], or one word for why there is no stack.
    pub status: String,
    /// The walker's whole answer, in the shape of socorro-today.md, section 2.5.
    pub json_dump: Option<JsonText>,
    /// Whether symbols that may exist could not be had.
    pub symbols_failed: bool,
    /// Whether a part of the dump was missing, or cut because of a limit.
    pub truncated: bool,
    /// How the walker ended, if it died: its exit status, or the signal as a negative number.
    pub return_code: Option<i64>,
    /// Its last words, if it died.
    pub stderr: Option<String>,
    /// The walker's version.
    pub walker_version: Option<String>,
}

/// All minidumps of a crash, by name.
pub type Walks = BTreeMap<DumpName, WalkedDump>;

/// The walker is part of this program.
const WALKER_VERSION: &str = concat!("auxilio ", env!("CARGO_PKG_VERSION"));

impl WalkedDump {
    /// A dump whose walk went well.
    pub fn walked(json_dump: JsonText, symbols_failed: bool, truncated: bool) -> Self {
        Self {
            status: STATUS_OK.to_owned(),
            json_dump: Some(json_dump),
            symbols_failed,
            truncated,
            ..Self::by_walker()
        }
    }

    /// A dump that the walker can't read, and its word for why.
    pub fn unreadable(status: impl Into<String>) -> Self {
        Self { status: status.into(), ..Self::by_walker() }
    }

    fn by_walker() -> Self {
        Self { walker_version: Some(WALKER_VERSION.to_owned()), ..Self::default() }
    }

    /// A dump without a stack, and one word for why.
    pub fn without_stack(status: impl Into<String>) -> Self {
        Self { status: status.into(), ..Self::default() }
    }

    /// Whether there is a stack.
    pub fn has_stack(&self) -> bool {
        self.json_dump.is_some()
    }
}
