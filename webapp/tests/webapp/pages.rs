//! The pages over real sockets: what they show, where they lead, what they say when there is nothing.

use crate::site::{OLD_ID, Site, header, sample_crash, text};
use serde_json::{Value, json};

#[tokio::test]
async fn report_page_shows_facts_frames_inlined_calls_and_modules() {
    let site = Site::start().await;
    site.put_crash(OLD_ID, sample_crash(OLD_ID));
    let answer = site.get(&format!("/report/index/{OLD_ID}")).await;
    assert_eq!(answer.status, 200);
    let html = text(&answer);
    for expected in [
        "<title>auxilio_crashme::ways::segv::inner · Auxilio</title>",
        "SIGSEGV / SEGV_MAPERR",
        "0x0000000000000010",
        "2012-12-24 18:00:12 UTC",
        "ways.rs:41",
        "ways.rs:58",
        "core::ptr::write_volatile&#60;u32&#62;",
        "https://github.com/example/auxilio/blob/4ce6951f/testkit/src/bin/auxilio-crashme/main.rs#L132",
        "worker-1",
        "ld-linux-x86-64.so.2",
        "9.0 GiB free of 24.0 GiB",
        "symbols of libc.so.6 are missing",
    ] {
        assert!(html.contains(expected), "{expected} is not on the page:\n{html}");
    }
    let stack = html.split_once("Crashing thread <").unwrap().1;
    let places = ["write_volatile", "segv::inner", "segv::outer", "auxilio_crashme::crash<"]
        .map(|name| stack.find(name).unwrap());
    assert!(places.is_sorted(), "{places:?}");
    assert!(!html.contains("<script"));
}

#[tokio::test]
async fn every_answer_forbids_scripts_frames_and_foreign_content() {
    let site = Site::start().await;
    site.put_crash(OLD_ID, sample_crash(OLD_ID));
    for path in ["/", "/nowhere", "/report/index/x", &format!("/report/index/{OLD_ID}"), "/report/"]
    {
        let answer = site.get(path).await;
        let policy = header(&answer, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'self'"), "{path}: {policy}");
        assert!(!policy.contains("script-src") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(header(&answer, "x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header(&answer, "referrer-policy"), "no-referrer", "{path}");
        assert!(header(&answer, "cache-control").starts_with("private"), "{path}");
    }
}

#[tokio::test]
async fn the_style_sheet_may_be_kept_for_ever_and_is_named_by_its_content() {
    let site = Site::start().await;
    site.put("/api/LatestCrashes/?limit=50", json!({"crashes": []}));
    let html = text(&site.get("/").await);
    let path = html.split_once("rel=\"stylesheet\" href=\"").unwrap().1.split_once('"').unwrap().0;
    let style = site.get(path).await;
    assert_eq!(
        (style.status.as_u16(), header(&style, "content-type")),
        (200, "text/css; charset=utf-8")
    );
    assert_eq!(header(&style, "cache-control"), "public, max-age=31536000, immutable");
    assert!(text(&style).contains("prefers-color-scheme: dark"));
    assert_eq!(site.get("/static/auxilio.0000000000000000.css").await.status, 404);
}

#[tokio::test]
async fn other_spellings_of_an_id_lead_to_the_one_address() {
    let site = Site::start().await;
    let expected = format!("/report/index/{OLD_ID}");
    for path in [
        format!("/report/index/bp-{OLD_ID}"),
        format!("/report/index/{}", OLD_ID.to_uppercase()),
        format!("/report/?crash_id=bp-{OLD_ID}"),
        format!("/report/?crash_id=+{OLD_ID}+"),
    ] {
        let answer = site.get(&path).await;
        assert!(answer.status.is_redirection(), "{path}: {}", answer.status);
        assert_eq!(header(&answer, "location"), expected, "{path}");
    }
}

#[tokio::test]
async fn malformed_ids_and_unknown_crashes_are_not_found() {
    let site = Site::start().await;
    let shown = text(&site.get("/report/index/%3Cb%3Ebold").await);
    assert!(shown.contains("This is no crash id") && shown.contains("&#60;b&#62;bold"), "{shown}");
    assert_eq!(site.get("/report/index/short").await.status, 404);
    let no_text = site.get("/report/index/%FF").await;
    assert_eq!(no_text.status, 404);
    assert!(text(&no_text).contains("No such page"));
    assert_eq!(site.get("/report/?crash_id=").await.status, 404);

    site.put_asked(OLD_ID, 404, "");
    let unknown = site.get(&format!("/report/index/{OLD_ID}")).await;
    assert_eq!(unknown.status, 404);
    assert!(text(&unknown).contains("No such crash") && !text(&unknown).contains("http-equiv"));
}

#[tokio::test]
async fn a_crash_that_waits_is_looked_for_again_until_it_is_there() {
    let site = Site::start().await;
    site.put_asked(OLD_ID, 408, "queued");
    let path = format!("/report/index/{OLD_ID}");
    let waiting = site.get(&path).await;
    assert_eq!(waiting.status, 202);
    let again = format!("content=\"1; url={path}?looks=1\"");
    assert!(text(&waiting).contains(&again), "{}", text(&waiting));
    assert!(text(&waiting).contains("Being processed"));
    let later = text(&site.get(&format!("{path}?looks=900")).await);
    assert!(later.contains(&format!("content=\"30; url={path}?looks=901\"")), "{later}");

    site.put_crash(OLD_ID, sample_crash(OLD_ID));
    let there = site.get(&format!("{path}?looks=1")).await;
    assert!(there.status.is_redirection());
    assert_eq!(header(&there, "location"), path);
    assert_eq!(site.get(&path).await.status, 200);
}

#[tokio::test]
async fn a_crash_that_may_be_on_its_way_is_looked_for_again_some_times() {
    let site = Site::start().await;
    let path = format!("/report/index/{OLD_ID}");
    for (status, state, words) in
        [(408, "waiting_for_raw", "still on its way"), (429, "", "as many crashes as may")]
    {
        site.put_asked(OLD_ID, status, state);
        let answer = site.get(&path).await;
        assert_eq!(answer.status, 404);
        let html = text(&answer);
        assert!(html.contains("Not here yet") && html.contains(words), "{html}");
        assert!(html.contains("http-equiv=\"refresh\""), "{html}");
        let last = text(&site.get(&format!("{path}?looks=15")).await);
        assert!(last.contains("Look again") && !last.contains("http-equiv"), "{last}");
    }
}

#[tokio::test]
async fn a_crash_that_came_between_two_questions_is_shown_at_the_next() {
    let site = Site::start().await;
    site.put_asked(OLD_ID, 200, "");
    let path = format!("/report/index/{OLD_ID}");
    let answer = site.get(&format!("{path}?looks=3")).await;
    assert!(answer.status.is_redirection(), "{}", answer.status);
    assert_eq!(header(&answer, "location"), path);
}

#[tokio::test]
async fn who_looks_at_an_unprocessed_crash_asks_for_it_under_its_own_address() {
    let site = Site::start().await;
    site.put_asked(OLD_ID, 408, "taken");
    let path = format!("/report/index/{OLD_ID}");
    site.get(&path).await;
    site.get_with(&path, &[("X-Forwarded-For", "203.0.113.9")]).await;
    assert_eq!(site.forwarded(), ["127.0.0.1", "203.0.113.9, 127.0.0.1"]);
    // A processed one is not asked for.
    site.put_crash(OLD_ID, sample_crash(OLD_ID));
    assert_eq!(site.get(&path).await.status, 200);
    assert_eq!(site.forwarded().len(), 2);
}

#[tokio::test]
async fn a_crash_that_nobody_can_ask_for_is_no_missing_crash() {
    let site = Site::start().await;
    for status in [503, 500, 403] {
        site.put_asked(OLD_ID, status, "");
        let answer = site.get(&format!("/report/index/{OLD_ID}")).await;
        assert_eq!((answer.status.as_u16(), header(&answer, "retry-after")), (503, "5"));
    }
}

#[tokio::test]
async fn without_a_middleware_every_page_says_when_to_try_again() {
    for site in [Site::alone().await, Site::start().await] {
        site.put("/api/LatestCrashes/?limit=50", Value::Null);
        site.put_crash(OLD_ID, Value::Null);
        for path in ["/", &format!("/report/index/{OLD_ID}")] {
            let answer = site.get(path).await;
            assert_eq!(answer.status, 503, "{path}");
            assert_eq!(header(&answer, "retry-after"), "5", "{path}");
            assert!(text(&answer).contains("Not available now"));
        }
    }
}

#[tokio::test]
async fn front_page_lists_the_latest_crashes() {
    let site = Site::start().await;
    site.put("/api/LatestCrashes/?limit=50", json!({"crashes": [
        {"crash_id": OLD_ID, "date_processed": "2012-12-24T18:00:12+00:00", "product": "<i>Demo</i>", "version": "1.0", "signature": "main", "reason": "SIGSEGV"},
        {"product": "has no id"},
    ]}));
    let html = text(&site.get("/").await);
    assert!(html.contains("2012-12-24 18:00:12 UTC") && html.contains("days ago"), "{html}");
    assert!(html.contains(&format!("href=\"/report/index/{OLD_ID}\"")), "{html}");
    assert!(html.contains("&#60;i&#62;Demo") && !html.contains("has no id"), "{html}");

    site.put("/api/LatestCrashes/?limit=50", json!({"crashes": []}));
    assert!(text(&site.get("/").await).contains("No crash has been processed yet"));
}

#[tokio::test]
async fn a_page_of_long_stacks_stays_small_and_shows_all_when_asked() {
    let site = Site::start().await;
    let frames: Vec<_> = (0..1_000)
        .map(|number| json!({"frame": number, "module": "demo", "function": format!("recurse_{number}x"), "file": "/src/demo.c", "line": 7}))
        .collect();
    let threads: Vec<_> = (0..30).map(|_| json!({"frames": frames})).collect();
    site.put_crash(OLD_ID, json!({"crashing_thread": 0, "json_dump": {"threads": threads}}));
    let path = format!("/report/index/{OLD_ID}");
    let ends = text(&site.get(&path).await);
    assert!(ends.len() < 1 << 20, "{}", ends.len());
    assert!(ends.contains("recurse_49x") && ends.contains("recurse_950x"));
    assert!(!ends.contains("recurse_50x<") && !ends.contains("recurse_949x<"));
    assert!(ends.contains(&format!("href=\"{path}?frames=all#thread-0\">900 more frames")));
    let whole = text(&site.get(&format!("{path}?frames=all")).await);
    assert_eq!(whole.matches("recurse_500x<").count(), 30);
}

#[tokio::test]
async fn a_crash_without_a_stack_or_with_parts_of_other_shapes_still_has_a_page() {
    let site = Site::start().await;
    for crash in [
        json!({"mdsw_status_string": "EmptyMinidump"}),
        json!({"crashing_thread": 99, "json_dump": {"threads": 7, "modules": [3, {}], "crash_info": []}}),
        json!({"signature": ["x"], "json_dump": {"threads": [{"frames": [null, {"inlines": 5}]}, []]}, "addons": {"a": 1}}),
        json!([]),
    ] {
        site.put_crash(OLD_ID, crash.clone());
        let answer = site.get(&format!("/report/index/{OLD_ID}")).await;
        assert_eq!(answer.status, 200, "{crash}");
        assert!(text(&answer).contains("no signature"), "{crash}");
    }
    site.put_crash(OLD_ID, json!({"mdsw_status_string": "EmptyMinidump"}));
    assert!(
        text(&site.get(&format!("/report/index/{OLD_ID}")).await)
            .contains("There is no stack: <bdi>EmptyMinidump")
    );
}

#[tokio::test]
async fn pages_are_only_read() {
    let site = Site::start().await;
    let client = auxilio_service::client::Client::new(std::time::Duration::from_secs(30), 1 << 20);
    let answer = client.post(&format!("{}/", site.url), &[], Vec::new().into()).await.unwrap();
    assert_eq!(answer.status, 405);
    assert_eq!(header(&answer, "allow"), "GET,HEAD");
}
