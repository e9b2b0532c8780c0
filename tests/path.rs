//! The whole path of one crash: from POST to a readable report, as JSON and on a page.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use auxilio_testkit::browser::Browser;
use auxilio_tests::roles::{ROLES, Roles};
use auxilio_tests::{crashes, http, wait};
use serde_json::Value;

/// Names of all frames and inlined calls of a thread, innermost first.
fn functions(thread: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for frame in thread["frames"].as_array().unwrap() {
        for inline in frame["inlines"].as_array().into_iter().flatten() {
            names.push(inline["function"].as_str().unwrap_or_default().to_owned());
        }
        names.push(frame["function"].as_str().unwrap_or_default().to_owned());
    }
    names
}

#[test]
fn a_posted_crash_becomes_a_report_with_function_names_and_source_lines() {
    let roles = Roles::start(&[]).unwrap();
    let fields = [
        ("ProductName", "Demo"),
        ("Version", "1.2"),
        ("BuildID", "20261124000000"),
        ("URL", "https://private.example/"),
    ];
    // The first crash brings the symbols' index into being; the second shows the idle system.
    let first =
        crashes::post(roles.address("collector"), &fields, Some(&roles.crashes.segv)).unwrap();
    roles.wait_processed(&[first], Duration::from_secs(60));
    let posted = Instant::now();
    let id = crashes::post(roles.address("collector"), &fields, Some(&roles.crashes.segv)).unwrap();
    let report = wait::until("the report", Duration::from_secs(60), || roles.processed(id));
    println!("readable {} ms after the POST began", posted.elapsed().as_millis());

    assert_eq!(report["uuid"], id.to_string());
    assert_eq!((&report["product"], &report["version"]), (&"Demo".into(), &"1.2".into()));
    assert!(report["reason"].as_str().unwrap().starts_with("SIGSEGV"), "{}", report["reason"]);
    assert!(report.get("url").is_none());
    let dump = &report["json_dump"];
    let thread =
        &dump["threads"][usize::try_from(report["crashing_thread"].as_u64().unwrap()).unwrap()];
    let names = functions(thread);
    assert!(names.iter().any(|name| name.contains("crash_segv")), "{names:?}");
    assert!(names.iter().any(|name| name.contains("inlined_inner")), "{names:?}");
    let first = &thread["frames"][0];
    assert!(first["line"].as_u64().is_some() && first["file"].as_str().is_some(), "{first}");
    assert!(
        report["signature"].as_str().unwrap().contains("inlined_inner"),
        "{}",
        report["signature"]
    );
    assert!(dump["modules"].as_array().unwrap().len() > 2);

    let browser = Browser::find().unwrap();
    let page =
        browser.open(&format!("http://{}/report/index/bp-{id}", roles.address("webapp"))).unwrap();
    let text = page.text();
    for shown in ["Demo", "SIGSEGV", "inlined_inner", "crash_segv"] {
        assert!(text.contains(shown), "{shown} is not on the page: {text}");
    }
    let home = browser.open(&format!("http://{}/", roles.address("webapp"))).unwrap();
    assert!(home.text().contains(report["signature"].as_str().unwrap()), "{}", home.text());
}

#[test]
fn every_role_serves_its_operators_pages() {
    let roles = Roles::start(&[]).unwrap();
    for role in ROLES {
        let get = |path| http::get(roles.address(role), path).unwrap();
        assert_eq!(get("/__version__").json().unwrap()["role"], role);
        assert_eq!(get("/__lbheartbeat__").status, 200, "{role}");
        wait::until(role, Duration::from_secs(20), || {
            (get("/__heartbeat__").status == 200).then_some(())
        });
        assert_eq!(get("/metrics").status, 200, "{role}");
    }
    // Without its database a role says so, and says it to the balancer too: it is up.
    roles.database.server.stop().unwrap();
    let sick = http::get(roles.address("middleware"), "/__heartbeat__").unwrap();
    assert_eq!(sick.status, 503);
    assert!(!sick.json().unwrap()["errors"].as_array().unwrap().is_empty());
    assert_eq!(http::get(roles.address("collector"), "/__heartbeat__").unwrap().status, 200);
}

#[test]
fn a_supplied_id_keeps_its_day_and_nobody_overwrites_a_crash() {
    let token = "a submitter of the test";
    let digest = auxilio_testkit::raw::sha256(token.as_bytes());
    let mut roles = Roles::prepare(&[]).unwrap();
    let file = roles.config_file();
    let config = std::fs::read_to_string(&file).unwrap();
    let config = config
        .replace("[collector]\n", &format!("[collector]\nsubmitter_tokens = [\"{digest}\"]\n"));
    std::fs::write(&file, config).unwrap();
    for role in ROLES {
        roles.start_role(role).unwrap();
    }
    let id = "0b794045-87ec-4649-9ce1-73ec00120824";
    let post = |version: &str, dump: &[u8], lines: &str| {
        let fields = [("uuid", id), ("ProductName", "Demo"), ("Version", version)];
        let (boundary, body) = crashes::form(&fields, Some(dump));
        http::submit(roles.address("collector"), &boundary, lines, &body).unwrap()
    };
    let lines = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(post("1", &roles.crashes.segv, "").status, 401);
    assert_eq!(post("1", &roles.crashes.segv, &lines).text(), format!("CrashID=bp-{id}\n"));
    let report =
        wait::until("the report", Duration::from_secs(60), || roles.processed(id.parse().unwrap()));
    assert!(
        report["date_processed"].as_str().unwrap().starts_with("2012-08-24"),
        "{}",
        report["date_processed"]
    );
    // The same again, and another crash under the same id: acknowledged, and the first one stays.
    assert_eq!(post("1", &roles.crashes.segv, &lines).status, 200);
    assert_eq!(post("2", &roles.crashes.abort, &lines).status, 200);
    wait::until("an empty spool", Duration::from_secs(30), || {
        roles.spooled().is_empty().then_some(())
    });
    assert_eq!(roles.quarantined().len(), 1, "the other crash waits for a person");
    assert_eq!(roles.processed(id.parse().unwrap()).unwrap()["version"], "1");
    assert_eq!(roles.reports().unwrap().into_values().collect::<Vec<_>>(), [1]);
}

#[test]
fn any_bytes_as_a_dump_end_in_a_report_that_says_so() {
    let roles = Roles::start(&[]).unwrap();
    let fields = [("ProductName", "Demo"), ("Version", "1")];
    let post =
        |dump: Option<&[u8]>| crashes::post(roles.address("collector"), &fields, dump).unwrap();
    let cut = &roles.crashes.segv[..200];
    let ids = [
        post(Some(b"")),
        post(Some(b"MDMP")),
        post(Some(&[0xff; 5_000])),
        post(Some(cut)),
        post(None),
    ];
    roles.wait_processed(&ids, Duration::from_secs(60));
    let status =
        |id| roles.processed(id).unwrap()["mdsw_status_string"].as_str().map(str::to_owned);
    assert_eq!(status(ids[0]).as_deref(), Some("EmptyMinidump"));
    for id in &ids[1..4] {
        assert!(status(*id).is_some_and(|status| status != "OK"), "{id}");
    }
    assert_eq!(roles.reports().unwrap().len(), ids.len());
}
