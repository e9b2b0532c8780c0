//! Long names whose brackets, spaces and words are as bad as they come.
//!
//! No clock is asked: a step whose work grew with the square of a name's length would take an hour here,
//! and one that kept what it passed over would make names that are far too long.

use auxilio_signature::{CrashData, Generator, Lists};
use auxilio_testkit::hostile_names::{PARTS, repeated};
use serde_json::json;

const BYTES: usize = 128 * 1024;

#[test]
fn a_hostile_text_anywhere_in_a_crash_costs_no_more_than_reading_it() {
    let generator = Generator::new(Lists::built_in());
    for part in PARTS {
        let text = repeated(part, BYTES);
        for crash in [
            json!({"threads": [{"frames": [{"function": text}]}]}),
            json!({"threads": [{"frames": [{"function": text, "file": "/x.rs"}]}]}),
            json!({"threads": [{"frames": [{"module": text, "file": text, "offset": text}]}]}),
            json!({"threads": [{"frames": [{"function": "f", "file": text}]}], "abort_message": text}),
            json!({"java_stack_trace": text, "reason": text}),
        ] {
            let crash = CrashData::from_json(&crash.to_string()).unwrap();
            let made = generator.generate(&crash);
            assert!(made.signature.len() <= 255, "{part}: {}", made.signature.len());
            let proto = made.proto_signature().unwrap_or_default();
            // A bracket becomes `<T>`, a comma gets a space.
            assert!(proto.len() <= 3 * text.len(), "{part}: {}", proto.len());
        }
    }
}

#[test]
fn hostile_lists_and_names_meet_without_a_search_back_and_forth() {
    let texts = auxilio_signature::ListTexts {
        irrelevant: "(a*)*b$\n(.*.*.*)x$\n(a|aa)+$\n.*a.{200}b$",
        ..auxilio_signature::ListTexts::default()
    };
    let lists = Lists::compile("hostile", &texts).unwrap();
    let function = "a".repeat(BYTES);
    let frames = vec![json!({"function": function}); 5];
    let crash = json!({"threads": [{"frames": frames}]}).to_string();
    let made = Generator::new(&lists).generate(&CrashData::from_json(&crash).unwrap());
    // All are irrelevant by the third pattern, so that the first one stands for them.
    assert_eq!(made.signature, format!("{}...", "a".repeat(252)));
    assert_eq!(made.normalized_frames.len(), 5);
}
