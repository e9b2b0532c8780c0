//! `RawCrash`: annotations and dumps, for the holder of the token.

use std::sync::Arc;

use auxilio_common::{CrashStore, DumpName};
use auxilio_testkit::raw::Recipe;
use serde_json::json;

use crate::fixture::{Service, header, id, json, text};

#[tokio::test(flavor = "multi_thread")]
async fn the_token_s_holder_reads_annotations_and_dumps_as_they_came() {
    let service = Service::start().await;
    let main: Vec<u8> = (0..1_000_000_u32).map(|number| number.to_le_bytes()[0]).collect();
    let raw = Recipe::new(id(1).day(), 7)
        .crash_id(id(1))
        .without_dumps()
        .annotation("URL", "http://secret.example/")
        .annotation("uuid", "a client's own")
        .dump(DumpName::main(), main.clone())
        .dump(DumpName::from_part("memory_report").unwrap(), b"report".to_vec());
    service.store.put_raw(Arc::new(raw.envelope())).await.unwrap();
    let path = format!("/api/RawCrash/?crash_id=bp-{}", id(1));

    let meta = service.get_as_admin(&path).await;
    assert_eq!(meta.status, 200);
    assert_eq!(json(&meta)["URL"], "http://secret.example/");
    assert_eq!(json(&meta)["uuid"], json!(id(1)));
    assert_eq!(json(&meta)["metadata"]["dump_checksums"].as_object().unwrap().len(), 2);
    assert_eq!(json(&service.get_as_admin(&format!("{path}&format=meta")).await), json(&meta));

    let dump = service.get_as_admin(&format!("{path}&format=raw")).await;
    assert_eq!(dump.body, main);
    assert_eq!(header(&dump, "content-type"), "application/octet-stream");
    assert_eq!(header(&dump, "content-length"), "1000000");
    assert_eq!(header(&dump, "cache-control"), "private, max-age=300");
    let expected = format!("attachment; filename=\"{}.upload_file_minidump.dmp\"", id(1));
    assert_eq!(header(&dump, "content-disposition"), expected);
    let other = service.get_as_admin(&format!("{path}&format=raw&name=memory_report")).await;
    assert_eq!(other.body.as_ref(), b"report");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_named() {
    let service = Service::start().await;
    let raw = Recipe::new(id(1).day(), 7).crash_id(id(1)).without_dumps().envelope();
    service.store.put_raw(Arc::new(raw)).await.unwrap();
    for (query, expected) in [
        (format!("crash_id={}", id(2)), format!("{} is not in the store", id(2))),
        (format!("crash_id={}&format=raw", id(2)), format!("{} is not in the store", id(2))),
        (
            format!("crash_id={}&format=raw", id(1)),
            format!("{} has no dump \"upload_file_minidump\"", id(1)),
        ),
    ] {
        let answer = service.get_as_admin(&format!("/api/RawCrash/?{query}")).await;
        assert_eq!(answer.status, 404, "{query}");
        assert_eq!(json(&answer), json!({"error": expected}), "{}", text(&answer));
    }
}
