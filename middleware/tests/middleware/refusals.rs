//! What is refused, and that each refusal says why, as JSON, and is never kept.

use std::fs;

use serde_json::{Map, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fixture::{Service, document, header, id, json, text};

#[tokio::test(flavor = "multi_thread")]
async fn bad_parameters_are_named() {
    let service = Service::start().await;
    let good = id(1);
    for (path, named) in [
        ("/api/ProcessedCrash/".to_owned(), "\"crash_id\" is missing"),
        ("/api/ProcessedCrash/?crash_id=".to_owned(), "no crash id"),
        ("/api/ProcessedCrash/?crash_id=../../etc/passwd".to_owned(), "no crash id"),
        (format!("/api/ProcessedCrash/?crash_id={good}&crash_id={good}"), "may be given once"),
        (format!("/api/ProcessedCrash/?crash_id={good}&datatype=x"), "no parameter \"datatype\""),
        (format!("/api/CrashStatus/?crash_id={good}9"), "no crash id"),
        (format!("/api/CrashStatus/?uuid={good}"), "no parameter \"uuid\""),
        ("/api/LatestCrashes/?limit=0".to_owned(), "limit \"0\""),
        ("/api/LatestCrashes/?limit=501".to_owned(), "limit \"501\""),
        ("/api/LatestCrashes/?limit=-1".to_owned(), "limit \"-1\""),
        ("/api/LatestCrashes/?limit=1&limit=1".to_owned(), "may be given once"),
        (format!("/api/RawCrash/?crash_id={good}&format=xml"), "format \"xml\""),
        (format!("/api/RawCrash/?crash_id={good}&name=x"), "format=raw"),
        (format!("/api/RawCrash/?crash_id={good}&format=raw&name=..%2Fx"), "no dump's name"),
        (format!("/api/RawCrash/?crash_id={good}&format=raw&name=dump_names"), "no dump's name"),
        ("/api/?x=1".to_owned(), "known: none"),
    ] {
        let answer = service.get_as_admin(&path).await;
        assert_eq!(answer.status, 400, "{path}: {}", text(&answer));
        let error = json(&answer)["error"].as_str().unwrap().to_owned();
        assert!(error.contains(named), "{path}: {error}");
        assert_eq!(header(&answer, "cache-control"), "no-store", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_or_odd_value_is_cut_before_it_is_repeated() {
    let service = Service::start().await;
    let path = format!("/api/CrashStatus/?crash_id={}", "%E2%80%AE".repeat(500));
    let answer = service.get(&path).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body.len() < 600, "{}", text(&answer));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_tokens_methods_and_paths_are_refused() {
    let service = Service::start().await;
    service.put(&document(id(1), Map::new())).await;
    let path = format!("/api/ProcessedCrash/?crash_id={}", id(1));
    for token in ["", "wrong", "the-admin-token-of-this-tes", "THE-ADMIN-TOKEN-OF-THIS-TEST"] {
        let answer = service.get_with(&path, &[("Auth-Token", token)]).await;
        assert_eq!(answer.status, 403, "{token}");
        assert!(json(&answer)["error"].as_str().unwrap().contains("not valid"));
    }
    let post = service.post(&path).await;
    assert_eq!((post.status.as_u16(), header(&post, "allow")), (405, "GET,HEAD"));
    assert!(json(&post)["error"].is_string());
    for nowhere in ["/", "/api/Nothing/", "/api/ProcessedCrash/x", "/bpapi/"] {
        let answer = service.get(nowhere).await;
        assert_eq!(answer.status, 404, "{nowhere}");
        assert!(json(&answer)["error"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_crash_is_not_found_and_looking_leaves_no_trace() {
    let service = Service::start().await;
    service.put(&document(id(1), Map::new())).await;
    let before = files(&service);
    let answer = service.get(&format!("/api/ProcessedCrash/?crash_id={}", id(2))).await;
    assert_eq!(answer.status, 404);
    assert_eq!(json(&answer), json!({"error": format!("{} is not processed", id(2))}));
    assert_eq!(header(&answer, "cache-control"), "no-store");
    assert_eq!(files(&service), before);
}

/// All paths below the store's folder.
fn files(service: &Service) -> Vec<std::path::PathBuf> {
    let mut open = vec![service.store_dir()];
    let mut found = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path.clone());
            }
            found.push(path);
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_or_damaged_is_no_missing_crash() {
    let service = Service::start().await;
    service.put(&document(id(1), Map::new())).await;
    let away = service.folder.path().join("away");
    fs::rename(service.store_dir(), &away).unwrap();
    for path in ["ProcessedCrash", "RawCrash", "CrashStatus"] {
        let answer = service.get_as_admin(&format!("/api/{path}/?crash_id={}", id(1))).await;
        assert_eq!(answer.status, 503, "{path}: {}", text(&answer));
        assert_eq!(header(&answer, "retry-after"), "5", "{path}");
        assert!(!text(&answer).contains(away.to_str().unwrap()), "{path}: {}", text(&answer));
    }
    fs::rename(&away, service.store_dir()).unwrap();
    let path = format!("/api/ProcessedCrash/?crash_id={}", id(1));
    assert_eq!(service.get(&path).await.status, 200);

    let document = files(&service).into_iter().find(|path| path.is_file()).unwrap();
    fs::write(document, b"rubbish").unwrap();
    let damaged = service.get(&path).await;
    assert_eq!(damaged.status, 500);
    assert_eq!(json(&damaged), json!({"error": "what the store has can't be read"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins_may_ask_and_a_head_has_no_body() {
    let service = Service::start().await;
    service.put(&document(id(1), Map::new())).await;
    let path = format!("/api/ProcessedCrash/?crash_id={}", id(1));
    let (head, body) = exchange(&service, "OPTIONS", &path).await;
    assert!(head.starts_with("HTTP/1.1 204"), "{head}");
    for line in [
        "access-control-allow-origin: *",
        "access-control-allow-headers: auth-token",
        "access-control-allow-methods: GET, HEAD, OPTIONS",
    ] {
        assert!(head.contains(line), "{line} is not in\n{head}");
    }
    assert_eq!(body, "");
    let (head, body) = exchange(&service, "HEAD", &path).await;
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("vary: auth-token"), "{head}");
    assert_eq!(body, "");
}

/// One request on a connection of its own: head and body of the answer.
async fn exchange(service: &Service, method: &str, path: &str) -> (String, String) {
    let authority = service.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(authority).await.unwrap();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}
