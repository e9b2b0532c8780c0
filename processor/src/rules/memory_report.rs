//! What the program measured of its memory before it ended: a file of JSON, compressed with gzip.
//!
//! It is inflated in steps and no further than its limit: a file of some hundred kB may stand for
//! gigabytes. It names pages and add-ons, so it is protected.

use std::borrow::Cow;
use std::fmt;
use std::io::Read;

use auxilio_common::{JsonText, limits};
use flate2::read::MultiGzDecoder;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};
use crate::text;

pub(super) const RULE: Rule = Rule { name: "memory_report", applies, act };

/// One entry of a report: what the table of fields lists.
#[derive(Serialize, Deserialize)]
pub(super) struct Entry<'a> {
    pub(super) amount: i64,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    description: Option<Cow<'a, str>>,
    pub(super) kind: i64,
    #[serde(borrow)]
    pub(super) path: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) process: Cow<'a, str>,
    pub(super) units: i64,
}

/// A report in the shape of the table of fields.
#[derive(Debug)]
struct Report {
    text: JsonText,
    /// Parts of another shape, which are left out.
    odd: usize,
}

fn applies(case: &Case<'_>, _: &Draft) -> bool {
    case.memory_report.is_some()
}

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    match read(case.memory_report.unwrap_or_default(), limits::MEMORY_REPORT_BYTES_MAX) {
        Ok(Report { text, odd }) => {
            draft.crash.set_structure("memory_report", text);
            if odd > 0 {
                draft.note(format!("{odd} parts of the memory report have an unexpected shape"));
            }
        }
        Err(why) => {
            draft.note(&why);
            draft.set_text("memory_report_error", Some(&why));
        }
    }
    Ok(())
}

/// Inflates a report of at most `most` bytes, or says why it can't be had.
fn read(packed: &[u8], most: u64) -> Result<Report, String> {
    let mut bytes = Vec::new();
    let unpacked = MultiGzDecoder::new(packed).take(most + 1).read_to_end(&mut bytes);
    unpacked.map_err(|_| "the memory report is no whole gzip file".to_owned())?;
    if bytes.len() as u64 > most {
        return Err(format!("the memory report is longer than {most} bytes"));
    }
    let mut reader = serde_json::Deserializer::from_slice(&bytes);
    let read = reader.deserialize_map(Parts).and_then(|parts| reader.end().map(|()| parts));
    let written = read.and_then(|parts| Ok((JsonText::new(parts.text)?, parts.odd)));
    let (mut text, odd) = written.map_err(|_| "the memory report is no JSON object".to_owned())?;
    text::clean_json(&mut text);
    Ok(Report { text, odd })
}

/// What is written of a report while it is read.
#[derive(Default)]
struct Written {
    text: String,
    odd: usize,
}

impl Written {
    /// Adds a part of an object, unless its value is missing.
    fn add(&mut self, key: &str, value: Option<&str>) {
        let Some(value) = value else {
            self.odd += 1;
            return;
        };
        self.text.push(if self.text.is_empty() { '{' } else { ',' });
        self.text.extend(["\"", key, "\":", value]);
    }
}

/// Reads an object and writes its listed parts.
struct Parts;

impl<'de> Visitor<'de> for Parts {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a memory report")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written, A::Error> {
        let mut written = Written::default();
        let (mut version, mut usable, mut reports) = (None, None, None);
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match &*key {
                "version" => version = Some(map.next_value::<Value>()?),
                "hasMozMallocUsableSize" => usable = Some(map.next_value::<Value>()?),
                "reports" => reports = Some(map.next_value_seed(Entries(&mut written.odd))?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if let Some(usable) = usable {
            let usable = Some(usable).filter(Value::is_boolean).map(|usable| usable.to_string());
            written.add("hasMozMallocUsableSize", usable.as_deref());
        }
        if let Some(reports) = reports {
            written.add("reports", Some(&reports));
        }
        if let Some(version) = version {
            let version = Some(version).filter(Value::is_i64).map(|version| version.to_string());
            written.add("version", version.as_deref());
        }
        written.text.push_str(if written.text.is_empty() { "{}" } else { "}" });
        Ok(written)
    }
}

/// Reads a list of entries and writes those that are of the right shape; counts the others.
struct Entries<'a>(&'a mut usize);

impl<'de> DeserializeSeed<'de> for Entries<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_> {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<String, A::Error> {
        let mut written = String::from("[");
        while let Some(text) = seq.next_element::<&'de RawValue>()? {
            let entry = serde_json::from_str::<Entry<'_>>(text.get());
            let Some(entry) = entry.ok().and_then(|entry| serde_json::to_string(&entry).ok())
            else {
                *self.0 += 1;
                continue;
            };
            if written.len() > 1 {
                written.push(',');
            }
            written.push_str(&entry);
        }
        written.push(']');
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use serde_json::json;

    use super::*;
    use crate::files::Files;
    use crate::process::Context;
    use crate::sample::{processed_files, raw};

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_report_is_taken_over_or_told_why_not() {
        let good = br#"{"version":1,"other":7,"reports":[7,{"process":"p\u0000(pid 7)",
            "path":"a\\b","kind":0,"units":0,"amount":-1,"description":"d","new":{}},{"path":"x"}]}"#;
        let kept = json!({"version": 1, "reports": [{"process": "p(pid 7)", "path": "a\\b", "kind": 0,
            "units": 0, "amount": -1, "description": "d"}]});
        let whole = packed(good);
        let error = |what: &str| Err(what.to_owned());
        for (given, expected) in [
            (whole.clone(), Ok(kept)),
            (packed(b"{}"), Ok(json!({}))),
            (
                packed(br#"{"version":"x","hasMozMallocUsableSize":true}"#),
                Ok(json!({"hasMozMallocUsableSize": true})),
            ),
            (packed(br#"{"reports":7}"#), error("the memory report is no JSON object")),
            (packed(b"{} {}"), error("the memory report is no JSON object")),
            (packed("[".repeat(9_000).as_bytes()), error("the memory report is no JSON object")),
            (whole[..whole.len() - 9].to_vec(), error("the memory report is no whole gzip file")),
            (good.to_vec(), error("the memory report is no whole gzip file")),
            (Vec::new(), error("the memory report is no whole gzip file")),
            (packed(b""), error("the memory report is no JSON object")),
            (packed(b"{"), error("the memory report is no JSON object")),
            (packed(b"[1]"), error("the memory report is no JSON object")),
            (packed(b"\"\xff\""), error("the memory report is no JSON object")),
        ] {
            let files = Files { memory_report: Some(given), ..Files::default() };
            let made = processed_files(&raw(&[]), files, Context::default());
            assert!(made.failed_rules.is_empty());
            let fields = made.crash.to_map();
            let report = fields.get("memory_report").cloned();
            assert_eq!(report, expected.clone().ok());
            assert_eq!(made.crash.text("memory_report_error").map(str::to_owned), expected.err());
        }
    }

    #[test]
    fn a_bomb_is_inflated_no_further_than_the_limit() {
        let bomb = packed(&vec![b' '; 1_000_000]);
        assert!(bomb.len() < 10_000);
        let refused = read(&bomb, 1_000).map(|_| ());
        assert_eq!(refused, Err("the memory report is longer than 1000 bytes".to_owned()));
        // Two streams in a row are one file.
        let two = [packed(br#"{"version":"#), packed(b"1}")].concat();
        assert_eq!(read(&two, 13).unwrap().text.get(), r#"{"version":1}"#);
        assert!(read(&two, 12).is_err());
    }
}
