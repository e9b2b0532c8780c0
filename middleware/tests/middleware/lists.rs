//! `LatestCrashes` and the catalogue.

use serde_json::json;

use crate::fixture::{Service, at, document, header, id, json};

#[tokio::test(flavor = "multi_thread")]
async fn latest_crashes_come_newest_first_with_public_columns_only() {
    let service = Service::start().await;
    assert_eq!(json(&service.get("/api/LatestCrashes/").await), json!({"crashes": []}));
    for (number, seconds) in [(1, 100), (2, 300), (3, 200)] {
        service
            .put_report(id(number), at(seconds), |report| {
                report.product = Some("Demo".into());
                report.signature = Some(format!("signature {number}"));
                report.url = Some("http://secret.example/".into());
            })
            .await;
    }
    let answer = service.get("/api/LatestCrashes/").await;
    assert_eq!(header(&answer, "cache-control"), "no-store");
    let line = |number: u8, seconds| {
        json!({
            "crash_id": id(number), "date_processed": at(seconds), "product": "Demo",
            "signature": format!("signature {number}"),
        })
    };
    assert_eq!(json(&answer), json!({"crashes": [line(2, 300), line(3, 200), line(1, 100)]}));
    let two = service.get("/api/LatestCrashes/?limit=2").await;
    assert_eq!(json(&two), json!({"crashes": [line(2, 300), line(3, 200)]}));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_names_paths_that_answer() {
    let service = Service::start().await;
    let catalogue = json(&service.get("/api/").await);
    let resources = catalogue["resources"].as_array().unwrap();
    assert_eq!(resources.len(), 8);
    for resource in resources {
        let crash_id = id(1).to_string();
        let path = resource["path"].as_str().unwrap().replace("{crash_id}", &crash_id);
        service.put(&document(id(1), serde_json::Map::new())).await;
        let answer = match resource["method"].as_str().unwrap() {
            "POST" => service.post(&path).await,
            _ => service.get(&path).await,
        };
        assert_ne!(answer.status, 404, "{resource}");
        let expected = if resource["token"] == true { 403 } else { answer.status.as_u16() };
        assert_eq!(answer.status, expected, "{resource}");
    }
}
