//! What a rule may look at beside the processed crash: the raw crash, cleaned, and the lists.

use std::borrow::Cow;

use auxilio_common::{Annotations, ProcessedCrash, RawCrash};
use auxilio_signature::{Frame, Lists, Style, Thread};

use crate::builds::Builds;
use crate::site_rule::SiteRule;
use crate::stack::{Module, Stack};
use crate::walked_dump::Walks;

/// One crash as the rules see it.
pub struct Case<'a> {
    /// The raw crash as it came. Rules read annotations through [`Case::annotation`].
    pub raw: &'a RawCrash,
    /// The annotations, without what no database takes.
    pub annotations: Cow<'a, Annotations>,
    /// The walks of the crash's minidumps.
    pub walks: &'a Walks,
    /// The file `memory_report` as it came, compressed.
    pub memory_report: Option<&'a [u8]>,
    /// What there is to read of the main minidump's walk; `None` without a stack.
    pub stack: Option<Stack<'a>>,
    /// The lists that choose frames for signatures.
    pub lists: &'a Lists,
    /// In what style signatures are made.
    pub style: Style,
    /// The builds that are known.
    pub builds: &'a Builds,
    /// The site's own rules.
    pub site: &'a [SiteRule],
}

impl<'a> Case<'a> {
    /// An annotation's text without spaces at its end, if anything is left.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.get(name).map(|text| text.trim_end()).filter(|text| !text.is_empty())
    }

    /// All loaded modules; none without a stack.
    pub fn modules(&self) -> &[Module<'a>] {
        self.stack.as_ref().map_or(&[], |stack| &stack.modules)
    }

    /// The thread that the report is about, as `crash` names it, if it is one that was read.
    pub fn reported_thread(&self, crash: &ProcessedCrash) -> Option<&Thread> {
        self.stack.as_ref()?.thread(crash.integer("crashing_thread")?)
    }

    /// The frames of the thread that the report is about.
    pub fn reported_frames(&self, crash: &ProcessedCrash) -> &[Frame] {
        let thread = self.reported_thread(crash);
        thread.and_then(|thread| thread.frames.as_deref()).unwrap_or_default()
    }
}
