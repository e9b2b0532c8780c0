//! Expiry: weeks go whole by their age, and what was counted of them stays.

use auxilio_common::Day;
use auxilio_cron::Tried;

use crate::fixture::Fixture;

const NOON: &str = "2012-06-27T12:00:00Z";

/// Weeks of reports that are there.
const WEEKS: &str = "SELECT coalesce(string_agg(right(relname, 8), ' ' ORDER BY relname), '')
    FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'reports'::regclass";

async fn fixture(keep_weeks: u32) -> Fixture {
    let f = Fixture::new(NOON, |config, _| {
        config.keep_weeks = keep_weeks;
        config.keep_runs_days = 10;
    })
    .await;
    f.sql("SET TimeZone = 'UTC'").await;
    for monday in ["2012-06-04", "2012-06-11", "2012-06-18", "2012-06-25"] {
        f.sql(&format!("SELECT ensure_partition('{monday}')")).await;
    }
    f
}

async fn expire(f: &Fixture, day: &str) -> Option<Tried> {
    let day: Day = day.parse().unwrap();
    f.engine.run_by_hand("expiry", day).await.unwrap().unwrap().tried
}

#[tokio::test]
async fn a_week_goes_once_so_many_have_passed_since_its_end() {
    let f = fixture(2).await;
    expire(&f, "2012-06-24").await;
    assert_eq!(f.text(WEEKS).await, "20120604 20120611 20120618 20120625");
    expire(&f, "2012-06-25").await;
    assert_eq!(f.text(WEEKS).await, "20120611 20120618 20120625", "it ended on the 11th");
    let sealed = "SELECT string_agg(week::text, ' ') FROM sealed_weeks";
    assert_eq!(f.text(sealed).await, "2012-06-04");
    let audited = "SELECT string_agg(object, ' ') FROM audit WHERE action = 'drop_week'";
    assert_eq!(f.text(audited).await, "2012-06-04");
    assert_eq!(expire(&f, "2012-06-25").await, Some(Tried::Done(0)), "twice is once");
    expire(&f, "2012-07-09").await;
    assert_eq!(f.text(WEEKS).await, "20120625", "several at once");
}

#[tokio::test]
async fn nothing_goes_while_no_weeks_are_named() {
    let f = fixture(0).await;
    assert!(matches!(expire(&f, "2099-01-01").await, Some(Tried::Done(_))));
    assert_eq!(f.text(WEEKS).await, "20120604 20120611 20120618 20120625");
}

#[tokio::test]
async fn a_week_that_is_still_to_be_counted_stays_and_is_named_and_the_others_go() {
    let f = fixture(1).await;
    f.sql("INSERT INTO dirty_hours VALUES ('2012-06-04 01:00+00')").await;
    let Some(Tried::Failed(said)) = expire(&f, "2012-06-25").await else { panic!() };
    assert!(said.contains("1 weeks of reports stay, the first that of 2012-06-04"), "{said}");
    assert_eq!(f.text(WEEKS).await, "20120604 20120618 20120625");
    f.sql("DELETE FROM dirty_hours").await;
    assert_eq!(expire(&f, "2012-06-25").await, Some(Tried::Done(1)));
}

#[tokio::test]
async fn what_was_counted_stays_and_late_reports_of_the_week_are_refused_by_counts_alone() {
    let f = fixture(1).await;
    f.sql(
        "INSERT INTO daily_crashes (count, report_type, productdims_id, os_short_name, adu_day)
           SELECT 5, 'C', 1, 'Win', '2012-06-05'",
    )
    .await;
    expire(&f, "2012-06-25").await;
    assert_eq!(f.text("SELECT sum(count)::text FROM daily_crashes").await, "5");
    let step = f
        .engine
        .run_by_hand("daily_crashes", "2012-06-05".parse().unwrap())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(step.tried, Some(Tried::Done(0)));
    let refused = "SELECT refused::text FROM sealed_weeks WHERE week = '2012-06-04'";
    assert_eq!(f.text(refused).await, "1");
}

#[tokio::test]
async fn old_notes_of_runs_go_and_running_ones_stay() {
    let f = fixture(0).await;
    f.sql(
        "INSERT INTO cron_runs (token, job, slot, by_hand, started_at, ended_at, outcome)
         VALUES (-1, 'tcbs', '2012-06-01', false, '2012-06-10 23:59', now(), 'done'),
                (-2, 'tcbs', '2012-06-01', false, '2012-06-17', now(), 'done'),
                (-3, 'tcbs', '2012-06-01', false, '2012-06-10 23:59', NULL, 'running');
         INSERT INTO server_status (waiting_job_count, processors_count, date_created)
         VALUES (1, 1, '2012-06-16 23:55'), (1, 1, '2012-06-17 00:00');
         SELECT ensure_outcomes_partition('2012-06-16'); SELECT ensure_outcomes_partition('2012-06-17')",
    )
    .await;
    // A row each of runs and status, and a day of outcomes.
    assert_eq!(expire(&f, "2012-06-27").await, Some(Tried::Done(3)));
    let left =
        "SELECT string_agg(token::text, ' ' ORDER BY token DESC) FROM cron_runs WHERE token < 0";
    assert_eq!(f.text(left).await, "-2 -3");
    assert_eq!(
        f.text("SELECT string_agg(date_created::text, ' ') FROM server_status").await,
        "2012-06-17 00:00:00+00"
    );
    let outcomes = "SELECT string_agg(relname, ' ') FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
                    WHERE inhparent = 'job_outcomes'::regclass AND relname LIKE 'job_outcomes_2012%'";
    assert_eq!(f.text(outcomes).await, "job_outcomes_20120617");
}
