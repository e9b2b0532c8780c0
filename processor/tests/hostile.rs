//! Whatever annotations and whatever a stack walker say: they end in a processed crash that every
//! database takes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::io::Write as _;

use auxilio_common::fields::{FIELDS, Kind, annotations};
use auxilio_common::{DumpName, JsonText, Metadata, Payload, RawCrash, Throttle};
use auxilio_processor::{Context, Files, WalkedDump, process, rule_file};
use auxilio_testkit::published;
use flate2::Compression;
use flate2::write::GzEncoder;
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

/// Names that rules read or fields are copied from, and any others.
fn names() -> impl Strategy<Value = String> {
    let beside = ["timestamp", "Hang", "Android_Version", "Android_CPU_ABI"];
    let read: Vec<_> = annotations::known().chain(beside).collect();
    prop_oneof![3 => proptest::sample::select(read).prop_map(str::to_owned), 1 => ".*"]
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
        "(java.E: x|\n\tat a.b(C.java:1)|\nCaused by: |\n){0,6}",
        proptest::sample::select(vec![
            "plugin",
            "Fenix",
            "Firefox",
            "beta",
            "esr",
            "Nightly 1",
            "Active"
        ])
        .prop_map(str::to_owned),
        // Structures as texts, as the collector makes them of a JSON part.
        answers().prop_map(|json| json.to_string()),
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
        "mac_crash_info",
        "records",
        "soft_errors",
        "pid",
        "exception",
        "values",
        "stacktrace",
        "timestamp",
        "partner",
        "distributionId",
        "reports",
        "process",
        "path",
        "units",
        "amount",
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

/// Rules of a site that touch every kind of field.
const SITE: &str = r#"
    [[rule]]
    name = "one"
    when = [{ field = "product", regex = "." }, { annotation = "Notes", present = true }]
    append = { field = "app_notes", from = "product" }

    [[rule]]
    name = "two"
    when = [{ field = "addons", prefix = ["a", ""] }]
    append = { field = "addons", from_annotation = "Comments", show_protected = true }

    [[rule]]
    name = "three"
    when = [{ field = "oom_allocation_size", equals = "1", not = true }]
    set = { field = "site_note", from_annotation = "Notes" }

    [[rule]]
    name = "four"
    drop = "telemetry_environment"
"#;

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_annotations_and_any_answer_end_in_a_processed_crash(
        annotations in proptest::collection::btree_map(names(), values(), 0..12),
        submitted in any::<i64>(),
        answer in answers(),
        report in answers(),
        base in proptest::sample::select(vec!["today", "socorro-2012"]),
    ) {
        let json_dump = JsonText::of(&json!({
            "crash_info": answer.clone(), "threads": [answer.clone()], "modules": answer.clone(),
            "system_info": answer.clone(), "mac_crash_info": answer.clone(), "soft_errors": answer.clone(),
            "mac_boot_args": answer.clone(), "pid": answer, "status": "OK"
        })).unwrap();
        let walks = BTreeMap::from([(DumpName::main(), WalkedDump {
            status: "OK".to_owned(),
            json_dump: Some(json_dump),
            ..WalkedDump::default()
        })]);
        let memory_report = Some(gzip(&report.to_string()));
        let files = || Files { walks: walks.clone(), memory_report: memory_report.clone() };
        let raw = raw(annotations, submitted);
        let rule_sets = rule_file::read(&format!("base = \"{base}\"\n{SITE}")).unwrap();
        let context = Context { rule_sets: &rule_sets, ..Context::default() };
        let made = process(&raw, files(), context);
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
        let again = process(&raw, files(), context);
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
