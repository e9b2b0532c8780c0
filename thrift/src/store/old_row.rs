//! Rows that Socorro wrote: flat JSON in `meta_data:json` and one dump in `raw_data:dump`.

use auxilio_common::{
    CrashId, DumpInfo, DumpName, Generation, Metadata, Payload, ProcessedCrash, ProcessedDocument,
    ProcessedEnvelope, Quality, RawCrash, Throttle, Timestamp,
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::columns;
use super::fault::Fault;
use super::keys::hex;
use crate::row::{Cell, Row};

/// What the throttling was called where the row does not say it.
const RULE: &str = "socorro";

/// The raw crash of a row with its JSON; the dump's bytes are needed for its checksum.
pub(super) fn raw_crash(
    crash_id: CrashId,
    row: &Row,
    dump: Option<&[u8]>,
) -> Result<RawCrash, Fault> {
    let json = row.cell(columns::JSON);
    let fields: Map<String, Value> =
        serde_json::from_slice(json.map_or(b"{}", |cell| cell.value.as_slice()))?;
    let received_at = Timestamp::from_micros(json.map_or(0, |cell| cell.timestamp) * 1_000);
    let submitted = fields.get("submitted_timestamp").and_then(Value::as_str).and_then(time);
    let from_cell = || {
        let cell = row.cell(columns::SUBMITTED)?;
        time(std::str::from_utf8(&cell.value).ok()?)
    };
    let submitted_timestamp =
        submitted.or_else(from_cell).unwrap_or_else(|| Timestamp::midnight(crash_id.day()));
    let annotations = fields.into_iter().map(|(name, value)| match value {
        Value::String(text) => (name, text),
        // Python wrote numbers, and null for what was not known.
        other => (name, other.to_string()),
    });
    let dumps = dump.map(|bytes| DumpInfo {
        name: DumpName::main(),
        offset: 0,
        length: bytes.len() as u64,
        sha256: hex(&Sha256::digest(bytes)),
        crc32: None,
    });
    let accepted = row.cell(columns::LEGACY_PROCESSING).is_some_and(|cell| cell.value == b"Y");
    Ok(RawCrash {
        crash_id,
        annotations: annotations.collect(),
        metadata: Metadata {
            submitted_timestamp,
            received_at,
            throttle: if accepted { Throttle::Accept } else { Throttle::Defer },
            throttle_rule: RULE.to_owned(),
            sample_percent: 100.0,
            payload: Payload::Multipart,
            payload_compressed: false,
            payload_size: dump.map_or(0, |bytes| bytes.len() as u64),
            user_agent: None,
            id_supplied: false,
            collector_notes: Vec::new(),
        },
        dumps: dumps.into_iter().collect(),
    })
}

/// The processed crash of such a row, its fields under Socorro's names. Any run of ours is better.
pub(super) fn processed(crash_id: CrashId, json: &Cell) -> Result<ProcessedDocument, Fault> {
    let fields: Map<String, Value> = serde_json::from_slice(&json.value)?;
    let at = Timestamp::from_micros(json.timestamp.saturating_mul(1_000));
    let told = |name: &str| fields.get(name).and_then(Value::as_str).and_then(time).unwrap_or(at);
    let envelope = ProcessedEnvelope {
        crash_id,
        generation: Generation(json.timestamp),
        quality: Quality::NoStack,
        processor: RULE.to_owned(),
        started_at: told("startedDateTime"),
        completed_at: told("completeddatetime"),
        failed_rules: Vec::new(),
        notes: vec!["processed by Socorro".to_owned()],
        history: Vec::new(),
    };
    Ok(ProcessedDocument { envelope, crash: ProcessedCrash::from(fields) })
}

/// A time as Python writes it, with or without its zone, which is UTC, and with a space or a T.
fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim().replacen(' ', "T", 1);
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_as_python_writes_them() {
        let at: Timestamp = "2011-02-03T04:05:06.000007Z".parse().unwrap();
        for text in ["2011-02-03T04:05:06.000007+00:00", "2011-02-03 04:05:06.000007"] {
            assert_eq!(time(text), Some(at), "{text}");
        }
        assert_eq!(time("2011-02-03T04:05:06"), "2011-02-03T04:05:06Z".parse().ok());
        assert_eq!(time("yesterday"), None);
    }
}
