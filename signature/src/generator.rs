//! Making a signature: all rules, in their order.

use crate::case::{Case, Draft};
use crate::crash_data::CrashData;
use crate::frame_names::FrameNames;
use crate::group_key::GroupKey;
use crate::lists::Lists;
use crate::rules::RULES;
use crate::style::Style;

/// A signature and how it came about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// The name of the bucket, at most 255 characters.
    pub signature: String,
    /// All named frames of the thread, before the lists choose: what a change of lists can be tried on.
    pub normalized_frames: FrameNames,
    /// What groups crashes whose own code has no symbols; absent where it has some.
    pub group_key: Option<GroupKey>,
    /// What a reader of the signature should know.
    pub notes: Vec<String>,
}

impl Signature {
    /// The names of all frames as one text; absent where there are none.
    pub fn proto_signature(&self) -> Option<&str> {
        (!self.normalized_frames.is_empty()).then(|| self.normalized_frames.joined())
    }
}

/// Makes signatures, by lists and in a style.
#[derive(Clone, Copy, Debug)]
pub struct Generator<'a> {
    lists: &'a Lists,
    style: Style,
}

/// Makes the signature of a crash in today's style.
pub fn generate(crash: &CrashData, lists: &Lists) -> Signature {
    Generator::new(lists).generate(crash)
}

impl<'a> Generator<'a> {
    /// By these lists, in today's style.
    pub fn new(lists: &'a Lists) -> Self {
        Self { lists, style: Style::default() }
    }

    /// The same in another style.
    #[must_use]
    pub fn with_style(self, style: Style) -> Self {
        Self { style, ..self }
    }

    /// Makes the signature of a crash.
    pub fn generate(&self, crash: &CrashData) -> Signature {
        let mut draft = Draft::default();
        self.make(crash, false, &mut draft);
        draft.made
    }

    /// Makes the signature of a crash, and says step by step how: each a line that begins with the
    /// name of its rule.
    pub fn with_steps(&self, crash: &CrashData) -> (Signature, Vec<String>) {
        self.told(crash, false)
    }

    /// The same, and names the entries of lists that decided. For people: it takes milliseconds.
    pub fn explain(&self, crash: &CrashData) -> (Signature, Vec<String>) {
        self.told(crash, true)
    }

    fn told(&self, crash: &CrashData, names_entries: bool) -> (Signature, Vec<String>) {
        let mut draft = Draft { steps: Some(Vec::new()), ..Draft::default() };
        self.make(crash, names_entries, &mut draft);
        (draft.made, draft.steps.unwrap_or_default())
    }

    fn make(&self, crash: &CrashData, names_entries: bool, draft: &mut Draft) {
        let case = Case { crash, lists: self.lists, style: self.style, names_entries };
        for rule in RULES {
            let before = draft.steps.is_some().then(|| draft.text().to_owned());
            (rule.apply)(&case, draft);
            if before.is_some_and(|before| before != draft.text()) {
                let step = format!("{}: signature \"{}\"", rule.name, draft.text());
                draft.step(|| step);
            }
        }
        draft.made.group_key = GroupKey::of(crash, self.lists);
        if let Some(key) = &draft.made.group_key {
            let step = format!("group_key: \"{key}\"");
            draft.step(|| step);
        }
    }
}
