//! A rule of signature generation: looks at the crash and at the signature so far, and changes it.

use crate::crash_data::CrashData;
use crate::generate::Signature;
use crate::lists::Lists;

/// One rule.
pub(crate) struct PostRule {
    /// Its name in notes.
    pub(crate) name: &'static str,
    /// What it does. It changes nothing where it does not apply.
    pub(crate) apply: fn(&CrashData, &Lists, &mut Signature),
}
