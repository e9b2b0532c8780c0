//! What a rule may look at beside the processed crash: the raw crash, cleaned, and the lists.

use std::borrow::Cow;

use auxilio_common::{Annotations, RawCrash};
use auxilio_signature::Lists;

/// One crash as the rules see it.
pub struct Case<'a> {
    /// The raw crash as it came. Rules read annotations through [`Case::annotation`].
    pub raw: &'a RawCrash,
    /// The annotations, without what no database takes.
    pub annotations: Cow<'a, Annotations>,
    /// The lists that choose frames for signatures.
    pub lists: &'a Lists,
}

impl Case<'_> {
    /// An annotation's text without spaces at its end, if anything is left.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.get(name).map(|text| text.trim_end()).filter(|text| !text.is_empty())
    }
}
