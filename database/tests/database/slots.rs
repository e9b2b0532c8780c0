//! Slots of cron jobs: leased once, moved by their own end alone, and never passed over.

use std::time::Duration;

use auxilio_common::Timestamp;
use auxilio_database::{CronState, Database, DbRole, SlotToken};
use serde_json::json;
use tokio_postgres::error::SqlState;

use crate::fixture::{Fixture, connect, id, id_of, report};

const JOB: &str = "tcbs";
const LEASE: Duration = Duration::from_mins(1);

fn as_cron(f: &Fixture) -> Database {
    Database::connect(&f.config, DbRole::Cron).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn since() -> Timestamp {
    at("2012-06-15T02:00:00Z")
}

fn slot() -> Timestamp {
    at("2012-06-16T02:00:00Z")
}

/// A job that is known and has done nothing since.
async fn known() -> (Fixture, Database) {
    let f = Fixture::new().await;
    let cron = as_cron(&f);
    cron.know_cron_job(JOB, since()).await.unwrap();
    (f, cron)
}

async fn take(cron: &Database) -> Option<SlotToken> {
    cron.take_slot(JOB, since(), slot(), LEASE).await.unwrap()
}

async fn state(cron: &Database) -> CronState {
    let states = cron.cron_states().await.unwrap();
    states.into_iter().find(|state| state.job == JOB).unwrap()
}

/// The lease of whoever holds the job has run out.
async fn lapse(f: &Fixture) {
    f.sql("UPDATE cron_jobs SET lease_until = now() - interval '1 second'").await;
}

async fn runs(f: &Fixture) -> String {
    f.text(
        "SELECT coalesce(string_agg(concat_ws(' ', by_hand, outcome, count, error), ', '
             ORDER BY token), '') FROM cron_runs",
    )
    .await
}

#[tokio::test]
async fn a_job_that_is_known_stays_as_it_is() {
    let (_f, cron) = known().await;
    cron.know_cron_job(JOB, slot()).await.unwrap();
    let state = state(&cron).await;
    assert_eq!((state.done_until, state.slot, state.is_free), (since(), None, true));
    assert_eq!((state.attempts, state.error_count, state.last_run), (0, 0, None));
}

#[tokio::test]
async fn a_slot_is_leased_to_one_and_its_end_alone_moves_the_job() {
    let (f, cron) = known().await;
    let token = take(&cron).await.unwrap();
    assert_eq!(take(&cron).await, None, "it is taken");
    let held = state(&cron).await;
    assert_eq!((held.slot, held.is_free, held.done_until), (Some(slot()), false, since()));
    assert!(!cron.complete_slot(JOB, SlotToken(token.0 + 1), 1).await.unwrap());
    assert!(!cron.complete_slot("adu", token, 1).await.unwrap());
    assert!(cron.complete_slot(JOB, token, 7).await.unwrap());
    assert!(cron.complete_slot(JOB, token, 7).await.unwrap(), "the first answer was lost");
    let done = state(&cron).await;
    assert_eq!((done.slot, done.is_free, done.done_until), (None, true, slot()));
    assert_eq!((done.attempts, done.error_count), (0, 0));
    assert!(done.last_success.is_some() && done.last_run.is_some());
    assert_eq!(take(&cron).await, None, "the job has come further");
    assert_eq!(runs(&f).await, "f done 7");
}

#[tokio::test]
async fn a_slot_that_failed_waits_and_is_the_next_one_still() {
    let (f, cron) = known().await;
    let token = take(&cron).await.unwrap();
    let long = "x".repeat(5_000) + "\0";
    assert!(cron.fail_slot(JOB, token, &long, Duration::from_hours(1)).await.unwrap());
    assert!(cron.fail_slot(JOB, token, "again", Duration::from_hours(1)).await.unwrap());
    assert!(!cron.complete_slot(JOB, token, 1).await.unwrap(), "it has failed");
    let failed = state(&cron).await;
    assert_eq!((failed.done_until, failed.slot, failed.is_free), (since(), None, false));
    assert_eq!((failed.error_count, failed.attempts), (1, 1));
    assert_eq!(failed.last_error.unwrap().chars().count(), 1_000);
    assert_eq!(take(&cron).await, None, "it waits");
    f.sql("UPDATE cron_jobs SET due_at = now()").await;
    let again = take(&cron).await.unwrap();
    assert!(cron.fail_slot(JOB, again, "why", Duration::ZERO).await.unwrap());
    assert_eq!(state(&cron).await.error_count, 2);
    let last = take(&cron).await.unwrap();
    assert!(cron.complete_slot(JOB, last, 0).await.unwrap());
    let done = state(&cron).await;
    assert_eq!((done.done_until, done.error_count, done.last_error), (slot(), 0, None));
}

#[tokio::test]
async fn a_lease_that_ran_out_is_anothers_and_its_old_holder_changes_nothing() {
    let (f, cron) = known().await;
    let old = take(&cron).await.unwrap();
    lapse(&f).await;
    assert!(cron.renew_slot(JOB, old, LEASE).await.unwrap(), "nobody has it yet");
    assert_eq!(take(&cron).await, None);
    lapse(&f).await;
    let new = take(&cron).await.unwrap();
    assert_ne!(old, new);
    assert!(!cron.renew_slot(JOB, old, LEASE).await.unwrap());
    assert!(!cron.complete_slot(JOB, old, 1).await.unwrap());
    assert!(!cron.fail_slot(JOB, old, "late", Duration::ZERO).await.unwrap());
    assert_eq!(runs(&f).await, "f lost, f running");
    assert_eq!(state(&cron).await.attempts, 2);
    assert!(cron.complete_slot(JOB, new, 2).await.unwrap());
    assert_eq!(runs(&f).await, "f lost, f done 2");
}

#[tokio::test]
async fn a_run_by_hand_holds_the_job_and_moves_no_slot() {
    let (f, cron) = known().await;
    let old = at("2011-01-01T00:00:00Z");
    let by_hand = cron.take_by_hand(JOB, old, LEASE).await.unwrap().unwrap();
    assert_eq!(take(&cron).await, None, "one at a time");
    assert_eq!(cron.take_by_hand(JOB, old, LEASE).await.unwrap(), None);
    assert!(cron.renew_slot(JOB, by_hand, LEASE).await.unwrap());
    assert!(cron.end_hand_run(JOB, by_hand, Ok(3)).await.unwrap());
    assert!(cron.end_hand_run(JOB, by_hand, Ok(3)).await.unwrap(), "the first answer was lost");
    let free = state(&cron).await;
    assert_eq!((free.done_until, free.slot, free.is_free), (since(), None, true));
    assert_eq!((free.attempts, free.last_run), (0, None));

    // One that fails leaves the schedule's own failures and waits alone.
    let scheduled = take(&cron).await.unwrap();
    assert_eq!(cron.take_by_hand(JOB, old, LEASE).await.unwrap(), None);
    assert!(cron.fail_slot(JOB, scheduled, "why", Duration::from_hours(1)).await.unwrap());
    let by_hand = cron.take_by_hand(JOB, old, LEASE).await.unwrap().unwrap();
    assert!(cron.end_hand_run(JOB, by_hand, Err("no")).await.unwrap());
    let failed = state(&cron).await;
    assert_eq!((failed.error_count, failed.last_error.as_deref()), (1, Some("why")));

    // One whose process died is followed by whoever comes.
    let dead = cron.take_by_hand(JOB, old, LEASE).await.unwrap().unwrap();
    f.sql("UPDATE cron_jobs SET lease_until = now() - interval '1 second', due_at = now()").await;
    assert!(take(&cron).await.is_some());
    assert!(!cron.end_hand_run(JOB, dead, Ok(1)).await.unwrap());
    assert_eq!(runs(&f).await, "t done 3, f failed why, t failed no, t lost, f running");
}

#[tokio::test]
async fn a_file_is_known_by_its_name_and_its_bytes() {
    let f = Fixture::new().await;
    let cron = as_cron(&f);
    assert!(!cron.knows_file("builds", "a.csv", "01").await.unwrap());
    cron.note_file("builds", "a.csv", "01").await.unwrap();
    assert!(cron.knows_file("builds", "a.csv", "01").await.unwrap());
    assert!(!cron.knows_file("raw_adu", "a.csv", "01").await.unwrap());
    cron.note_file("builds", "a.csv", "02").await.unwrap();
    assert!(!cron.knows_file("builds", "a.csv", "01").await.unwrap());
    assert!(cron.knows_file("builds", "a.csv", "02").await.unwrap());
}

#[tokio::test]
async fn users_of_a_day_and_product_are_replaced_and_their_summaries_marked() {
    let f = Fixture::new().await;
    let work = as_cron(&f).long_work(LEASE).await.unwrap();
    f.sql(
        "INSERT INTO summary_days (day, name) VALUES ('2012-06-15', 'adu'), ('2012-06-14', 'adu')",
    )
    .await;
    let row = |count: i64, day: &str, product: &str| json!({"adu_count": count, "date": day, "product_name": product});
    let first = json!([
        row(1, "2012-06-15", "Firefox"),
        row(2, "2012-06-15", "Fennec"),
        row(4, "2012-06-16", "Firefox")
    ]);
    assert_eq!(work.replace_raw_adu(&first).await.unwrap(), 3);
    assert_eq!(work.replace_raw_adu(&first).await.unwrap(), 3, "twice is once");
    let second = json!([row(8, "2012-06-15", "Firefox"), row(16, "2012-06-15", "Firefox")]);
    assert_eq!(work.replace_raw_adu(&second).await.unwrap(), 2);
    let all = "SELECT string_agg(concat_ws(' ', date, product_name, adu_count), ', '
                   ORDER BY date, product_name, adu_count) FROM raw_adu";
    assert_eq!(
        f.text(all).await,
        "2012-06-15 Fennec 2, 2012-06-15 Firefox 8, 2012-06-15 Firefox 16, 2012-06-16 Firefox 4"
    );
    let marked = "SELECT string_agg(DISTINCT day::text, ' ') FROM dirty_days";
    assert_eq!(f.text(marked).await, "2012-06-15", "a day without summaries needs no mark");
    assert_eq!(work.replace_raw_adu(&json!([])).await.unwrap(), 0);
}

#[tokio::test]
async fn the_servers_status_is_of_its_slot_and_a_past_slot_has_none() {
    let f = Fixture::new().await;
    let work = as_cron(&f).long_work(LEASE).await.unwrap();
    let now: time::OffsetDateTime =
        f.owner.query_one("SELECT date_trunc('second', now())", &[]).await.unwrap().get(0);
    let slot = Timestamp::from_date_time(now);
    f.register("one").await;
    f.insert(&[id(1), id(2)]).await;
    // Two reports of the last five minutes, which waited 10 and 20 seconds and took 2 and 4; one is older.
    f.sql("SELECT ensure_partition((now() AT TIME ZONE 'UTC')::date - 1), ensure_partition((now() AT TIME ZONE 'UTC')::date)").await;
    let before = |seconds: u64| slot.minus(Duration::from_secs(seconds));
    let reports: Vec<serde_json::Value> = [(1, 60, 10, 2), (2, 120, 20, 4), (3, 400, 99, 99)]
        .map(|(number, ago, waited, took)| {
            let arrived = before(ago + took + waited);
            let crash_id = id_of(number, arrived.day().unwrap());
            let mut row =
                serde_json::to_value(report(crash_id, auxilio_common::Generation(1))).unwrap();
            row["date_processed"] = json!(arrived.to_string());
            row["started_datetime"] = json!(before(ago + took).to_string());
            row["completed_datetime"] = json!(before(ago).to_string());
            row
        })
        .to_vec();
    f.owner.query("SELECT write_reports($1)", &[&reports]).await.unwrap();
    assert_eq!(work.write_server_status(slot).await.unwrap(), 1);
    assert_eq!(work.write_server_status(slot).await.unwrap(), 0, "it has its row");
    let past = slot.minus(Duration::from_mins(6));
    assert_eq!(work.write_server_status(past).await.unwrap(), 0, "nobody knows how it stood then");
    let row = "SELECT concat_ws(' ', waiting_job_count, processors_count, avg_process_sec,
                   avg_wait_sec, date_oldest_job_queued IS NOT NULL, date_recently_completed IS NULL)
               FROM server_status";
    assert_eq!(f.text(row).await, "2 1 3 15 t t");
}

#[tokio::test]
async fn old_runs_status_and_outcomes_are_forgotten_and_no_others() {
    let f = Fixture::new().await;
    let work = as_cron(&f).long_work(LEASE).await.unwrap();
    for day in ["2012-06-14", "2012-06-15"] {
        f.sql(&format!("SELECT ensure_outcomes_partition('{day}')")).await;
        f.sql(&format!(
            "INSERT INTO cron_runs (token, job, slot, by_hand, started_at, ended_at, outcome)
             SELECT nextval('cron_tokens'), 'tcbs', '{day}', false, '{day} 12:00+00', ended, outcome
             FROM (VALUES ('{day} 13:00+00'::timestamptz, 'done'), (NULL, 'running')) AS t (ended, outcome)"
        ))
        .await;
        f.sql(&format!(
            "INSERT INTO update_runs (name, window_from, window_to, started_at, took, rows)
             VALUES ('tcbs', '{day} 00:00+00', '{day} 24:00+00', '{day} 12:00+00', '1 s', 1)"
        ))
        .await;
        f.sql(&format!(
            "INSERT INTO server_status (waiting_job_count, processors_count, date_created)
             VALUES (0, 0, '{day} 12:00+00')"
        ))
        .await;
    }
    assert_eq!(work.forget_runs(crate::fixture::day()).await.unwrap(), 4);
    assert_eq!(work.forget_runs(crate::fixture::day()).await.unwrap(), 0);
    let left = "SELECT concat_ws(' ',
                    (SELECT string_agg(outcome, ',' ORDER BY token) FROM cron_runs),
                    (SELECT count(*) FROM update_runs), (SELECT count(*) FROM server_status),
                    to_regclass('job_outcomes_20120614') IS NULL,
                    to_regclass('job_outcomes_20120615') IS NOT NULL)";
    assert_eq!(f.text(left).await, "running,done,running 1 1 t t");
}

#[tokio::test]
async fn weeks_are_listed_by_their_end_and_dropped_once_counted() {
    let f = Fixture::new().await;
    let work = as_cron(&f).long_work(LEASE).await.unwrap();
    for day in ["2012-06-04", "2012-06-11", "2012-06-18"] {
        f.sql(&format!("SELECT ensure_partition('{day}')")).await;
    }
    let mondays = async |day: &str| -> Vec<String> {
        let weeks = work.weeks_until(day.parse().unwrap()).await.unwrap();
        weeks.iter().map(ToString::to_string).collect()
    };
    assert_eq!(mondays("2012-06-17").await, ["2012-06-04"]);
    assert_eq!(mondays("2012-06-18").await, ["2012-06-04", "2012-06-11"]);
    f.sql("INSERT INTO dirty_hours VALUES ('2012-06-12 01:00+00')").await;
    assert!(work.drop_week("2012-06-04".parse().unwrap()).await.unwrap());
    assert!(!work.drop_week("2012-06-11".parse().unwrap()).await.unwrap(), "a mark is left");
    assert_eq!(mondays("2012-06-18").await, ["2012-06-11"]);
}

#[tokio::test]
async fn a_time_out_ends_long_work_and_a_name_that_is_none_is_refused() {
    let f = Fixture::new().await;
    let work = as_cron(&f).long_work(Duration::from_secs(1)).await.unwrap();
    f.sql("SELECT pg_advisory_lock(hashtext('auxilio summaries'))").await;
    let error = work.update_day("update_tcbs", crate::fixture::day()).await.unwrap_err();
    let said = std::error::Error::source(&error).unwrap().to_string();
    assert!(said.contains("statement timeout"), "{said}");
    f.sql("SELECT pg_advisory_unlock(hashtext('auxilio summaries'))").await;
    assert_eq!(work.update_day("update_tcbs", crate::fixture::day()).await.unwrap(), 0);
    let error = work.update_day("pg_sleep", crate::fixture::day()).await.unwrap_err();
    assert!(error.to_string().contains("run a procedure"), "{error}");
}

#[tokio::test]
async fn nobody_but_cron_leases_slots() {
    let f = Fixture::new().await;
    let client = connect(&f.config).await;
    let calls = [
        "know_cron_job('x', now())",
        "take_slot('x', now(), now(), 1)",
        "renew_slot('x', 1, 1)",
        "complete_slot('x', 1, 1)",
        "fail_slot('x', 1, '', 1)",
        "take_by_hand('x', now(), 1)",
        "end_hand_run('x', 1, 1, NULL)",
        "note_file('x', 'x', 'x')",
        "replace_raw_adu('[]')",
        "write_server_status(now())",
        "forget_runs('2000-01-01')",
    ];
    for role in ["cron", "middleware", "analyst", "web", "monitor", "processor", "collector"] {
        client.batch_execute(&format!("SET ROLE auxilio_{role}")).await.unwrap();
        for call in calls {
            let answer = client.batch_execute(&format!("SELECT {call}")).await;
            let denied = answer
                .as_ref()
                .is_err_and(|error| error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE));
            assert_eq!(denied, role != "cron", "{role}: {call}: {answer:?}");
        }
    }
}
