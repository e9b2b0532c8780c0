//! Conditions over reports: what they find, and what they can't do.

use std::collections::BTreeSet;

use auxilio_common::{CrashId, Day, Generation, Lane};
use auxilio_database::{Class, Database, DbRole, Error};

use crate::fixture::{Fixture, day, entry, id, id_of, report};

const LIMIT: usize = 3;

fn as_cron(f: &Fixture) -> Database {
    Database::connect(&f.config, DbRole::Cron).unwrap()
}

/// Reports of two weeks: odd ones have one signature, even ones the other.
async fn with_reports(f: &Fixture) -> Vec<CrashId> {
    let later = Day::from_ymd(2012, 7, 1).unwrap();
    let ids: Vec<CrashId> = (1..=8).map(id).chain((1..=4).map(|n| id_of(n, later))).collect();
    let rows = ids.iter().enumerate().map(|(place, id)| {
        let mut row = report(*id, Generation(1));
        row.signature = Some(if place % 2 == 0 { "odd" } else { "even's" }.to_owned());
        row
    });
    let answers = as_cron(f).write_reports(rows.collect()).await.unwrap();
    assert!(answers.into_iter().all(Result::unwrap));
    ids
}

async fn found(f: &Fixture, condition: &str) -> Result<Vec<CrashId>, Error> {
    let mut matching = as_cron(f).matching(condition).await?;
    let mut found = Vec::new();
    loop {
        let page = matching.next_page(LIMIT).await?;
        assert!(page.len() <= LIMIT);
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page);
    }
}

async fn refused(f: &Fixture, condition: &str) -> String {
    match found(f, condition).await {
        Err(error @ Error::Condition { .. }) => {
            assert_eq!(error.class(), Class::Permanent);
            std::error::Error::source(&error).unwrap().to_string()
        }
        other => panic!("{condition}: {other:?}"),
    }
}

#[tokio::test]
async fn condition_finds_each_match_of_every_week_once_in_order() {
    let f = Fixture::new().await;
    assert!(found(&f, "true").await.unwrap().is_empty(), "there is no week yet");
    let ids = with_reports(&f).await;
    assert_eq!(found(&f, "true").await.unwrap(), ids);
    let odd: Vec<CrashId> = ids.iter().step_by(2).copied().collect();
    assert_eq!(found(&f, "signature = 'odd' -- and no more").await.unwrap(), odd);
    let both = "signature = 'even''s' AND crash_day > '2012-06-30' OR uuid = 'x'";
    assert_eq!(found(&f, both).await.unwrap(), [ids[9], ids[11]]);
    assert!(found(&f, "signature IS NULL").await.unwrap().is_empty());
    assert!(found(&f, "NULL").await.unwrap().is_empty());
    let among = "uuid IN (SELECT uuid FROM job_outcomes WHERE outcome = 'lost')";
    assert!(found(&f, among).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_changes_while_pages_are_read_is_met_once() {
    let f = Fixture::new().await;
    let ids = with_reports(&f).await;
    let mut matching = as_cron(&f).matching("signature IS NOT NULL").await.unwrap();
    let mut seen = Vec::new();
    loop {
        let page = matching.next_page(LIMIT).await.unwrap();
        if page.is_empty() {
            break;
        }
        f.sql("UPDATE reports SET generation = generation + 1, signature = signature || '!'").await;
        seen.extend(page);
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn text_that_is_no_condition_is_refused_in_the_server_s_words() {
    let f = Fixture::new().await;
    with_reports(&f).await;
    for (condition, words) in [
        ("", "syntax error"),
        ("signatur = 'odd'", "column \"signatur\" does not exist"),
        ("signature", "must be type boolean"),
        ("signature = 'odd", "unterminated quoted string"),
        ("true /* and", "unterminated /* comment"),
        ("count(*) > 1", "aggregate functions are not allowed"),
        ("crash_day = $1", "no parameters"),
        ("uptime = $5", "parameter"),
        ("true) OR (true", "syntax error at or near \")\""),
        ("true) -- ", "syntax error at or near \")\""),
        ("true) OR uuid IN (SELECT uuid FROM jobs", "syntax error at or near \")\""),
        ("true THEN 1 WHEN true", "syntax error at or near \"THEN\""),
        ("true THEN 1 END, CASE WHEN true", "syntax error at or near \"THEN\""),
        ("true; DELETE FROM reports", "syntax error at or near \";\""),
        (
            "true); SELECT uuid, crash_day FROM reports WHERE (true",
            "cannot insert multiple commands",
        ),
        ("1 / (uptime - uptime + 0 * generation) = 1 OR 1 / 0 = 1", "division by zero"),
        ("signature ~ '('", "invalid regular expression"),
    ] {
        let said = refused(&f, condition).await;
        assert!(said.contains(words), "{condition}: {said}");
    }
    assert_eq!(f.number("SELECT count(*) FROM reports").await, 12);
}

#[tokio::test]
async fn condition_can_t_write_nor_reach_beyond_the_role_s_rights() {
    let f = Fixture::new().await;
    with_reports(&f).await;
    f.sql(
        "CREATE FUNCTION writes() RETURNS boolean LANGUAGE plpgsql AS $$
           BEGIN DELETE FROM reports; RETURN true; END $$",
    )
    .await;
    f.sql("CREATE SCHEMA hidden").await;
    f.sql("CREATE TABLE hidden.secrets (secret text)").await;
    let asks = "EXISTS (SELECT FROM ask_jobs(ARRAY[uuid], ARRAY[now()], 'priority'))";
    let switched =
        format!("set_config('default_transaction_read_only', 'off', false) = 'off' AND {asks}");
    for (condition, words) in [
        (asks, "read-only transaction"),
        (&switched, "read-only transaction"),
        ("set_config('transaction_read_only', 'off', false) = 'off'", "read-write mode"),
        ("writes()", "read-only transaction"),
        ("nextval('job_tokens') > 0", "permission denied"),
        ("EXISTS (SELECT FROM processors)", "permission denied"),
        ("EXISTS (SELECT FROM hidden.secrets)", "permission denied"),
        ("pg_read_file('/etc/passwd') <> ''", "permission denied"),
        ("EXISTS (SELECT FROM take_jobs(1, 'standard', 1, 1))", "permission denied"),
        (
            "EXISTS (WITH gone AS (DELETE FROM reports RETURNING 1) SELECT FROM gone)",
            "must be at the top level",
        ),
    ] {
        let said = refused(&f, condition).await;
        assert!(said.contains(words), "{condition}: {said}");
    }
    // As the connected user, who may do all, it still writes nothing, and only for its own page.
    let as_owner = "set_config('role', 'none', false) = 'none' \
        AND query_to_xml('SELECT set_config(''search_path'', ''hidden'', false)', true, true, '') IS NOT NULL";
    assert_eq!(found(&f, as_owner).await.unwrap().len(), 12);
    let writes = "set_config('role', 'none', false) = 'none' \
        AND query_to_xml('DELETE FROM reports RETURNING 1', true, true, '') IS NOT NULL";
    let said = refused(&f, writes).await;
    assert!(said.contains("is not allowed") || said.contains("read-only"), "{said}");
    assert_eq!(f.number("SELECT count(*) FROM reports").await, 12);
    assert_eq!(f.number("SELECT count(*) FROM jobs").await, 0);
}

#[tokio::test]
async fn matches_can_be_asked_for_and_are_processed_beyond_their_reports() {
    let f = Fixture::new().await;
    with_reports(&f).await;
    let odd = found(&f, "signature = 'odd' AND crash_day = '2012-06-15'").await.unwrap();
    let asked: Vec<_> = odd.iter().map(|id| (*id, None)).collect();
    f.monitor.insert_jobs(&[entry(id_of(77, day()), 0)]).await.unwrap();
    as_cron(&f).ask_jobs(&asked, Lane::Reprocess).await.unwrap();
    let processor = f.register("one").await;
    let taken = f.take(processor, Lane::Reprocess).await;
    let ids: BTreeSet<CrashId> = taken.iter().map(|job| job.crash_id).collect();
    assert_eq!(ids, odd.into_iter().collect());
    assert!(taken.iter().all(|job| job.generation > Generation(1)));
}
