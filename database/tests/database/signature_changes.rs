//! Changes of signatures: every count adds up, whatever happens in the middle of one.

use std::collections::BTreeMap;

use auxilio_common::{CrashId, Day, Generation};
use auxilio_database::{
    ChangeState, Database, DbRole, NewChange, Report, Resigned, ResignedBatch, SignatureChange,
    SignedCrash, UndoBegun,
};
use tokio_postgres::error::SqlState;

use crate::fixture::{Fixture, connect, day, id, id_of, report};

fn new() -> NewChange<'static> {
    NewChange { by: "ann", lists: "site", digest: "d1", from: day(), to: day() }
}

fn as_cron(f: &Fixture) -> Database {
    Database::connect(&f.config, DbRole::Cron).unwrap()
}

fn signed(crash_id: CrashId, generation: i64, signature: &str) -> Report {
    let mut row = report(crash_id, Generation(generation));
    row.signature = Some(signature.to_owned());
    row.group_key = Some("k".to_owned());
    row
}

async fn write(f: &Fixture, rows: Vec<Report>) {
    for answer in as_cron(f).write_reports(rows).await.unwrap() {
        assert!(answer.unwrap());
    }
}

async fn crashes(f: &Fixture) -> Vec<SignedCrash> {
    as_cron(f).signed_crashes(day(), None, 100).await.unwrap()
}

/// A batch over the crashes: each gets the signature that `sign` makes of its own, if another one.
fn batch(
    change: i64,
    crashes: &[SignedCrash],
    sign: impl Fn(&str) -> (String, &'static str),
) -> ResignedBatch {
    let rows = crashes.iter().filter_map(|crash| {
        let (signature, key) = sign(crash.signature.as_deref().unwrap());
        let is_new =
            crash.signature.as_ref() != Some(&signature) || crash.group_key.as_deref() != Some(key);
        is_new.then(|| Resigned {
            uuid: crash.crash_id,
            generation: crash.generation,
            change_was: crash.change,
            change,
            signature,
            group_key: Some(key.to_owned()),
        })
    });
    let rows = rows.collect();
    let last = crashes.last().unwrap().crash_id;
    ResignedBatch { last, looked_at: crashes.len() as u64, without_frames: 0, rows }
}

fn primed(signature: &str) -> (String, &'static str) {
    (format!("{signature}'"), "k")
}

async fn signatures(f: &Fixture) -> BTreeMap<String, i64> {
    let sql = "SELECT signature, count(*) FROM reports GROUP BY 1";
    f.sql(sql).await.iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn adds_up(change: &SignatureChange) -> bool {
    let parts =
        [change.changed, change.rekeyed, change.unchanged, change.without_frames, change.overtaken];
    change.looked_at == parts.iter().sum::<u64>()
}

async fn record(f: &Fixture, id: i64) -> SignatureChange {
    let middleware = Database::connect(&f.config, DbRole::Middleware).unwrap();
    let change = middleware.signature_changes(Some(id)).await.unwrap().pop().unwrap();
    assert!(adds_up(&change), "{change:?}");
    change
}

async fn undo(f: &Fixture, id: i64, limit: usize) -> SignatureChange {
    let cron = as_cron(f);
    assert_eq!(cron.begin_signature_undo(id, "bob").await.unwrap(), UndoBegun::Undoing);
    while cron.undo_signatures(id, limit).await.unwrap() {}
    record(f, id).await
}

#[tokio::test]
async fn a_change_is_applied_recorded_and_taken_back() {
    let f = Fixture::new().await;
    let cron = as_cron(&f);
    write(&f, (1..=6).map(|n| signed(id(n), 1, if n < 4 { "a" } else { "b" })).collect()).await;
    let before = signatures(&f).await;
    let begun = cron.begin_signature_change(&new()).await.unwrap();
    let all = crashes(&f).await;
    // Three get another signature, one another key alone, two stay; one of these was never kept.
    let sign = |signature: &str| match signature {
        "a" => ("b".to_owned(), "k"),
        other => (other.to_owned(), "k"),
    };
    let mut first = batch(begun.id, &all[..4], sign);
    first.rows.push(Resigned {
        uuid: all[3].crash_id,
        generation: all[3].generation,
        change_was: None,
        change: begun.id,
        signature: "b".to_owned(),
        group_key: None,
    });
    let marks = "WITH taken AS (DELETE FROM dirty_hours RETURNING hour)
        SELECT count(DISTINCT hour) FROM taken";
    f.number(marks).await;
    assert!(cron.resign_reports(&begun, &first).await.unwrap());
    assert_eq!(f.number(marks).await, 1, "the hour is counted anew");
    let half = record(&f, begun.id).await;
    assert_eq!((half.looked_at, half.changed, half.rekeyed), (4, 3, 1));
    assert_eq!((half.seen_day, half.seen_uuid), (Some(day()), Some(all[3].crash_id)));
    let second = ResignedBatch { without_frames: 1, ..batch(begun.id, &all[4..], sign) };
    assert!(cron.resign_reports(&half, &second).await.unwrap());
    assert!(!cron.resign_reports(&half, &second).await.unwrap(), "once is enough");
    let whole = record(&f, begun.id).await;
    assert_eq!((whole.looked_at, whole.unchanged, whole.without_frames), (6, 1, 1));
    assert!(cron.end_signature_change(&whole).await.unwrap());
    assert_eq!(record(&f, begun.id).await.state, ChangeState::Applied);
    assert_eq!(signatures(&f).await, BTreeMap::from([("b".to_owned(), 6)]));
    let told = "SELECT string_agg(concat_ws(' ', old_signature, new_signature, old_group_key,
        new_group_key), ', ' ORDER BY uuid) FROM changed_signatures";
    assert_eq!(f.text(told).await, "a b k k, a b k k, a b k k, b b k");

    f.number(marks).await;
    let undone = undo(&f, begun.id, 3).await;
    assert_eq!(f.number(marks).await, 1);
    assert_eq!((undone.state, undone.restored), (ChangeState::Undone, 4));
    assert_eq!((undone.applied_by.as_str(), undone.undone_by.as_deref()), ("ann", Some("bob")));
    assert_eq!(signatures(&f).await, before);
    assert!(crashes(&f).await.iter().all(|crash| crash.change.is_none()));
    assert_eq!(crashes(&f).await, all);
    assert_eq!(cron.begin_signature_undo(begun.id, "x").await.unwrap(), UndoBegun::Undone);
    assert!(!cron.undo_signatures(begun.id, 3).await.unwrap());
}

#[tokio::test]
async fn a_batch_whose_answer_was_lost_counts_once() {
    let f = Fixture::new().await;
    let cron = as_cron(&f);
    write(&f, vec![signed(id(1), 1, "a"), signed(id(2), 1, "a")]).await;
    let begun = cron.begin_signature_change(&new()).await.unwrap();
    let batch = batch(begun.id, &crashes(&f).await, primed);
    assert!(cron.resign_reports(&begun, &batch).await.unwrap());
    assert!(!cron.resign_reports(&begun, &batch).await.unwrap());
    assert!(!cron.end_signature_change(&begun).await.unwrap(), "it has come further");
    let change = record(&f, begun.id).await;
    assert_eq!((change.looked_at, change.changed), (2, 2));
    assert_eq!(signatures(&f).await, BTreeMap::from([("a'".to_owned(), 2)]));
}

#[tokio::test]
async fn one_change_is_at_work_at_a_time_and_the_latest_goes_first() {
    let f = Fixture::new().await;
    let cron = as_cron(&f);
    write(&f, vec![signed(id(1), 1, "a")]).await;
    let one = cron.begin_signature_change(&new()).await.unwrap();
    let other = NewChange { digest: "d2", ..new() };
    assert_eq!(cron.begin_signature_change(&other).await.unwrap(), one, "to go on with");
    cron.resign_reports(&one, &batch(one.id, &crashes(&f).await, primed)).await.unwrap();
    cron.end_signature_change(&record(&f, one.id).await).await.unwrap();
    let two = cron.begin_signature_change(&other).await.unwrap();
    assert!(two.id > one.id);
    assert_eq!(cron.begin_signature_undo(one.id, "x").await.unwrap(), UndoBegun::Busy);
    cron.resign_reports(&two, &batch(two.id, &crashes(&f).await, primed)).await.unwrap();
    cron.end_signature_change(&record(&f, two.id).await).await.unwrap();
    assert_eq!(cron.begin_signature_undo(one.id, "x").await.unwrap(), UndoBegun::Later);
    assert_eq!(cron.begin_signature_undo(99, "x").await.unwrap(), UndoBegun::Unknown);
    for (change, expected) in [(two.id, "a'"), (one.id, "a")] {
        assert_eq!(undo(&f, change, 10).await.restored, 1);
        assert_eq!(signatures(&f).await.into_keys().collect::<Vec<_>>(), [expected]);
    }
}

#[tokio::test]
async fn what_was_processed_again_keeps_what_that_gave_it() {
    let f = Fixture::new().await;
    let cron = as_cron(&f);
    write(&f, (1..=4).map(|n| signed(id(n), 1, "a")).collect()).await;
    let begun = cron.begin_signature_change(&new()).await.unwrap();
    let batch = batch(begun.id, &crashes(&f).await, primed);
    // One is processed again between the look and the write.
    write(&f, vec![signed(id(1), 2, "again")]).await;
    assert!(cron.resign_reports(&begun, &batch).await.unwrap());
    let change = record(&f, begun.id).await;
    assert_eq!((change.changed, change.overtaken), (3, 1));
    // One after it, one is gone, and the row of one comes anew from the store.
    write(&f, vec![signed(id(2), 2, "again")]).await;
    f.sql(&format!("DELETE FROM reports WHERE uuid IN ('{}', '{}')", id(3), id(4))).await;
    write(&f, vec![signed(id(4), 1, "a")]).await;
    let changes = "SELECT count(*) FROM reports WHERE signature_change IS NOT NULL";
    assert_eq!(f.number(changes).await, 0, "none of them has its signature from the change");
    let undone = undo(&f, begun.id, 10).await;
    let left = (undone.restored, undone.reprocessed, undone.gone, undone.rewritten);
    assert_eq!(left, (0, 1, 1, 1));
    let expected = BTreeMap::from([("a".to_owned(), 1), ("again".to_owned(), 2)]);
    assert_eq!(signatures(&f).await, expected);
}

#[tokio::test]
async fn a_change_that_is_still_applied_is_taken_back_and_goes_no_further() {
    let f = Fixture::new().await;
    let cron = as_cron(&f);
    let other = Day::from_ymd(2012, 6, 16).unwrap();
    write(&f, vec![signed(id(1), 1, "a"), signed(id_of(2, other), 1, "a")]).await;
    // As an older version left the week.
    f.sql("DROP TABLE changed_signatures_20120611").await;
    let longer = NewChange { to: other, ..new() };
    let begun = cron.begin_signature_change(&longer).await.unwrap();
    cron.resign_reports(&begun, &batch(begun.id, &crashes(&f).await, primed)).await.unwrap();
    let change = record(&f, begun.id).await;
    assert_eq!(cron.begin_signature_undo(begun.id, "x").await.unwrap(), UndoBegun::Undoing);
    let rest = cron.signed_crashes(other, None, 10).await.unwrap();
    assert!(!cron.resign_reports(&change, &batch(begun.id, &rest, primed)).await.unwrap());
    assert_eq!(undo(&f, begun.id, 1).await.restored, 1);
    assert_eq!(signatures(&f).await, BTreeMap::from([("a".to_owned(), 2)]));
}

#[tokio::test]
async fn only_cron_changes_signatures_and_the_middleware_reads_of_it() {
    let f = Fixture::new().await;
    let client = connect(&f.config).await;
    for role in ["collector", "monitor", "processor", "middleware", "analyst"] {
        client.batch_execute(&format!("SET ROLE auxilio_{role}")).await.unwrap();
        for call in [
            "begin_signature_change('', '', '', '2012-06-15', '2012-06-15')",
            "resign_reports(1, NULL, NULL, '2012-06-15', '', 0, 0, '[]')",
            "end_signature_change(1, NULL, NULL)",
            "begin_signature_undo(1, '')",
            "undo_signatures(1, 1)",
            "set_signatures('2012-06-15', '[]')",
        ] {
            let error = client.batch_execute(&format!("SELECT {call}")).await.unwrap_err();
            assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{role}: {call}");
        }
    }
    client.batch_execute("SET ROLE auxilio_cron").await.unwrap();
    client.batch_execute("SELECT set_signatures('2012-06-15', '[]')").await.unwrap_err();
    client.batch_execute("UPDATE signature_changes SET changed = 1").await.unwrap_err();
    client.batch_execute("SET ROLE auxilio_middleware").await.unwrap();
    client.batch_execute("SELECT FROM signature_changes, changed_signatures").await.unwrap();
}
