//! A real memcached that is stopped, frozen, cut off or full: readers never notice.

use std::time::Duration;

use auxilio_middleware::Config;
use auxilio_testkit::memcached::Memcached;
use auxilio_testkit::proxy::{Mode, Proxy};
use auxilio_testkit::splitmix::SplitMix;
use serde_json::{Map, Value, json};

use crate::cache::{get_from_cache, get_without_store, path, product};
use crate::fixture::{Service, config, id, json};

/// Requests while the server says nothing. If each waited for it, they would take minutes.
const REQUESTS: u32 = 60;

/// What those requests may take together: one waits, and the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

async fn before(address: String) -> Service {
    Service::start_with(Config { memcached_servers: vec![address], ..config() }).await
}

/// Asks many times, each time for the latest run, and none waits for the cache after the first.
async fn ask_many(service: &Service) {
    let ask = async {
        for run in 0..REQUESTS {
            if run % 20 == 0 {
                service.process(id(1), product(&run.to_string())).await;
            }
            let answer = service.get(&path(id(1))).await;
            assert_eq!((answer.status.as_u16(), answer.headers.contains_key("etag")), (200, true));
            assert_eq!(json(&answer)["product"], (run - run % 20).to_string());
        }
    };
    let asked = tokio::time::timeout(PATIENCE, ask).await;
    assert!(asked.is_ok(), "requests wait for a cache that is down");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_memcached_is_left_alone_and_used_again_when_it_is_back() {
    let memcached = Memcached::start().unwrap();
    let service = before(memcached.address()).await;
    service.process(id(1), product("Demo")).await;
    get_from_cache(&service, &path(id(1)), false).await;
    memcached.stop().unwrap();
    ask_many(&service).await;
    assert_eq!(get_without_store(&service, &path(id(1)), false).await.status, 503);
    memcached.start_again().unwrap();
    get_from_cache(&service, &path(id(1)), false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memcached_that_is_not_there_at_the_start_is_used_once_it_is() {
    let memcached = Memcached::start().unwrap();
    memcached.stop().unwrap();
    let service = before(memcached.address()).await;
    ask_many(&service).await;
    memcached.start_again().unwrap();
    get_from_cache(&service, &path(id(1)), false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_memcached_makes_one_request_wait() {
    let memcached = Memcached::start().unwrap();
    let service = before(memcached.address()).await;
    service.process(id(1), product("Demo")).await;
    get_from_cache(&service, &path(id(1)), false).await;
    memcached.freeze().unwrap();
    ask_many(&service).await;
    memcached.thaw().unwrap();
    get_from_cache(&service, &path(id(1)), false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_way_to_memcached_is_no_error() {
    let memcached = Memcached::start().unwrap();
    let proxy = Proxy::start(memcached.address()).unwrap();
    let service = before(proxy.address().to_string()).await;
    for mode in [Mode::Refuse, Mode::Cut, Mode::Blackhole, Mode::Delay(Duration::from_secs(6))] {
        proxy.set(mode);
        ask_many(&service).await;
        proxy.set(Mode::Pass);
        get_from_cache(&service, &path(id(1)), false).await;
    }
    // A connection that breaks between two requests is replaced.
    proxy.cut_connections();
    assert_eq!(service.get(&path(id(1))).await.status, 200);
    get_from_cache(&service, &path(id(1)), false).await;
}

/// Text that does not shrink: what compression can't make small.
fn noise(seed: u64, bytes: usize) -> Map<String, Value> {
    let mut noise = vec![0; bytes];
    SplitMix::new(seed).fill(&mut noise);
    let text: String = noise.iter().map(|byte| char::from(b'0' + byte % 64)).collect();
    json!({"app_notes": text, "product": seed.to_string()}).as_object().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_memcached_forgets_and_answers_stay_right() {
    let memcached = Memcached::start_with(&["-m", "1", "-I", "512k"]).unwrap();
    let service = before(memcached.address()).await;
    for number in 0..200 {
        service.process(id(number), noise(number.into(), 60_000)).await;
    }
    for round in 0..3 {
        for number in 0..200 {
            let answer = json(&service.get(&path(id(number))).await);
            assert_eq!(answer["product"], number.to_string(), "in round {round}");
            assert_eq!(answer["app_notes"], noise(number.into(), 60_000)["app_notes"]);
        }
    }
    assert!(memcached.stat("evictions").unwrap() > 0, "it was never full");
    get_from_cache(&service, &path(id(1)), false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_memcached_does_not_take_is_made_each_time() {
    let memcached = Memcached::start().unwrap();
    for largest in [Config::default().cache_value_bytes_max, usize::MAX] {
        let servers = vec![memcached.address()];
        let settings =
            Config { memcached_servers: servers, cache_value_bytes_max: largest, ..config() };
        let service = Service::start_with(settings).await;
        service.process(id(1), noise(1, 4 << 20)).await;
        for _ in 0..4 {
            let answer = service.get(&path(id(1))).await;
            assert_eq!(json(&answer)["product"], "1");
        }
        // A small one beside it is kept: the server was not left alone.
        service.process(id(2), product("small")).await;
        get_from_cache(&service, &path(id(2)), false).await;
        assert_eq!(get_without_store(&service, &path(id(1)), false).await.status, 503);
    }
}
