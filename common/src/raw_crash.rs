//! A raw crash: the client's annotations, what the collector noted, and which dumps came along.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{Annotations, CrashId, DumpInfo, DumpName, Throttle, Timestamp};

/// How the annotations travelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payload {
    /// One JSON part.
    Json,
    /// A form field each.
    Multipart,
    /// Both: the JSON part's values win.
    Both,
}

impl Payload {
    /// The name in a raw crash's metadata.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Multipart => "multipart",
            Self::Both => "both",
        }
    }
}

/// What the collector noted about a submission.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Metadata {
    /// The moment of the request's head; for a replay, the moment that the replay names.
    pub submitted_timestamp: Timestamp,
    /// The collector's own clock at arrival: the timestamp of every cell, never a supplied one.
    pub received_at: Timestamp,
    /// The verdict.
    pub throttle: Throttle,
    /// The rule that decided.
    pub throttle_rule: String,
    /// Share of such crashes that is kept, in percent (0 to 100], so that counts can be re-weighted.
    pub sample_percent: f64,
    /// How the annotations travelled.
    pub payload: Payload,
    /// Whether the body was compressed on the wire.
    pub payload_compressed: bool,
    /// Bytes of the body on the wire.
    pub payload_size: u64,
    /// The client's `User-Agent`.
    pub user_agent: Option<String>,
    /// Whether a trusted submitter chose the id.
    pub id_supplied: bool,
    /// What the collector changed or dropped, and why.
    pub collector_notes: Vec<String>,
}

/// One crash as it came, without the dumps' bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RawCrash {
    /// Its identity.
    pub crash_id: CrashId,
    /// What the client said.
    pub annotations: Annotations,
    /// What the collector noted.
    pub metadata: Metadata,
    /// Which dumps came along, in the order of their arrival.
    pub dumps: Vec<DumpInfo>,
}

impl RawCrash {
    /// An annotation's text, if it is there and not empty.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Whether two are the same crash, content and metadata, wherever their dumps' bytes lie.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.crash_id == other.crash_id
            && self.metadata == other.metadata
            && self.has_content_of(other)
    }

    /// Whether two have the same annotations and dumps, wherever the dumps' bytes lie.
    pub fn has_content_of(&self, other: &Self) -> bool {
        fn content(dump: &DumpInfo) -> (&DumpName, u64, &str) {
            (&dump.name, dump.length, &dump.sha256)
        }
        self.annotations == other.annotations
            && self.dumps.iter().map(content).eq(other.dumps.iter().map(content))
    }

    /// What is known of a dump.
    pub fn dump(&self, name: &DumpName) -> Option<&DumpInfo> {
        self.dumps.iter().find(|dump| dump.name == *name)
    }

    /// The raw crash as today's API shows it: annotations flat, the collector's fields beside them.
    ///
    /// Annotations never replace the server's own fields (`uuid`, `submitted_timestamp`, `version`
    /// and `metadata` are the server's).
    pub fn to_api_json(&self) -> Map<String, Value> {
        let mut fields: Map<String, Value> =
            self.annotations.iter().map(|(name, text)| (name.clone(), json!(text))).collect();
        let metadata = &self.metadata;
        let checksums: Map<String, Value> =
            self.dumps.iter().map(|dump| (dump.name.to_string(), json!(dump.sha256))).collect();
        fields.insert("uuid".into(), json!(self.crash_id));
        fields.insert("submitted_timestamp".into(), json!(metadata.submitted_timestamp));
        fields.insert("version".into(), json!(2));
        fields.insert(
            "metadata".into(),
            json!({
                "payload": metadata.payload.as_str(),
                "payload_compressed": if metadata.payload_compressed { "1" } else { "0" },
                "payload_size": metadata.payload_size,
                "collector_notes": metadata.collector_notes,
                "dump_checksums": checksums,
                "user_agent": metadata.user_agent,
                "throttle_rule": metadata.throttle_rule,
                "throttle": metadata.throttle,
                "sample_percent": metadata.sample_percent,
                "received_at": metadata.received_at,
                "id_supplied": metadata.id_supplied,
            }),
        );
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crash(offset: u64, sha256: &str) -> RawCrash {
        let at: Timestamp = Timestamp::from_micros(7);
        RawCrash {
            crash_id: CrashId::issue([7; 16], 0, "20121224".parse().unwrap()),
            annotations: Annotations::new(),
            metadata: Metadata {
                submitted_timestamp: at,
                received_at: at,
                throttle: Throttle::Accept,
                throttle_rule: String::new(),
                sample_percent: 100.0,
                payload: Payload::Json,
                payload_compressed: false,
                payload_size: 0,
                user_agent: None,
                id_supplied: false,
                collector_notes: Vec::new(),
            },
            dumps: vec![DumpInfo {
                name: DumpName::main(),
                offset,
                length: 1,
                sha256: sha256.to_owned(),
                crc32: None,
            }],
        }
    }

    #[test]
    fn a_crash_is_the_same_wherever_its_dumps_lie() {
        let one = crash(32, "a");
        assert!(one.is_same_as(&crash(0, "a")));
        assert!(!one.is_same_as(&crash(32, "b")));
        let mut later = crash(32, "a");
        later.metadata.received_at = Timestamp::from_micros(8);
        assert!(!one.is_same_as(&later) && one.has_content_of(&later));
    }
}
