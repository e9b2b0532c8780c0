//! The night by hand, what the verbs say, and the role beside the others.

use auxilio_tests::{http, wait};
use serde_json::Value;

use super::{PATIENCE, extract, jobs, run, system, text};

#[test]
fn a_night_by_hand_of_an_empty_day_writes_headers_alone_and_moves_no_slot() {
    let roles = system("");
    let night = run(&roles, &["--json", "cron", "run", "nightly", "--date", "2012-06-15"]);
    assert!(night.status.success(), "{}", String::from_utf8_lossy(&night.stderr));
    let steps: Vec<Value> = String::from_utf8(night.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<&str> = steps.iter().map(|step| step["job"].as_str().unwrap()).collect();
    let all = jobs(&roles);
    let in_order: Vec<&String> = all.iter().filter(|job| names.contains(&job.as_str())).collect();
    assert_eq!(names, in_order);
    assert!(names.len() > 20 && names.last() == Some(&"extracts"), "{names:?}");
    assert!(steps.iter().all(|step| step["outcome"] == "done" && step["day"] == "2012-06-15"));
    let private = extract(&roles, "20120615-crashdata.csv.gz").unwrap();
    assert!(private.starts_with("signature\turl\tuuid_url\t") && private.lines().count() == 1);
    assert_eq!(extract(&roles, "20120615-pub-crashdata.csv.gz").unwrap(), private);
    let moved = "SELECT count(*)::text FROM cron_jobs WHERE last_success IS NOT NULL";
    assert_eq!(text(&roles, moved), "0");

    let range = ["cron", "backfill", "tcbs", "--from", "2012-06-14", "--to", "2012-06-16"];
    let backfill = run(&roles, &range);
    assert!(backfill.status.success());
    let said = String::from_utf8(backfill.stdout).unwrap();
    assert_eq!(said.lines().count(), 3, "{said}");
    assert!(said.starts_with("2012-06-14 tcbs") && said.contains("done 0"), "{said}");
}

#[test]
fn verbs_refuse_what_is_not_there_and_a_job_that_another_runs() {
    let roles = system("");
    let unknown = run(&roles, &["cron", "run", "tcb"]);
    assert_eq!(unknown.status.code(), Some(2));
    let said = String::from_utf8(unknown.stderr).unwrap();
    assert!(said.contains("there is no job \"tcb\"; there are nightly, partitions"), "{said}");
    let range = ["cron", "backfill", "tcbs", "--from", "2012-06-16", "--to", "2012-06-15"];
    assert_eq!(run(&roles, &range).status.code(), Some(2));
    // The first run makes all jobs known.
    run(&roles, &["cron", "run", "adu", "--date", "2012-06-15"]);
    roles
        .database
        .client()
        .unwrap()
        .batch_execute(
            "UPDATE cron_jobs SET slot = now(), token = 0, lease_until = now() + interval '1 hour'
             WHERE job = 'tcbs'",
        )
        .unwrap();
    let taken = run(&roles, &["cron", "run", "tcbs", "--date", "2012-06-15"]);
    assert_eq!(taken.status.code(), Some(1));
    let said = String::from_utf8(taken.stdout).unwrap();
    assert!(said.contains("another run of this job is under way"), "{said}");
}

#[test]
fn a_product_of_one_s_own_is_added_and_listed() {
    let roles = system("");
    let add = |arguments: &[&str]| run(&roles, &[&["product", "add"], arguments].concat());
    let added = add(&["Demo", "--first-version", "2.0"]);
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    let again = add(&["Other", "--release-name", "DEMO"]);
    assert_eq!(again.status.code(), Some(2));
    let said = String::from_utf8(again.stderr).unwrap();
    assert_eq!(said, "auxilio: the name \"demo\" is that of the product \"Demo\"\n");
    let list = String::from_utf8(run(&roles, &["--json", "product", "list"]).stdout).unwrap();
    let demo = r#"{"first_version":"2.0","product":"Demo","release_name":"demo"}"#;
    assert_eq!(list.lines().last(), Some(demo), "{list}");
}

#[test]
fn the_role_counts_reports_as_they_come_and_says_how_its_jobs_stand() {
    let mut roles = system("schedules = [\"dirty_days = * * * * * *\"]\n");
    for role in ["collector", "crashmover", "monitor", "processor", "middleware", "cron"] {
        roles.start_role(role).unwrap();
    }
    let fields = [("ProductName", "Demo"), ("Version", "1.0")];
    let id = auxilio_tests::crashes::post(
        roles.address("collector"),
        &fields,
        Some(&roles.crashes.segv),
    )
    .unwrap();
    roles.wait_processed(&[id], PATIENCE);
    // Written, marked, counted as far as its version is known, and no mark is left.
    wait::until("a report that is counted", PATIENCE, || {
        let sql = "SELECT ((SELECT count(*) FROM reports_bad) = 1
                       AND (SELECT count(*) FROM dirty_hours) = 0)::text";
        (text(&roles, sql) == "true").then_some(())
    });
    let at = roles.address("cron");
    for path in ["/__heartbeat__", "/__lbheartbeat__", "/__version__", "/metrics"] {
        assert_eq!(http::get(at, path).unwrap().status, 200, "{path}");
    }
    let shown = http::get(at, "/jobs").unwrap().json().unwrap();
    let shown = shown.as_array().unwrap().clone();
    assert_eq!(shown.len(), jobs(&roles).len());
    let dirty_days = shown.iter().find(|job| job["job"] == "dirty_days").unwrap();
    assert_eq!(dirty_days["schedule"], "* * * * * *");
    assert!(dirty_days["last_success"].is_string(), "{dirty_days}");
    let status = run(&roles, &["cron", "status"]);
    assert!(status.status.success());
    assert!(String::from_utf8(status.stdout).unwrap().contains("dirty_days"));
    assert!(roles.take("cron").unwrap().terminate(PATIENCE).unwrap().success());
}
