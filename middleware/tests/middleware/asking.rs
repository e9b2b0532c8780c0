//! `/bpapi/crash/processed/by/uuid/<id>`: the crash, or the promise of it, or the truth.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::limits::WAITING_JOBS_PER_CLIENT_MAX;
use auxilio_common::{Clock as _, CrashId, CrashStore as _, Day, Lane, Throttle};
use auxilio_middleware::Config;
use auxilio_service::clock::SystemClock;
use auxilio_testkit::raw::Recipe;
use serde_json::{Map, Value, json};

use crate::fixture::{Service, at, config, document, header, id, json, text};

fn path(crash_id: impl std::fmt::Display) -> String {
    format!("/bpapi/crash/processed/by/uuid/{crash_id}")
}

fn today() -> Day {
    SystemClock::start().now().day().unwrap()
}

/// An id of a day with a verdict's digit.
fn id_of(number: u8, digit: u8, day: Day) -> CrashId {
    CrashId::issue([number; 16], digit, day)
}

/// Lane and state of a crash's job.
async fn job(service: &Service, crash_id: CrashId) -> Option<(Lane, String)> {
    service.monitor().job(crash_id).await.unwrap().map(|job| (job.lane, job.state))
}

fn is(lane: Lane, state: &str) -> (Lane, String) {
    (lane, state.to_owned())
}

async fn put_raw(service: &Service, crash_id: CrashId, throttle: Throttle) {
    let recipe = Recipe::new(crash_id.day(), 7).throttle(throttle).crash_id(crash_id);
    service.store.put_raw(Arc::new(recipe.envelope())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processed_crash_comes_in_the_shape_of_2012() {
    let service = Service::start().await;
    let crash = json!({
        "uuid": id(1), "product": "Demo", "crashing_thread": 0, "url": "http://secret.example/",
        "user_comments": "a secret", "date_processed": at(60), "addons": ["a:b:1.0"],
        "json_dump": {"system_info": {"os": "Linux"}, "crash_info": {"type": "SIGSEGV", "crashing_thread": 0},
            "threads": [{"frames": [{"frame": 0, "function": "main", "line": 7}]}]},
    });
    let crash: Map<String, Value> = crash.as_object().unwrap().clone();
    service.put(&document(id(1), crash)).await;
    for spelling in [path(id(1)), path(format!("bp-{}/", id(1)))] {
        let answer = service.get(&spelling).await;
        assert_eq!(answer.status, 200, "{}", text(&answer));
        let told = json(&answer);
        assert_eq!((&told["product"], &told["crashedThread"]), (&json!("Demo"), &json!(0)));
        assert_eq!(told["date_processed"], "2012-06-15 00:01:00.000000");
        assert_eq!(told["addons"], json!([["a:b", "1.0"]]));
        assert_eq!(told["dump"], "OS|Linux|\nCPU|||\nCrash|SIGSEGV||0\n\n0|0||main||7|\n");
        assert!(!text(&answer).contains("secret"), "{}", text(&answer));
    }
    let admin = text(&service.get_as_admin(&path(id(1))).await);
    assert!(admin.contains("a secret") && !admin.contains("secret.example"), "{admin}");
    assert_eq!(job(&service, id(1)).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_a_stored_crash_makes_its_job_a_priority() {
    let service = Service::start().await;
    for (number, throttle) in [(1, Throttle::Accept), (2, Throttle::Defer)] {
        put_raw(&service, id(number), throttle).await;
        let waiting = service.get(&path(id(number))).await;
        assert_eq!(waiting.status, 408);
        assert_eq!(
            (header(&waiting, "retry-after"), header(&waiting, "cache-control")),
            ("2", "no-store")
        );
        assert_eq!(json(&waiting)["state"], "queued");
        assert_eq!(job(&service, id(number)).await, Some(is(Lane::Priority, "queued")));
    }
    // What waits in another lane is raised.
    put_raw(&service, id(3), Throttle::Accept).await;
    let entry = auxilio_common::storage::IndexEntry { received_at: at(0), crash_id: id(3) };
    service.monitor().insert_jobs(&[entry]).await.unwrap();
    assert_eq!(job(&service, id(3)).await, Some(is(Lane::Standard, "queued")));
    assert_eq!(service.get(&path(id(3))).await.status, 408);
    assert_eq!(job(&service, id(3)).await, Some(is(Lane::Priority, "queued")));
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_again_and_again_has_a_crash_processed_once() {
    let service = Service::start().await;
    put_raw(&service, id(1), Throttle::Defer).await;
    let ask = async || json(&service.get(&path(id(1))).await)["state"].clone();
    assert_eq!((ask().await, ask().await), (json!("queued"), json!("queued")));
    let processor = service.processor();
    let number = processor.register_processor("one", 4, &[Lane::Priority]).await.unwrap();
    let lease = Duration::from_mins(1);
    let taken = processor.take_jobs(number, Lane::Priority, 1, lease).await.unwrap();
    assert_eq!((ask().await, ask().await), (json!("taken"), json!("taken")));
    service.end(&taken[0], at(0)).await;
    assert_eq!(job(&service, id(1)).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_that_may_be_on_its_way_is_waited_for() {
    let service = Service::start().await;
    let today = today();
    let days = [today, today.previous().unwrap(), today.next().unwrap()];
    for (number, (day, digit)) in (1..).zip(days.into_iter().zip([0, 1, 7])) {
        let crash_id = id_of(number, digit, day);
        let waiting = service.get(&path(crash_id)).await;
        assert_eq!(waiting.status, 408, "{crash_id}: {}", text(&waiting));
        assert_eq!(json(&waiting)["state"], "waiting_for_raw");
        assert_eq!(job(&service, crash_id).await, Some(is(Lane::Priority, "waiting_for_raw")));
        // It comes, and is asked for once more before the monitor has seen it.
        put_raw(&service, crash_id, Throttle::Accept).await;
        assert_eq!(json(&service.get(&path(crash_id)).await)["state"], "queued");
        assert_eq!(job(&service, crash_id).await, Some(is(Lane::Priority, "queued")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_come_any_more_is_not_found_and_leaves_no_job() {
    let service = Service::start().await;
    let today = today();
    let old = today.previous().and_then(Day::previous).unwrap();
    let future = today.next().and_then(Day::next).unwrap();
    for crash_id in [id_of(1, 3, today), id_of(2, 0, old), id_of(3, 0, future), id(4)] {
        let answer = service.get(&path(crash_id)).await;
        assert_eq!(
            (answer.status.as_u16(), header(&answer, "cache-control")),
            (404, "no-store"),
            "{crash_id}"
        );
        assert_eq!(job(&service, crash_id).await, None);
    }
    for malformed in ["x", "0bba929f-8721-460c-dead-a43c20121324", "%FF", "%2e%2e"] {
        let answer = service.get(&path(malformed)).await;
        assert_eq!(answer.status, 404, "{malformed}: {}", text(&answer));
    }
    // The digit decides nothing about a crash that the store has.
    put_raw(&service, id_of(1, 3, today), Throttle::Accept).await;
    assert_eq!(service.get(&path(id_of(1, 3, today))).await.status, 408);
    // Nothing under /api/ asks.
    put_raw(&service, id(4), Throttle::Defer).await;
    for path in ["ProcessedCrash", "CrashStatus"] {
        service.get(&format!("/api/{path}/?crash_id={}", id(4))).await;
    }
    assert_eq!(job(&service, id(4)).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_arrived_is_not_waited_for_again() {
    let service = Service::start().await;
    let crash_id = id_of(1, 0, today());
    assert_eq!(service.get(&path(crash_id)).await.status, 408);
    let ended = service.monitor().give_up_waiting(&[crash_id], Duration::ZERO).await.unwrap();
    assert_eq!(ended, 1);
    assert_eq!(service.get(&path(crash_id)).await.status, 404);
    assert_eq!(job(&service, crash_id).await, None);
    // It comes at last.
    put_raw(&service, crash_id, Throttle::Accept).await;
    assert_eq!(service.get(&path(crash_id)).await.status, 408);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_client_can_wait_for_so_many_crashes_and_others_still_can() {
    let service = Service::start().await;
    let ask = async |number: u8, forwarded: &str| {
        let head = [("X-Forwarded-For", forwarded)];
        service.get_with(&path(id_of(number, 0, today())), &head).await
    };
    let most = u8::try_from(WAITING_JOBS_PER_CLIENT_MAX).unwrap();
    for number in 0..most {
        assert_eq!(ask(number, "203.0.113.9").await.status, 408);
    }
    // Its own word in the front of the list makes it nobody else.
    let refused = ask(most, "198.51.100.1, 203.0.113.9").await;
    assert_eq!((refused.status.as_u16(), header(&refused, "retry-after")), (429, "5"));
    assert_eq!(job(&service, id_of(most, 0, today())).await, None);
    // What it waits for already it may ask for again.
    assert_eq!(ask(0, "203.0.113.9").await.status, 408);
    assert_eq!(ask(most, "203.0.113.10").await.status, 408);
    assert_eq!(ask(most, "203.0.113.9").await.status, 408);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_s_word_about_the_client_is_taken_where_no_proxy_is_trusted() {
    let settings = Config { trusted_proxies: vec![], ..config() };
    let service = Service::start_with(settings).await;
    let most = u8::try_from(WAITING_JOBS_PER_CLIENT_MAX).unwrap();
    for number in 0..=most {
        let forwarded = format!("203.0.113.{number}");
        let head = [("X-Forwarded-For", &*forwarded)];
        let answer = service.get_with(&path(id_of(number, 0, today())), &head).await;
        assert_eq!(answer.status, if number < most { 408 } else { 429 });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_store_or_postgres_nothing_is_promised() {
    let service = Service::start_alone().await;
    let crash_id = id_of(1, 0, today());
    put_raw(&service, id(2), Throttle::Defer).await;
    let away = service.folder.path().join("away");
    fs::rename(service.store_dir(), &away).unwrap();
    for crash_id in [crash_id, id(2)] {
        let answer = service.get(&path(crash_id)).await;
        assert_eq!((answer.status.as_u16(), header(&answer, "retry-after")), (503, "5"));
        assert_eq!(job(&service, crash_id).await, None);
    }
    fs::rename(&away, service.store_dir()).unwrap();
    service.server.stop().unwrap();
    for crash_id in [crash_id, id(2)] {
        let answer = service.get(&path(crash_id)).await;
        assert_eq!((answer.status.as_u16(), header(&answer, "retry-after")), (503, "5"));
    }
    assert_eq!(service.get(&path(id_of(3, 3, today()))).await.status, 404);
}
