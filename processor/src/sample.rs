//! Crashes for the tests of rules.

use std::collections::BTreeMap;

use auxilio_common::{DumpInfo, DumpName, JsonText, Metadata, Payload, RawCrash, Throttle};
use auxilio_testkit::published;
use serde_json::Value;

use crate::files::Files;
use crate::process::{Context, Processed, process};
use crate::rule_set::{Base, RuleSets};
use crate::walked_dump::{STATUS_OK, WalkedDump, Walks};

/// A raw crash of 6 January 2021 with these annotations.
pub(crate) fn raw(annotations: &[(&str, &str)]) -> RawCrash {
    let submitted = "2021-01-06T20:00:00Z".parse().unwrap();
    RawCrash {
        crash_id: "0b794045-87ec-4649-9ce1-73ec00210106".parse().unwrap(),
        annotations: annotations
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect(),
        metadata: Metadata {
            submitted_timestamp: submitted,
            received_at: submitted,
            throttle: Throttle::Accept,
            throttle_rule: "accept_everything".to_owned(),
            sample_percent: 100.0,
            payload: Payload::Multipart,
            payload_compressed: false,
            payload_size: 1,
            user_agent: None,
            id_supplied: false,
            collector_notes: Vec::new(),
        },
        dumps: Vec::new(),
    }
}

/// What is known of a dump with this name.
pub(crate) fn dump(name: &str) -> DumpInfo {
    DumpInfo {
        name: DumpName::from_part(name).unwrap(),
        offset: 0,
        length: 1,
        sha256: "0".repeat(64),
        crc32: None,
    }
}

/// A walk that went well.
pub(crate) fn walk(json_dump: &Value) -> WalkedDump {
    let json_dump = JsonText::of(json_dump).ok();
    WalkedDump { status: STATUS_OK.to_owned(), json_dump, ..WalkedDump::default() }
}

/// A raw crash processed without a dump.
pub(crate) fn processed(raw: &RawCrash) -> Processed {
    processed_with(raw, Walks::new())
}

/// A crash without annotations, processed with this answer of the walker.
pub(crate) fn processed_dump(json_dump: &Value) -> Processed {
    processed_case(&raw(&[]), json_dump)
}

/// A raw crash processed with this answer of the walker.
pub(crate) fn processed_case(raw: &RawCrash, json_dump: &Value) -> Processed {
    processed_with(raw, BTreeMap::from([(DumpName::main(), walk(json_dump))]))
}

/// A raw crash processed with these walks.
pub(crate) fn processed_with(raw: &RawCrash, walks: Walks) -> Processed {
    processed_files(raw, walks.into(), Context::default())
}

/// A raw crash processed without a dump by the rules of 2012.
pub(crate) fn processed_2012(raw: &RawCrash) -> Processed {
    let rule_sets = RuleSets { base: Base::Socorro2012, ..RuleSets::default() };
    let context = Context { rule_sets: &rule_sets, ..Context::default() };
    processed_files(raw, Files::default(), context)
}

/// A crash without annotations, processed with this answer of the walker by the rules of 2012.
pub(crate) fn processed_2012_dump(json_dump: &Value) -> Processed {
    let rule_sets = RuleSets { base: Base::Socorro2012, ..RuleSets::default() };
    let context = Context { rule_sets: &rule_sets, ..Context::default() };
    let walks = BTreeMap::from([(DumpName::main(), walk(json_dump))]);
    processed_files(&raw(&[]), walks.into(), context)
}

/// A raw crash processed with these files in this context, and held to the published schema.
pub(crate) fn processed_files(raw: &RawCrash, files: Files, context: Context<'_>) -> Processed {
    let made = process(raw, files, context);
    let mut fields = made.crash.to_map();
    // Tests feed answers of any shape; what the walker itself writes is held to it where it does.
    fields.retain(|name, _| name != "json_dump" && !name.starts_with("upload_file_minidump"));
    published::assert_processed(&Value::Object(fields));
    made
}
