//! What the program measured of its memory before it ended: a file of JSON, compressed with gzip.
//!
//! It is inflated in steps and no further than its limit: a file of some hundred kB may stand for
//! gigabytes. It names pages and add-ons, so it is protected.

use std::io::Read;

use auxilio_common::{JsonText, limits};
use flate2::read::MultiGzDecoder;

use crate::case::Case;
use crate::draft::Draft;
use crate::rule::{Rule, RuleError};
use crate::text;

pub(super) const RULE: Rule = Rule { name: "memory_report", applies, act };

fn applies(case: &Case<'_>, _: &Draft) -> bool {
    case.memory_report.is_some()
}

fn act(case: &Case<'_>, draft: &mut Draft) -> Result<(), RuleError> {
    match read(case.memory_report.unwrap_or_default(), limits::MEMORY_REPORT_BYTES_MAX) {
        Ok(report) => draft.crash.set_structure("memory_report", report),
        Err(why) => {
            draft.note(&why);
            draft.set_text("memory_report_error", Some(&why));
        }
    }
    Ok(())
}

/// Inflates a report of at most `most` bytes, or says why it can't be had.
fn read(packed: &[u8], most: u64) -> Result<JsonText, String> {
    let mut bytes = Vec::new();
    let unpacked = MultiGzDecoder::new(packed).take(most + 1).read_to_end(&mut bytes);
    unpacked.map_err(|_| "the memory report is no whole gzip file".to_owned())?;
    if bytes.len() as u64 > most {
        return Err(format!("the memory report is longer than {most} bytes"));
    }
    let unread = || "the memory report is no JSON object".to_owned();
    let mut report =
        JsonText::new(String::from_utf8(bytes).map_err(|_| unread())?).map_err(|_| unread())?;
    if !report.get().trim_start().starts_with('{') {
        return Err(unread());
    }
    text::clean_json(&mut report);
    Ok(report)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use serde_json::json;

    use super::*;
    use crate::files::Files;
    use crate::process::{Context, process};
    use crate::sample::raw;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_report_is_taken_over_or_told_why_not() {
        let good = br#"{"version":1,"a":"x\u0000y"}"#;
        let whole = packed(good);
        let error = |what: &str| Err(what.to_owned());
        for (given, expected) in [
            (whole.clone(), Ok(json!({"version": 1, "a": "xy"}))),
            (whole[..whole.len() - 9].to_vec(), error("the memory report is no whole gzip file")),
            (good.to_vec(), error("the memory report is no whole gzip file")),
            (Vec::new(), error("the memory report is no whole gzip file")),
            (packed(b""), error("the memory report is no JSON object")),
            (packed(b"{"), error("the memory report is no JSON object")),
            (packed(b"[1]"), error("the memory report is no JSON object")),
            (packed(b"\"\xff\""), error("the memory report is no JSON object")),
        ] {
            let files = Files { memory_report: Some(given), ..Files::default() };
            let made = process(&raw(&[]), files, Context::default());
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
        let two = [packed(br#"{"a":"#), packed(b"1}")].concat();
        assert_eq!(read(&two, 7).unwrap().get(), r#"{"a":1}"#);
        assert!(read(&two, 6).is_err());
    }
}
