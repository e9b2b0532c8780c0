//! Runs by hand: one at a time with those of the schedule, the night's chain in its order.

use auxilio_common::Day;
use auxilio_cron::Tried;

use crate::fixture::Fixture;

const NOON: &str = "2012-06-15T12:00:00Z";

fn day() -> Day {
    Day::from_ymd(2012, 6, 14).unwrap()
}

#[tokio::test]
async fn a_run_by_hand_waits_for_a_lease_and_refuses_one_that_is_kept() {
    let f = Fixture::new(NOON, |_, _| {}).await;
    f.engine.due().await.unwrap();
    let hold = |seconds: u32| {
        format!(
            "UPDATE cron_jobs SET slot = '2012-06-15', token = nextval('cron_tokens'),
                 lease_until = now() + interval '{seconds} seconds' WHERE job = 'tcbs'"
        )
    };
    f.sql(&hold(3_600)).await;
    let step = f.engine.run_by_hand("tcbs", day()).await.unwrap().unwrap();
    assert_eq!(step.tried, Some(Tried::Taken));
    assert!(!step.is_done());
    f.sql(&hold(1)).await;
    let step = f.engine.run_by_hand("tcbs", day()).await.unwrap().unwrap();
    assert_eq!(step.tried, Some(Tried::Done(0)), "whoever held it is gone");
    assert_eq!(f.engine.run_by_hand("nothing", day()).await.unwrap(), None);
    assert_eq!(f.slots_done("tcbs").await, "", "no slot is moved");
    assert!(f.due("tcbs").await.is_none() && f.due("product_versions").await.is_some());
}

#[tokio::test]
async fn a_job_that_is_switched_off_runs_by_hand_alone() {
    let f = Fixture::new(NOON, |config, _| config.schedules = vec!["tcbs = off".to_owned()]).await;
    let state = async || {
        let view = f.view("tcbs").await;
        (view.state, view.schedule, view.next_slot)
    };
    f.engine.due().await.unwrap();
    assert_eq!(state().await, ("off", "off".to_owned(), None));
    let known = "SELECT count(*)::text FROM cron_jobs WHERE job = 'tcbs'";
    assert_eq!(f.text(known).await, "0", "it begins when it is switched on");
    let step = f.engine.run_by_hand("tcbs", day()).await.unwrap().unwrap();
    assert_eq!(step.tried, Some(Tried::Done(0)));
    assert_eq!(state().await, ("off", "off".to_owned(), None));
    assert!(f.due("tcbs").await.is_none());
    let steps = f.engine.run_nightly(day(), |_| {}).await.unwrap();
    assert!(steps.iter().all(|step| step.is_done() && step.job != "tcbs"), "{steps:?}");
    assert!(steps.iter().any(|step| step.job == "explosiveness"), "nobody waits for it");
}

#[tokio::test]
async fn a_night_is_done_in_order_and_an_empty_day_has_its_extracts() {
    let f = Fixture::new(NOON, |_, _| {}).await;
    let mut said = Vec::new();
    let steps = f.engine.run_nightly(day(), |step| said.push(step.job)).await.unwrap();
    assert!(steps.iter().all(auxilio_cron::Step::is_done), "{steps:?}");
    assert_eq!(
        said,
        [
            "partitions",
            "builds",
            "raw_adu",
            "product_versions",
            "duplicates",
            "reports_clean",
            "signatures",
            "os_versions",
            "tcbs",
            "tcbs_build",
            "adu",
            "daily_crashes",
            "hang_report",
            "rank_compare",
            "nightly_builds",
            "explosiveness",
            "crashes_by_url",
            "crashes_by_domain",
            "signature_summary",
            "crashes_by_flash_version",
            "extracts",
        ]
    );
    for name in ["20120614-crashdata.csv.gz", "20120614-pub-crashdata.csv.gz"] {
        assert!(f.dir.path().join("extracts").join(name).is_file(), "{name}");
    }
    f.sql("SET TimeZone = 'UTC'").await;
    let windows = "SELECT string_agg(DISTINCT window_from || ' to ' || window_to, ', ')
                   FROM update_runs WHERE name IN ('reports_duplicates', 'reports_clean', 'tcbs')";
    assert_eq!(f.text(windows).await, "2012-06-14 00:00:00+00 to 2012-06-15 00:00:00+00");
    let runs = "SELECT string_agg(job, ' ' ORDER BY token) FROM cron_runs
                WHERE by_hand AND outcome = 'done'";
    assert_eq!(f.text(runs).await, said.join(" "));
}

#[tokio::test]
async fn what_waits_for_a_job_of_the_night_that_failed_is_left_out() {
    let f = Fixture::new(NOON, |_, _| {}).await;
    f.sql("ALTER TABLE tcbs RENAME TO gone").await;
    let steps = f.engine.run_nightly(day(), |_| {}).await.unwrap();
    let end = |job: &str| steps.iter().find(|step| step.job == job).unwrap().tried.clone();
    assert!(matches!(end("tcbs"), Some(Tried::Failed(_))), "{steps:?}");
    assert_eq!(end("explosiveness"), None, "{steps:?}");
    for job in ["signatures", "tcbs_build", "adu", "extracts"] {
        assert!(matches!(end(job), Some(Tried::Done(_))), "{job}: {steps:?}");
    }
    let failed = "SELECT string_agg(job, ' ') FROM cron_runs WHERE outcome = 'failed'";
    assert_eq!(f.text(failed).await, "tcbs");
}

#[tokio::test]
async fn the_document_says_when_each_job_is_due_and_what_it_waits_for() {
    let document = include_str!("../../../docs/cron.md");
    let f = Fixture::new(NOON, |_, _| {}).await;
    let lines =
        document.lines().filter(|line| line.starts_with("| `") && line.matches('|').count() == 6);
    let said: Vec<(String, String)> = lines
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            (format!("{} {}", cells[1], cells[2]), cells[4].to_owned())
        })
        .collect();
    let views = f.engine.views().await.unwrap();
    let known: Vec<(String, String)> = views
        .iter()
        .map(|view| {
            let waits: Vec<String> = view.depends_on.iter().map(|job| format!("`{job}`")).collect();
            (format!("`{}` `{}`", view.job, view.schedule), waits.join(", "))
        })
        .collect();
    assert_eq!(said, known);
}
