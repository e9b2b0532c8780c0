//! Whatever annotations and whatever a stack walker say: they end in a processed crash that every
//! database takes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use auxilio_common::fields::{FIELDS, Kind};
use auxilio_common::{DumpName, JsonText, Metadata, Payload, RawCrash, Throttle};
use auxilio_processor::{Context, WalkedDump, process};
use auxilio_testkit::published;
use proptest::prelude::*;
use serde_json::{Value, json};

fn raw(annotations: BTreeMap<String, String>, submitted_micros: i64) -> RawCrash {
    let submitted = auxilio_common::Timestamp::from_micros(submitted_micros);
    RawCrash {
        crash_id: "0b794045-87ec-4649-9ce1-73ec00210106".parse().unwrap(),
        annotations,
        metadata: Metadata {
            submitted_timestamp: submitted,
            received_at: submitted,
            throttle: Throttle::Accept,
            throttle_rule: "r".to_owned(),
            sample_percent: 100.0,
            payload: Payload::Json,
            payload_compressed: false,
            payload_size: 0,
            user_agent: None,
            id_supplied: false,
            collector_notes: vec!["a\0b".to_owned()],
        },
        dumps: Vec::new(),
    }
}

/// Names that rules read, and any others.
fn names() -> impl Strategy<Value = String> {
    let read = [
        "Add-ons",
        "CrashTime",
        "StartupTime",
        "InstallTime",
        "SecondsSinceLastCrash",
        "timestamp",
        "ProductName",
        "Version",
        "ReleaseChannel",
        "ProcessType",
        "Hang",
        "HangID",
        "AbortMessage",
        "OOMAllocationSize",
        "StartupCrash",
        "TelemetryEnvironment",
        "DistributionID",
        "OS",
        "OSVersion",
        "CPUArchitecture",
        "AsyncShutdownTimeout",
        "EMCheckCompatibility",
    ];
    prop_oneof![proptest::sample::select(read.to_vec()).prop_map(str::to_owned), ".*"]
}

fn values() -> impl Strategy<Value = String> {
    prop_oneof![
        ".*",
        "[0-9-]{0,25}",
        Just(String::new()),
        Just("\0".repeat(3)),
        Just("é".repeat(40_000)),
        Just("9223372036854775807".to_owned()),
        Just("-9223372036854775808".to_owned()),
        Just("[".repeat(2_000)),
        "(%[0-9a-f]{2}|,|:|[a-z]){0,40}",
    ]
}

/// Any JSON, with the keys that rules look for at any place.
fn answers() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        ".*".prop_map(Value::from),
        Just(json!("a\0b")),
    ];
    let keys = proptest::sample::select(vec![
        "crash_info",
        "crashing_thread",
        "type",
        "address",
        "adjusted_address",
        "kind",
        "threads",
        "frames",
        "function",
        "file",
        "line",
        "module",
        "inlines",
        "unloaded_modules",
        "modules",
        "filename",
        "debug_id",
        "missing_symbols",
        "system_info",
        "os",
        "os_ver",
        "cpu_count",
        "possible_bit_flips",
        "confidence",
        "memory_accesses",
        "lsb_release",
        "description",
        "thread_count",
        "thread_name",
        "crash_inconsistencies",
    ]);
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(keys.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn holds_zero(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_zero),
        Value::Object(fields) => fields.values().any(holds_zero),
        _ => false,
    }
}

fn has_kind(value: &Value, kind: Kind) -> bool {
    match kind {
        Kind::Text | Kind::Time => value.is_string(),
        Kind::Integer => value.is_i64(),
        Kind::Number => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        Kind::Texts => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
        _ => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_annotations_and_any_answer_end_in_a_processed_crash(
        annotations in proptest::collection::btree_map(names(), values(), 0..12),
        submitted in any::<i64>(),
        answer in answers(),
    ) {
        let json_dump = JsonText::of(&json!({
            "crash_info": answer.clone(), "threads": [answer.clone()], "modules": answer.clone(),
            "system_info": answer, "status": "OK"
        })).unwrap();
        let walks = || BTreeMap::from([(DumpName::main(), WalkedDump {
            status: "OK".to_owned(),
            json_dump: Some(json_dump.clone()),
            ..WalkedDump::default()
        })]);
        let raw = raw(annotations, submitted);
        let context = Context::default();
        let made = process(&raw, walks(), context);
        // The two rules that mind shapes: of all that is read, and of a list that is copied.
        let minding = ["stackwalk", "crash_inconsistencies"];
        prop_assert!(made.failed_rules.iter().all(|rule| minding.contains(&rule.as_str())));
        prop_assert!(!holds_zero(&Value::Object(made.crash.to_map())));
        let faults = published::faults_of_processed(&Value::Object(made.crash.to_map()));
        // What the walker itself says is here whatever a generator made of it.
        let faults: Vec<_> = faults.iter().filter(|fault| !fault.starts_with("/json_dump")).collect();
        prop_assert!(faults.is_empty(), "{:?}", faults);
        for field in FIELDS {
            if let Some(value) = made.crash.get(field.name) {
                prop_assert!(has_kind(value, field.kind), "{} is {value}", field.name);
            }
        }
        let signature = made.crash.text("signature").unwrap_or_default();
        prop_assert!(signature.len() <= 255 && signature.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        let again = process(&raw, walks(), context);
        prop_assert_eq!(serde_json::to_vec(&made.crash).unwrap(), serde_json::to_vec(&again.crash).unwrap());
    }
}

#[test]
fn a_crash_without_anything_is_processed() {
    let made = process(&raw(BTreeMap::new(), 0), BTreeMap::new(), Context::default());
    assert_eq!(made.crash.text("uuid"), Some("0b794045-87ec-4649-9ce1-73ec00210106"));
    assert_eq!(made.crash.get("addons"), None);
    assert!(made.crash.to_map()["crash_report_keys"].as_array().unwrap().is_empty());
}
