//! When what is due, and after what.

use crate::fixture::Fixture;

/// Friday, at noon.
const NOON: &str = "2012-06-15T12:00:00Z";

#[tokio::test]
async fn a_new_installation_does_the_last_slot_of_each_job_and_no_older_one() {
    let f = Fixture::new(NOON, |_, _| {}).await;
    assert_eq!(f.view("tcbs").await.state, "new");
    let done = f.do_all().await;
    assert_eq!(done.len(), f.engine.names().len(), "{done:?}");
    assert_eq!(f.slots_done("tcbs").await, "15 02:00");
    assert_eq!(f.slots_done("reports_clean").await, "15 11:12");
    assert_eq!(f.slots_done("server_status").await, "15 12:00");
    assert_eq!(f.slots_done("partitions").await, "14 21:05");
    let view = f.view("tcbs").await;
    assert_eq!((view.state, view.error_count), ("waiting", 0));
    assert_eq!(view.next_slot, Some("2012-06-16T02:00:00Z".parse().unwrap()));
}

#[tokio::test]
async fn slots_that_were_missed_are_done_one_by_one_and_in_order() {
    // Those of every few minutes would be hundreds.
    let f = Fixture::new(NOON, |config, _| {
        config.schedules = vec!["server_status = off".into(), "dirty_days = off".into()];
    })
    .await;
    f.do_all().await;
    f.clock.set("2012-06-17T03:00:00Z");
    f.do_all().await;
    assert_eq!(f.slots_done("tcbs").await, "15 02:00, 16 02:00, 17 02:00");
    assert_eq!(f.slots_done("extracts").await, "15 02:30, 16 02:30, 17 02:30");
    let hours = f.slots_done("duplicates").await;
    assert_eq!(hours.split(", ").count(), 1 + 39, "{hours}");
    assert!(hours.starts_with("15 11:02, 15 12:02, 15 13:02"), "{hours}");
    assert!(hours.ends_with("17 01:02, 17 02:02"), "{hours}");
    // Windows were those of the slots, each once: no hole and no overlap.
    let windows = "SELECT concat_ws(' ', count(*), count(DISTINCT window_from), min(window_from),
                       max(window_to), bool_and(window_to = window_from + interval '1 hour'))
                   FROM update_runs WHERE name = 'reports_clean'";
    f.sql("SET TimeZone = 'UTC'").await;
    // The slots at 12 minutes past reach to the hour before them.
    assert_eq!(f.text(windows).await, "40 40 2012-06-15 10:00:00+00 2012-06-17 02:00:00+00 t");
    let files: Vec<String> = std::fs::read_dir(f.dir.path().join("extracts"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with("-pub-crashdata.csv.gz"))
        .collect();
    assert_eq!(files.len(), 3, "{files:?}");
}

#[tokio::test]
async fn a_job_waits_until_what_it_needs_has_come_as_far() {
    let f = Fixture::new(NOON, |_, _| {}).await;
    f.do_all().await;
    // A day later nothing but time has passed: summaries wait for the clean reports of all of the day.
    f.clock.set("2012-06-16T02:01:00Z");
    assert_eq!(f.due("signatures").await, None);
    let view = f.view("signatures").await;
    assert_eq!(view.waits_for, ["reports_clean", "product_versions"]);
    assert_eq!(view.state, "waiting");
    assert_eq!(f.view("reports_clean").await.waits_for, ["duplicates"]);
    let done = f.do_all().await;
    let place = |job: &str| done.iter().rposition(|due| due.job == job).unwrap();
    for (first, then) in [
        ("duplicates", "reports_clean"),
        ("reports_clean", "signatures"),
        ("product_versions", "signatures"),
        ("signatures", "tcbs"),
        ("os_versions", "tcbs"),
        ("tcbs", "explosiveness"),
        ("adu", "explosiveness"),
    ] {
        assert!(place(first) < place(then), "{first} before {then}: {done:?}");
    }
}

#[tokio::test]
async fn a_job_that_is_off_is_never_due_and_nobody_waits_for_it() {
    let f = Fixture::new(NOON, |config, _| {
        config.schedules = vec!["duplicates = off".into(), "tcbs = off".into()];
        config.depends_on = vec!["adu =".into()];
    })
    .await;
    let done = f.do_all().await;
    assert!(done.iter().all(|due| due.job != "duplicates" && due.job != "tcbs"));
    assert!(done.iter().any(|due| due.job == "reports_clean"));
    assert!(done.iter().any(|due| due.job == "explosiveness"));
}
