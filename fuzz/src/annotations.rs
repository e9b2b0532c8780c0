//! What a client says, from its JSON part to a processed crash.

use auxilio_collector::read_json_part;
use auxilio_common::fields::{self, Misfit, Permission};
use auxilio_common::{Annotations, Metadata, Payload, RawCrash, Throttle, Timestamp};
use auxilio_processor::rule_set::{Base, RuleSets};
use auxilio_processor::{Context, Files, process};
use serde_json::Value;

/// Whatever annotations come end in a processed crash: no rule fails, every field has the shape that
/// the table says, no text holds what a database refuses, and a second run gives the same.
pub fn annotations(input: &[u8]) {
    let Ok((annotations, _)) = read_json_part(input) else { return };
    let raw = raw(annotations);
    for base in Base::ALL {
        let rule_sets = RuleSets { base, ..RuleSets::default() };
        let made = || {
            let context = Context { rule_sets: &rule_sets, ..Context::default() };
            process(&raw, Files::default(), context)
        };
        let processed = made();
        assert!(processed.failed_rules.is_empty(), "{:?}", processed.failed_rules);
        assert_eq!(processed.crash, made().crash, "the same crash twice");
        for (name, value) in processed.crash.to_map() {
            assert!(!holds_zero(&value), "{name} holds U+0000");
            let field = fields::find(&name).expect("a field that no table lists");
            let mut misfit = Misfit::default();
            let fitted = fields::fit(value.clone(), field.kind, Permission::Protected, &mut misfit);
            assert_eq!(fitted, Some(value), "{name}");
            assert_eq!(misfit, Misfit::default(), "{name}");
        }
    }
}

fn raw(annotations: Annotations) -> RawCrash {
    let at = Timestamp::from_micros(1_609_963_200_000_000);
    RawCrash {
        crash_id: "0b794045-87ec-4649-9ce1-73ec00210106".parse().expect("an id"),
        annotations,
        metadata: Metadata {
            submitted_timestamp: at,
            received_at: at,
            throttle: Throttle::Accept,
            throttle_rule: "fuzz".to_owned(),
            sample_percent: 100.0,
            payload: Payload::Json,
            payload_compressed: false,
            payload_size: 0,
            user_agent: None,
            id_supplied: false,
            collector_notes: Vec::new(),
        },
        dumps: Vec::new(),
    }
}

fn holds_zero(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_zero),
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| name.contains('\0') || holds_zero(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
