//! The lists that choose frames: which are passed over, which need a neighbour, where to begin.
//!
//! Lists lie in layers: the built-in one, a site's over it, a product's over that. What the topmost
//! layer with an opinion says of a frame holds, so that a site can take back what is built in.

mod entries;
mod error;
mod patterns;
mod remembered;
mod sorted;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use auxilio_common::limits;

pub use error::ListError;
use patterns::Patterns;

use crate::work;

/// The texts of the lists of one layer: one entry a line; `#` begins a comment line.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListTexts<'a> {
    /// Patterns of frames that are passed over.
    pub irrelevant: &'a str,
    /// Patterns of frames that say too little alone: the next one is added.
    pub prefix: &'a str,
    /// Patterns of frames that say enough: what a layer below says of them does not hold.
    pub relevant: &'a str,
    /// Whole names of frames at which the walk begins.
    pub sentinels: &'a str,
    /// Patterns of functions that keep their line.
    pub line_numbers: &'a str,
    /// Patterns of modules, in small letters, that never own a crash: the group key goes past them.
    pub foreign_modules: &'a str,
}

/// What the lists say of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It is passed over.
    Irrelevant,
    /// It is taken, and the walk goes on.
    Prefix,
    /// It is taken, and the walk ends.
    #[default]
    Relevant,
}

/// Which entry decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry<'a> {
    /// The layer's name.
    pub(crate) layer: &'a str,
    /// The list's name.
    pub(crate) list: &'static str,
    /// Its line, from 1.
    pub(crate) line: usize,
    /// The entry as it stands there.
    pub(crate) text: &'a str,
}

/// The lists, compiled. An empty list matches nothing.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    /// The topmost first.
    layers: Vec<Arc<Layer>>,
    /// Tells these layers from all others of the process; 0 for none.
    number: u64,
}

/// How many lists have a number.
static NUMBERED: AtomicU64 = AtomicU64::new(0);

#[derive(Debug)]
struct Layer {
    name: String,
    irrelevant: Patterns,
    prefix: Patterns,
    relevant: Patterns,
    sentinels: Patterns,
    line_numbers: Patterns,
    foreign_modules: Patterns,
}

static BUILT_IN: LazyLock<Lists> = LazyLock::new(|| {
    let texts = ListTexts {
        irrelevant: include_str!("../lists/irrelevant.txt"),
        prefix: include_str!("../lists/prefix.txt"),
        relevant: "",
        sentinels: include_str!("../lists/sentinels.txt"),
        line_numbers: include_str!("../lists/line_numbers.txt"),
        foreign_modules: include_str!("../lists/foreign_modules.txt"),
    };
    // A test compiles the same texts, so this can't be.
    Lists::compile("built-in", &texts)
        .unwrap_or_else(|error| unreachable!("the built-in lists compile: {error}"))
});

impl Lists {
    /// The lists that come with the program, compiled once.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// Compiles lists of one's own, alone.
    pub fn compile(name: &str, texts: &ListTexts<'_>) -> Result<Self, ListError> {
        Self::default().with_layer(name, texts)
    }

    /// These lists, and one more layer over them.
    pub fn with_layer(&self, name: &str, texts: &ListTexts<'_>) -> Result<Self, ListError> {
        let mut layers = vec![Arc::new(Layer::compile(name, texts)?)];
        layers.extend(self.layers.iter().cloned());
        let number = NUMBERED.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(Self { layers, number })
    }

    pub(crate) fn kind(&self, name: &str) -> Kind {
        let name = bounded(name);
        work::looks_at(name.len());
        remembered::kind(self.number, name, || {
            self.layers.iter().find_map(|layer| layer.kind(name)).unwrap_or_default()
        })
    }

    /// The entry that decides what kind a frame is, if there is one.
    pub(crate) fn why(&self, name: &str) -> Option<Entry<'_>> {
        let name = bounded(name);
        let layer = self.layers.iter().find(|layer| layer.kind(name).is_some())?;
        layer.why(name)
    }

    pub(crate) fn is_sentinel(&self, name: &str) -> bool {
        self.layers.iter().any(|layer| layer.sentinels.matches(name))
    }

    pub(crate) fn keeps_line(&self, name: &str) -> bool {
        self.layers.iter().any(|layer| layer.line_numbers.matches(bounded(name)))
    }

    /// Whether a module, by its name in small letters, never owns a crash.
    pub(crate) fn is_foreign(&self, module: &str) -> bool {
        self.layers.iter().any(|layer| layer.foreign_modules.matches(bounded(module)))
    }
}

impl Layer {
    fn compile(name: &str, texts: &ListTexts<'_>) -> Result<Self, ListError> {
        Ok(Self {
            name: name.to_owned(),
            irrelevant: Patterns::compile("irrelevant", texts.irrelevant)?,
            prefix: Patterns::compile("prefix", texts.prefix)?,
            relevant: Patterns::compile("relevant", texts.relevant)?,
            sentinels: Patterns::whole_names("sentinels", texts.sentinels)?,
            line_numbers: Patterns::compile("line_numbers", texts.line_numbers)?,
            foreign_modules: Patterns::compile("foreign_modules", texts.foreign_modules)?,
        })
    }

    fn kind(&self, name: &str) -> Option<Kind> {
        if self.irrelevant.matches(name) {
            Some(Kind::Irrelevant)
        } else if self.prefix.matches(name) {
            Some(Kind::Prefix)
        } else {
            self.relevant.matches(name).then_some(Kind::Relevant)
        }
    }

    fn why(&self, name: &str) -> Option<Entry<'_>> {
        [("irrelevant", &self.irrelevant), ("prefix", &self.prefix), ("relevant", &self.relevant)]
            .into_iter()
            .find_map(|(list, patterns)| {
                let (line, text) = patterns.first_match(name)?;
                Some(Entry { layer: &self.name, list, line, text })
            })
    }
}

/// As much of a name as patterns look at.
fn bounded(name: &str) -> &str {
    &name[..name.floor_char_boundary(limits::MATCHED_NAME_BYTES_MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(texts: &ListTexts<'_>) -> Lists {
        Lists::compile("test", texts).unwrap()
    }

    #[test]
    fn the_built_in_lists_compile_and_match() {
        let lists = Lists::built_in();
        assert_eq!(lists.kind("core::panicking::panic_fmt"), Kind::Irrelevant);
        assert_eq!(lists.kind("NtWaitForAlertByThreadId"), Kind::Irrelevant);
        assert_eq!(lists.kind("objc_msgSend"), Kind::Prefix);
        assert_eq!(lists.kind("demo::f"), Kind::Relevant);
        assert!(lists.keeps_line("js_Interpret") && lists.is_sentinel("_purecall"));
        assert!(lists.is_foreign("ntdll.dll") && !lists.is_foreign("demo.exe"));
    }

    #[test]
    fn an_empty_list_matches_nothing() {
        let lists = lists(&ListTexts { irrelevant: "# nothing\n\n", ..ListTexts::default() });
        for name in ["", "a", "# nothing"] {
            assert_eq!(lists.kind(name), Kind::Relevant, "{name}");
            assert!(!lists.is_sentinel(name) && !lists.keeps_line(name) && !lists.is_foreign(name));
            assert!(lists.why(name).is_none());
        }
    }

    #[test]
    fn the_topmost_layer_with_an_opinion_decides() {
        let below = lists(&ListTexts {
            irrelevant: "free\nmalloc",
            prefix: "lock",
            sentinels: "start",
            ..ListTexts::default()
        });
        let site =
            ListTexts { prefix: "# ours\nfree$", relevant: "lock_us", ..ListTexts::default() };
        let both = below.with_layer("site", &site).unwrap();
        for (name, expected, why) in [
            ("free", Kind::Prefix, "site prefix 2 free$"),
            ("freedom", Kind::Irrelevant, "test irrelevant 1 free"),
            ("malloc", Kind::Irrelevant, "test irrelevant 2 malloc"),
            ("lock_us", Kind::Relevant, "site relevant 1 lock_us"),
            ("lock", Kind::Prefix, "test prefix 1 lock"),
            ("f", Kind::Relevant, ""),
        ] {
            assert_eq!(both.kind(name), expected, "{name}");
            let entry = both.why(name).map(|entry| {
                format!("{} {} {} {}", entry.layer, entry.list, entry.line, entry.text)
            });
            assert_eq!(entry.unwrap_or_default(), why);
        }
        assert!(both.is_sentinel("start"));
    }

    #[test]
    fn what_is_remembered_of_a_name_is_that_of_the_same_lists() {
        let alone = lists(&ListTexts { irrelevant: "free", ..ListTexts::default() });
        let over = alone
            .with_layer("site", &ListTexts { prefix: "free", ..ListTexts::default() })
            .unwrap();
        let other = lists(&ListTexts { irrelevant: "name_[0-9]*7$", ..ListTexts::default() });
        for round in 0..2 {
            assert_eq!(alone.kind("free"), Kind::Irrelevant, "{round}");
            assert_eq!(over.kind("free"), Kind::Prefix, "{round}");
            assert_eq!(other.kind("free"), Kind::Relevant, "{round}");
            assert_eq!(alone.clone().kind("free"), Kind::Irrelevant, "{round}");
            // More than there are places: they take each other's.
            for number in 0..5_000 {
                let is_listed = number % 10 == 7;
                let kind = other.kind(&format!("name_{number}"));
                assert_eq!(kind == Kind::Irrelevant, is_listed, "{number}");
            }
        }
    }

    #[test]
    fn a_very_long_name_is_matched_by_its_beginning() {
        let lists = lists(&ListTexts { prefix: "a.*b", ..ListTexts::default() });
        let long = |middle: usize| format!("a{}b", "é".repeat(middle));
        assert_eq!(lists.kind(&long(100)), Kind::Prefix);
        assert_eq!(lists.kind(&long(limits::MATCHED_NAME_BYTES_MAX)), Kind::Relevant);
    }
}
