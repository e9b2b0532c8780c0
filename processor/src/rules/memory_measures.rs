//! Sixteen sums out of the memory report, for the process that crashed: what can be compared between
//! crashes, and shows nothing of what the person did.
//!
//! The report is read entry by entry: a hostile one holds millions.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::memory_report::Entry;
use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};

pub(super) const RULE: Rule = Rule { name: "memory_measures", applies, act };

/// Measures that stand in the report under one path.
const BY_PATH: [(&str, &str); 10] = [
    ("gfx-textures", "gfx_textures"),
    ("ghost-windows", "ghost_windows"),
    ("heap-allocated", HEAP_ALLOCATED),
    ("host-object-urls", "host_object_urls"),
    ("private", "private"),
    ("resident", "resident"),
    ("resident-unique", "resident_unique"),
    ("system-heap-allocated", "system_heap_allocated"),
    ("vsize", "vsize"),
    ("vsize-max-contiguous", "vsize_max_contiguous"),
];

/// Measures that are the sum of all paths that begin so.
const BY_PREFIX: [(&str, &str); 4] = [
    ("explicit/heap-overhead/", "heap_overhead"),
    ("explicit/images/", "images"),
    ("explicit/window-objects/top(none)/detached/", "top_none_detached"),
    ("js-main-runtime/", "js_main_runtime"),
];

/// Measures that are made of others.
const MADE: [&str; 2] = ["explicit", "heap_unclassified"];

const HEAP_ALLOCATED: &str = "heap_allocated";

/// Everything under it is counted once, on the heap or beside it.
const EXPLICIT: &str = "explicit/";
const KIND_BESIDE_HEAP: i64 = 0;
const KIND_HEAP: i64 = 1;
const UNITS_BYTES: i64 = 0;

/// Why a report of the right shape is refused.
const WHYS: [&str; 5] = [NOT_FIREFOX, NO_REPORTS, NOT_OURS, UNKNOWN_KIND, NOT_BYTES];
const NOT_FIREFOX: &str = "it is none of Firefox";
const NO_REPORTS: &str = "it has no reports";
const NOT_OURS: &str = "no entry is of the process";
const UNKNOWN_KIND: &str = "an explicit entry has an unknown kind";
const NOT_BYTES: &str = "an explicit entry is not in bytes";

fn applies(case: &Case<'_>, draft: &Draft) -> bool {
    draft.crash.structure("memory_report").is_some()
        && case.stack.as_ref().is_some_and(|stack| stack.pid.is_some())
}

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    let pid = case.stack.as_ref().and_then(|stack| stack.pid).unwrap_or_default();
    let Some(report) = draft.crash.structure("memory_report") else { return Ok(()) };
    let mut reader = serde_json::Deserializer::from_str(report.get());
    match (Report { process: format!("(pid {pid})") }).deserialize(&mut reader) {
        Ok(measures) => draft.set("memory_measures", Some(measures)),
        Err(error) => draft.note(format!("the memory report has no measures: {}", why(&error))),
    }
    Ok(())
}

/// The reason in our own words: the reader's may quote the report, which is protected.
fn why(error: &serde_json::Error) -> &'static str {
    let told = error.to_string();
    WHYS.into_iter().find(|why| told.starts_with(why)).unwrap_or("it has another shape")
}

/// Reads the measures of one process off a report.
struct Report {
    /// What the names of that process's entries hold.
    process: String,
}

/// What was added up so far.
#[derive(Default)]
struct Sums {
    measures: BTreeMap<&'static str, i64>,
    on_heap: i64,
    beside_heap: i64,
    found: bool,
}

impl<'de> DeserializeSeed<'de> for Report {
    type Value = Map<String, Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Report {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a memory report")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut sums = None;
        let mut marks = 0;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "reports" => sums = Some(map.next_value_seed(Entries(&self.process))?),
                other => {
                    marks += usize::from(["version", "hasMozMallocUsableSize"].contains(&other));
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        match sums {
            Some(_) if marks < 2 => Err(A::Error::custom(NOT_FIREFOX)),
            None => Err(A::Error::custom(NO_REPORTS)),
            Some(sums) if !sums.found => Err(A::Error::custom(NOT_OURS)),
            Some(sums) => Ok(sums.measures()),
        }
    }
}

struct Entries<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = Sums;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Sums, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = Sums;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Sums, A::Error> {
        let mut sums = Sums::default();
        while let Some(entry) = seq.next_element::<Entry<'de>>()? {
            if entry.process.contains(self.0) {
                sums.add(&entry).map_err(A::Error::custom)?;
            }
        }
        Ok(sums)
    }
}

impl Sums {
    fn add(&mut self, entry: &Entry<'_>) -> Result<(), &'static str> {
        self.found = true;
        let path = &*entry.path;
        if path.starts_with(EXPLICIT) {
            let sum = match (entry.units, entry.kind) {
                (UNITS_BYTES, KIND_BESIDE_HEAP) => &mut self.beside_heap,
                (UNITS_BYTES, KIND_HEAP) => &mut self.on_heap,
                (UNITS_BYTES, _) => return Err(UNKNOWN_KIND),
                _ => return Err(NOT_BYTES),
            };
            *sum = sum.saturating_add(entry.amount);
        }
        let by_path = BY_PATH.iter().filter(|(known, _)| path == *known);
        let by_prefix = BY_PREFIX.iter().filter(|(prefix, _)| path.starts_with(prefix));
        for (_, measure) in by_path.chain(by_prefix) {
            let sum = self.measures.entry(measure).or_default();
            *sum = sum.saturating_add(entry.amount);
        }
        Ok(())
    }

    /// All measures; what the report does not name is zero.
    fn measures(mut self) -> Map<String, Value> {
        let heap = self.measures.get(HEAP_ALLOCATED).copied().unwrap_or_default();
        let [explicit, unclassified] = MADE;
        self.measures.insert(explicit, heap.saturating_add(self.beside_heap));
        // Below zero where the program counted something twice.
        self.measures.insert(unclassified, heap.saturating_sub(self.on_heap));
        let named = BY_PATH.iter().chain(&BY_PREFIX).map(|(_, measure)| *measure);
        named
            .chain(MADE)
            .map(|name| (name.to_owned(), self.measures.get(name).copied().unwrap_or(0).into()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Write;

    use auxilio_common::DumpName;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use serde_json::json;

    use super::*;
    use crate::files::Files;
    use crate::process::{Context, Processed};
    use crate::sample::{processed_files, raw, walk};

    fn made(report: &Value, dump: &Value) -> Processed {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(report.to_string().as_bytes()).unwrap();
        let files = Files {
            walks: BTreeMap::from([(DumpName::main(), walk(dump))]),
            memory_report: Some(encoder.finish().unwrap()),
        };
        processed_files(&raw(&[]), files, Context::default())
    }

    fn entry(process: &str, path: &str, kind: i64, units: i64, amount: i64) -> Value {
        json!({"process": process, "path": path, "kind": kind, "units": units, "amount": amount,
            "description": "a text"})
    }

    fn report(entries: &[Value]) -> Value {
        json!({"version": 1, "hasMozMallocUsableSize": true, "reports": entries})
    }

    #[test]
    fn sixteen_sums_are_of_the_process_that_crashed() {
        const OURS: &str = "Main Process (pid 11620)";
        let entries = [
            entry(OURS, "heap-allocated", 2, 0, 1_000),
            entry(OURS, "explicit/a", 1, 0, 600),
            entry(OURS, "explicit/b", 0, 0, 50),
            entry(OURS, "explicit/heap-overhead/page-cache", 0, 0, 7),
            entry(OURS, "explicit/images/a", 1, 0, 10),
            entry(OURS, "explicit/images/b", 1, 0, 20),
            entry(OURS, "explicit/window-objects/top(none)/detached/x", 1, 0, 5),
            entry(OURS, "js-main-runtime/x", 1, 0, 3),
            entry(OURS, "ghost-windows", 2, 1, 2),
            entry(OURS, "vsize", 2, 0, 9_000),
            entry("web (pid 116)", "vsize", 2, 0, 77),
            entry("web (pid 9)", "explicit/x", 9, 9, 77),
        ];
        let made = made(&report(&entries), &json!({"pid": 11_620}));
        assert_eq!(
            made.crash.to_map()["memory_measures"],
            json!({"explicit": 1_057, "gfx_textures": 0, "ghost_windows": 2, "heap_allocated": 1_000,
                "heap_overhead": 7, "heap_unclassified": 365, "host_object_urls": 0, "images": 30,
                "js_main_runtime": 3, "private": 0, "resident": 0, "resident_unique": 0,
                "system_heap_allocated": 0, "top_none_detached": 5, "vsize": 9_000,
                "vsize_max_contiguous": 0})
        );
    }

    #[test]
    fn a_report_that_can_not_be_added_up_is_kept_and_noted() {
        const OURS: &str = "(pid 7)";
        for (report, why) in [
            (report(&[]), "no entry is of the process"),
            (report(&[entry(OURS, "explicit/x", 1, 1, 1)]), "an explicit entry is not in bytes"),
            (
                report(&[entry(OURS, "explicit/x", 7, 0, 1)]),
                "an explicit entry has an unknown kind",
            ),
            (json!({"reports": [entry(OURS, "vsize", 0, 0, 1)]}), "it is none of Firefox"),
            (json!({"version": 1}), "it has no reports"),
        ] {
            let made = made(&report, &json!({"pid": 7}));
            let fields = made.crash.to_map();
            assert!(!fields.contains_key("memory_measures"), "{report}");
            assert_eq!(fields["memory_report"], report);
            let note = format!("memory_measures: the memory report has no measures: {why}");
            assert!(made.notes.contains(&note), "{:?}", made.notes);
        }
        // The sums of a hostile report stay numbers.
        let hostile =
            report(&[entry(OURS, "vsize", 0, 0, i64::MAX), entry(OURS, "vsize", 0, 0, 9)]);
        let made = made(&hostile, &json!({"pid": 7}));
        assert_eq!(made.crash.to_map()["memory_measures"]["vsize"], json!(i64::MAX));
    }

    #[test]
    fn without_a_process_id_nothing_is_added_up() {
        let made = made(&report(&[entry("(pid 7)", "vsize", 0, 0, 1)]), &json!({"pid": "7"}));
        assert!(!made.crash.to_map().contains_key("memory_measures"));
    }
}
