//! Logs: every line about a crash carries its id, and no value of an annotation is ever in one.

use std::time::Duration;

use auxilio_tests::crashes;
use auxilio_tests::roles::{ROLES, Roles};
use serde_json::Value;

#[test]
fn lines_about_a_crash_carry_its_id_and_no_private_value() {
    let roles = Roles::start(&[("AUXILIO_LOG__LEVEL", "debug")]).unwrap();
    let secret = "a-private-value-of-the-test";
    let url = format!("https://{secret}.example/");
    let fields = [
        ("ProductName", "Demo"),
        ("URL", url.as_str()),
        ("Email", secret),
        ("Comments", secret),
        ("SomethingUnknown", secret),
        // Values that rules can't read and take note of.
        ("CrashTime", secret),
        ("InstallTime", secret),
        ("OOMAllocationSize", secret),
        ("StartupCrash", secret),
    ];
    let post =
        |dump: Option<&[u8]>| crashes::post(roles.address("collector"), &fields, dump).unwrap();
    let ids = [post(Some(&roles.crashes.segv)), post(Some(b"no dump at all")), post(None)];
    roles.wait_processed(&ids, Duration::from_secs(60));

    for role in ROLES {
        let log = roles.log_text(role);
        assert!(!log.contains(secret), "the {role} logged a private value");
        for line in log.lines() {
            let line: Value = serde_json::from_str(line)
                .unwrap_or_else(|error| panic!("{role}: {error}: {line}"));
            let text = line["message"].as_str().unwrap_or_default();
            if ids.iter().any(|id| text.contains(&id.to_string())) {
                assert!(line["crash_id"].is_string(), "{role}: {line}");
            }
        }
    }
    for role in ["collector", "crashmover", "processor"] {
        let log = roles.log_text(role);
        for id in ids {
            assert!(
                log.contains(&format!("\"crash_id\":\"{id}\"")),
                "the {role} says nothing of {id}"
            );
        }
    }
    // Anonymous readers of the report see it as little.
    for id in ids {
        assert!(!roles.processed(id).unwrap().to_string().contains(secret));
    }
}
