//! `ProcessedCrash` and `CrashStatus`: what is answered of a crash in the store.

use auxilio_common::CrashStore;
use auxilio_common::Quality;
use auxilio_testkit::raw::Recipe;
use serde_json::{Map, Value, json};
use std::sync::Arc;

use crate::fixture::{GENERATION, Service, at, document, header, id, json};

fn fields(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn processed_crash_has_its_fields_and_those_of_its_run() {
    let service = Service::start().await;
    let crash = fields(&json!({
        "uuid": id(1), "product": "Demo", "signature": "main | run",
        "json_dump": {"threads": [{"frames": [{"frame": 0, "function": "main", "line": 7}]}]},
    }));
    service.put(&document(id(1), crash)).await;
    for path in ["/api/ProcessedCrash/?crash_id=", "/api/ProcessedCrash?crash_id=bp-"] {
        let answer = service.get(&format!("{path}{}", id(1))).await;
        assert_eq!(answer.status, 200);
        assert_eq!(header(&answer, "content-type"), "application/json");
        assert_eq!(header(&answer, "cache-control"), "private, no-cache");
        assert_eq!(header(&answer, "access-control-allow-origin"), "*");
        assert_eq!(
            json(&answer),
            json!({
                "uuid": id(1), "product": "Demo", "signature": "main | run", "success": true,
                "json_dump": {"threads": [{"frames": [{"frame": 0, "function": "main", "line": 7}]}]},
                "started_datetime": at(7_200), "completed_datetime": at(7_201),
                "processor_notes": "first\nsecond", "processor_history": ["an earlier run"],
            })
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_a_stack_or_with_a_failed_rule_is_no_success() {
    let service = Service::start().await;
    let mut without_stack = document(id(1), Map::new());
    without_stack.envelope.quality = Quality::NoStack;
    let mut failed = document(id(2), Map::new());
    failed.envelope.failed_rules = vec!["addons".into()];
    for document in [without_stack, failed] {
        service.put(&document).await;
        let path = format!("/api/ProcessedCrash/?crash_id={}", document.envelope.crash_id);
        assert_eq!(json(&service.get(&path).await)["success"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn status_tells_absent_stored_and_processed_apart() {
    let service = Service::start().await;
    let path = format!("/api/CrashStatus/?crash_id={}", id(1));
    let expected = |raw: bool, processed: Value| json!({"crash_id": id(1), "raw": raw, "processed": processed});
    let absent = service.get(&path).await;
    assert_eq!((absent.status.as_u16(), header(&absent, "cache-control")), (200, "no-store"));
    assert_eq!(json(&absent), expected(false, Value::Null));

    let raw = Recipe::new(id(1).day(), 7).crash_id(id(1)).envelope();
    service.store.put_raw(Arc::new(raw)).await.unwrap();
    assert_eq!(json(&service.get(&path).await), expected(true, Value::Null));
    let waiting = service.get(&format!("/api/ProcessedCrash/?crash_id={}", id(1))).await;
    assert_eq!((waiting.status.as_u16(), header(&waiting, "cache-control")), (404, "no-store"));

    service.put(&document(id(1), Map::new())).await;
    assert_eq!(json(&service.get(&path).await), expected(true, json!(GENERATION)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processed_crash_can_be_read_without_postgres() {
    let service = Service::start_alone().await;
    service.put(&document(id(1), fields(&json!({"product": "Demo"})))).await;
    service.server.stop().unwrap();
    let answer = service.get(&format!("/api/ProcessedCrash/?crash_id={}", id(1))).await;
    assert_eq!(json(&answer)["product"], "Demo");
    let list = service.get("/api/LatestCrashes/").await;
    assert_eq!((list.status.as_u16(), header(&list, "retry-after")), (503, "5"));
    let heartbeat = service.get("/__heartbeat__").await;
    assert_eq!(heartbeat.status, 503);
    assert!(json(&heartbeat)["errors"].to_string().contains("postgres"));
}
