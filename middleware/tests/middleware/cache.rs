//! The cache in the process, and what holds for every cache: who may see what, and how old it is.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::fields::Permission;
use auxilio_common::{CrashId, CrashStore as _};
use auxilio_middleware::Config;
use auxilio_service::client::Answer;
use auxilio_testkit::memcached::Memcached;
use auxilio_testkit::raw::Recipe;
use serde_json::{Map, Value, json};

use crate::fixture::{Service, TOKEN, at, config, document, header, id, json, text};
use crate::permissions::{UNLISTED, full_crash, places, shows};

/// Looks for an answer in the cache before a test gives up.
const LOOKS_MAX: u32 = 500;

pub(crate) fn path(crash_id: CrashId) -> String {
    format!("/api/ProcessedCrash/?crash_id={crash_id}")
}

pub(crate) fn product(name: &str) -> Map<String, Value> {
    json!({"product": name}).as_object().unwrap().clone()
}

/// Asks while the store is away: what is answered then was in the cache.
pub(crate) async fn get_without_store(service: &Service, path: &str, token: bool) -> Answer {
    let away = service.folder.path().join("away");
    fs::rename(service.store_dir(), &away).unwrap();
    let head = [("Auth-Token", TOKEN)];
    let answer = service.get_with(path, if token { &head } else { &[] }).await;
    fs::rename(&away, service.store_dir()).unwrap();
    answer
}

/// Asks until the answer comes from the cache, where it goes beside the first answers.
pub(crate) async fn get_from_cache(service: &Service, path: &str, token: bool) -> Answer {
    for _ in 0..LOOKS_MAX {
        let head = [("Auth-Token", TOKEN)];
        let answer = service.get_with(path, if token { &head } else { &[] }).await;
        assert_eq!(answer.status, 200, "{}", text(&answer));
        tokio::time::sleep(Duration::from_millis(20)).await;
        let answer = get_without_store(service, path, token).await;
        if answer.status == 200 {
            return answer;
        }
        assert_eq!(answer.status, 503, "{}", text(&answer));
    }
    panic!("{path} does not come into the cache");
}

/// The same service before each kind of cache.
async fn services() -> (Memcached, [Service; 2]) {
    let memcached = Memcached::start().unwrap();
    let servers = Config { memcached_servers: vec![memcached.address()], ..config() };
    (memcached, [Service::start().await, Service::start_with(servers).await])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_is_read_once_and_a_new_run_of_it_is_seen_at_once() {
    let (_memcached, services) = services().await;
    for service in services {
        service.process(id(1), product("first")).await;
        let mut whole = service.get(&path(id(1))).await;
        let mut kept = get_from_cache(&service, &path(id(1)), false).await;
        // A second may have turned between the two.
        whole.headers.remove("date");
        kept.headers.remove("date");
        assert_eq!((kept.body, kept.headers), (whole.body, whole.headers));
        for run in ["second", "third", "fourth"] {
            service.process(id(1), product(run)).await;
            for _ in 0..3 {
                assert_eq!(json(&service.get(&path(id(1))).await)["product"], run);
            }
            let kept = get_from_cache(&service, &path(id(1)), false).await;
            assert_eq!(json(&kept)["product"], run);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_signature_is_seen_at_once_and_goes_with_the_change() {
    let service = Service::start().await;
    let signed = json!({"signature": "old", "group_key": "k"});
    let generation = service.process(id(1), signed.as_object().unwrap().clone()).await;
    let shown = async || {
        let answer = json(&service.get(&path(id(1))).await);
        let notes = answer["processor_notes"].as_str().unwrap().lines().last().unwrap().to_owned();
        (answer["signature"].clone(), answer["group_key"].clone(), notes)
    };
    let whole = (json!("old"), json!("k"), "second".to_owned());
    assert_eq!(shown().await, whole);
    get_from_cache(&service, &path(id(1)), false).await;
    let change = service.resign(id(1), generation, "new").await;
    let note =
        format!("signature: change {change} of the lists gave it this signature; was \"old\"");
    assert_eq!(shown().await, (json!("new"), json!(null), note));
    let kept = get_from_cache(&service, &path(id(1)), false).await;
    assert_eq!(json(&kept)["signature"], "new");
    service.undo(change).await;
    assert_eq!(shown().await, whole);
    service.resign(id(1), generation, "newer").await;
    assert_eq!(shown().await.0, "newer");
    // A run after it has the last word.
    let again = json!({"signature": "again"});
    service.process(id(1), again.as_object().unwrap().clone()).await;
    assert_eq!(shown().await, (json!("again"), json!(null), "second".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_reader_gets_from_the_cache_what_another_may_see() {
    let (_memcached, services) = services().await;
    for (service, admin_first) in
        services.iter().flat_map(|service| [(service, true), (service, false)])
    {
        let crash_id = id(1 + u8::from(admin_first));
        service.process(crash_id, full_crash()).await;
        for path in [path(crash_id), format!("/bpapi/crash/processed/by/uuid/{crash_id}")] {
            for token in [admin_first, !admin_first] {
                let fresh = service
                    .get_with(&path, if token { &[("Auth-Token", TOKEN)] } else { &[] })
                    .await;
                let kept = get_from_cache(service, &path, token).await;
                assert_eq!(text(&kept), text(&fresh));
                assert!(!text(&kept).contains(UNLISTED), "{path}");
                if token && path.starts_with("/api") {
                    for place in places(Permission::Protected) {
                        assert!(shows(&json(&kept), &place), "no {place} in {path}");
                    }
                } else if !token {
                    assert!(!text(&kept).contains("SECRET"), "{path}: {}", text(&kept));
                }
            }
        }
        let wrong = service.get_with(&path(crash_id), &[("Auth-Token", "wrong")]).await;
        assert_eq!(wrong.status, 403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_of_the_row_s_generation_is_shown_and_not_kept() {
    let (_memcached, services) = services().await;
    for service in services {
        // A processor has saved the document of its run, and its row is to come.
        service.take(id(1), at(0)).await;
        let mut next = document(id(1), product("without a row"));
        service.put(&next).await;
        assert_eq!(json(&service.get(&path(id(1))).await)["product"], "without a row");
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(get_without_store(&service, &path(id(1)), false).await.status, 503);

        let row = service.process(id(2), product("first")).await;
        next = document(id(2), product("before its row"));
        next.envelope.generation.0 = row.0 + 1;
        service.put(&next).await;
        for _ in 0..2 {
            assert_eq!(json(&service.get(&path(id(2))).await)["product"], "before its row");
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(get_without_store(&service, &path(id(2)), false).await.status, 503);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_postgres_crashes_come_from_the_store() {
    let service = Service::start_alone().await;
    service.process(id(1), product("Demo")).await;
    get_from_cache(&service, &path(id(1)), false).await;
    service.server.stop().unwrap();
    // The row can't be read, so nobody can say whether what is kept still holds.
    let mut newer = document(id(1), product("newer"));
    newer.envelope.generation.0 = i64::MAX;
    service.put(&newer).await;
    assert_eq!(json(&service.get(&path(id(1))).await)["product"], "newer");
    assert_eq!(get_without_store(&service, &path(id(1)), false).await.status, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_good_answers_are_kept() {
    let (_memcached, services) = services().await;
    for service in services {
        let row = service.process(id(1), product("gone")).await;
        service.store.remove(id(1)).await.unwrap();
        for _ in 0..2 {
            assert_eq!(service.get(&path(id(1))).await.status, 404);
            assert_eq!(get_without_store(&service, &path(id(1)), false).await.status, 503);
        }
        let raw = Recipe::new(id(1).day(), 7).crash_id(id(1)).envelope();
        service.store.put_raw(Arc::new(raw)).await.unwrap();
        assert_eq!(service.get(&path(id(1))).await.status, 404);
        let mut document = document(id(1), product("back"));
        document.envelope.generation = row;
        service.put(&document).await;
        assert_eq!(json(&service.get(&path(id(1))).await)["product"], "back");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_holds_until_the_crash_changes() {
    let service = Service::start().await;
    service.process(id(1), full_crash()).await;
    let first = service.get(&path(id(1))).await;
    let tag = header(&first, "etag").to_owned();
    let again = service.get_with(&path(id(1)), &[("If-None-Match", &tag)]).await;
    assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
    assert_eq!((header(&again, "etag"), header(&again, "vary")), (&*tag, "auth-token"));

    let head = [("If-None-Match", &*tag), ("Auth-Token", TOKEN)];
    let more = service.get_with(&path(id(1)), &head).await;
    assert_eq!(more.status, 200);
    assert!(header(&more, "etag") != tag && text(&more).contains("SECRET"));

    service.process(id(1), product("changed")).await;
    let changed = service.get_with(&path(id(1)), &[("If-None-Match", &tag)]).await;
    assert_eq!((changed.status.as_u16(), &json(&changed)["product"]), (200, &json!("changed")));
    let unknown = service.get_with(&path(id(9)), &[("If-None-Match", "*")]).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_as_old_as_the_settings_allow() {
    let memcached = Memcached::start().unwrap();
    for memcached_servers in [vec![], vec![memcached.address()]] {
        let settings = Config { cache_lists_secs: 3_600, memcached_servers, ..config() };
        let service = Service::start_with(settings).await;
        service.put_report(id(1), at(100), |_| {}).await;
        let list = |limit| format!("/api/LatestCrashes/?limit={limit}");
        let first = text(&service.get(&list(10)).await);
        assert!(first.contains(&id(1).to_string()));
        // What is asked for in other words is the same question; another limit is another one.
        let mut others = 0;
        for number in 2..=100 {
            service.put_report(id(number), at(100), |_| {}).await;
            let now = text(&service.get(&list(10)).await);
            others = if now == first { others + 1 } else { 0 };
            if others == 2 {
                assert_eq!(
                    text(&service.get(&list(11)).await).matches("crash_id").count(),
                    usize::from(number)
                );
                break;
            }
            assert!(number < 100, "the list is never kept");
        }
    }
}
