//! Migrations and procedures: applied whole, as often as one likes.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, str};

use auxilio_common::Lane;
use auxilio_database::{
    PROCEDURES, Procedure, apply_procedures, create_database, migrate, migration_status,
};
use auxilio_testkit::postgres::Server;
use sha2::{Digest, Sha256};

use crate::fixture::{Fixture, config, connect, id};

async fn routines(f: &Fixture) -> Vec<String> {
    f.sql(
        "SELECT proname::text FROM pg_proc
         WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
    )
    .await
    .iter()
    .map(|row| row.get(0))
    .collect()
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let f = Fixture::new().await;
    f.insert(&[id(1)]).await;
    let migrated = migrate(&f.config).await.unwrap();
    assert_eq!((migrated.applied, migrated.dropped), (vec![], vec![]));
    assert_eq!(migrated.procedures, PROCEDURES.len());
    assert_eq!(f.number("SELECT count(*) FROM jobs").await, 1);
    let status = migration_status(&f.config).await.unwrap();
    assert!(!status.is_empty() && status.iter().all(|state| state.applied_at.is_some()));
}

#[tokio::test]
async fn new_database_is_made_and_tells_what_it_lacks() {
    let server = Server::shared().unwrap();
    let config = config(&server, "odd \"name");
    assert!(create_database(&config).await.unwrap());
    assert!(!create_database(&config).await.unwrap());
    let status = migration_status(&config).await.unwrap();
    assert!(status.iter().all(|state| state.applied_at.is_none()));
    let migrated = migrate(&config).await.unwrap();
    assert_eq!(migrated.applied.len(), status.len());
    assert_eq!(migrated.applied[0], "V1__jobs");
}

#[tokio::test]
async fn two_who_migrate_at_once_wait_for_each_other() {
    let server = Server::shared().unwrap();
    let config = config(&server, "raced");
    create_database(&config).await.unwrap();
    let all = migration_status(&config).await.unwrap().len();
    let (one, two) = tokio::join!(migrate(&config), migrate(&config));
    assert_eq!(one.unwrap().applied.len() + two.unwrap().applied.len(), all);
}

#[tokio::test]
async fn procedure_is_dropped_when_its_file_is_gone() {
    let f = Fixture::new().await;
    f.sql("CREATE FUNCTION stray(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1'").await;
    f.sql("CREATE FUNCTION ask_jobs(text) RETURNS integer LANGUAGE sql AS 'SELECT 1'").await;
    let mut client = connect(&f.config).await;
    let transaction = client.transaction().await.unwrap();
    let gone = apply_procedures(&transaction, PROCEDURES).await.unwrap();
    assert_eq!(gone, ["stray"]);
    transaction.commit().await.unwrap();
    let files: Vec<_> = PROCEDURES.iter().map(|procedure| procedure.name).collect();
    assert_eq!(routines(&f).await, files, "each once, under its file's name");
}

#[tokio::test]
async fn broken_procedure_leaves_all_of_the_old_ones() {
    let f = Fixture::new().await;
    let before = routines(&f).await;
    let mut client = connect(&f.config).await;
    let transaction = client.transaction().await.unwrap();
    let broken = [Procedure { name: "broken", sql: "CREATE FUNCTION broken( RETURNS oops" }];
    let error = apply_procedures(&transaction, &broken).await.unwrap_err();
    assert_eq!(error.to_string(), "apply broken to the database");
    drop(transaction);
    assert_eq!(routines(&f).await, before);
    assert_eq!(f.insert(&[id(1)]).await.len(), 1);
}

#[tokio::test]
async fn services_go_on_over_a_migration_that_replaces_what_they_call() {
    let f = Fixture::new().await;
    let processor = f.register("one").await;
    f.insert(&[id(1)]).await;
    assert_eq!(f.take(processor, Lane::Standard).await.len(), 1);
    migrate(&f.config).await.unwrap();
    f.insert(&[id(2)]).await;
    assert_eq!(f.take(processor, Lane::Standard).await.len(), 1);
}

/// The files of `sql/migrations` by number.
fn migration_files() -> BTreeMap<u32, (String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sql/migrations");
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            let (number, _) = name[1..].split_once("__").unwrap();
            (number.parse().unwrap(), (name, fs::read_to_string(path).unwrap()))
        })
        .collect()
}

/// A migration that landed has been applied somewhere: changing it there is changing nothing.
#[test]
fn migrations_that_landed_are_as_they_were() {
    let list = include_str!("../../../sql/migrations.sha256");
    let listed: BTreeMap<&str, &str> = list
        .lines()
        .map(|line| line.split_once("  ").unwrap())
        .map(|(sum, name)| (name, sum))
        .collect();
    let files = migration_files();
    assert!(files.keys().copied().eq((1..).take(files.len())), "a number is missing or twice");
    let newest = files.last_key_value().unwrap().0;
    for (number, (name, text)) in &files {
        let sum = format!("{:x}", Sha256::digest(text));
        match listed.get(&**name) {
            Some(expected) => assert_eq!(sum, *expected, "{name} was changed after it had landed"),
            // Whoever adds the next one lists it.
            None => assert_eq!(number, newest, "sql/migrations.sha256 lacks: {sum}  {name}"),
        }
    }
    assert!(listed.keys().all(|name| files.values().any(|(file, _)| file == name)), "{list}");
}

/// Rows as they stood after a migration, by its number.
const SAMPLES: [(u32, &str); 5] = [
    (
        1,
        "INSERT INTO processors (name, capacity, lanes) VALUES ('p', 1, '{standard}');
         INSERT INTO jobs (uuid, lane, state, again) VALUES
             ('00000001-0000-4000-8000-000000120615', 'standard', 'queued', true);
         CREATE TABLE job_outcomes_20120615 PARTITION OF job_outcomes
             FOR VALUES FROM ('2012-06-15') TO ('2012-06-16');
         INSERT INTO job_outcomes (ended_on, uuid, outcome, lane, queued_at, attempts, deaths, lost_leases)
             VALUES ('2012-06-15', 'x', 'processed', 'standard', now(), 1, 0, 0)",
    ),
    (
        2,
        "CREATE TABLE reports_20120611 PARTITION OF reports
             FOR VALUES FROM ('2012-06-11') TO ('2012-06-18');
         INSERT INTO reports (uuid, crash_day, date_processed, completed_datetime, product, version,
             release_channel, build, signature, reason, url, generation, quality, throttle, sample_rate)
         VALUES ('00000002-0000-4000-8000-000000120615', '2012-06-15', '2012-06-15 01:00+00',
             '2012-06-15 01:00+00', 'Firefox', '13.0', 'release', '20120601000000', 'a::b',
             repeat('r', 300), repeat('u', 300), 1, 2, 'accept', 100)",
    ),
    (
        3,
        "INSERT INTO jobs (uuid, lane, state, asked_by) VALUES
             ('00000003-0000-4000-8000-000000120615', 'priority', 'waiting_for_raw', '::1')",
    ),
    (
        5,
        "INSERT INTO releases_raw (product_name, version, platform, build_id, build_type)
         VALUES ('Firefox', '13.0', 'win', 20120601000000, 'release')",
    ),
    (
        6,
        "CREATE TABLE frames_20120611 PARTITION OF frames
             FOR VALUES FROM ('2012-06-11') TO ('2012-06-18');
         INSERT INTO frames VALUES ('2012-06-15', '00000002-0000-4000-8000-000000120615', 1, 'x')",
    ),
];

#[tokio::test]
async fn each_migration_goes_over_the_rows_of_the_one_before_and_keeps_them() {
    const COUNTS: &str = "SELECT relname || ' ' || (xpath('/row/c/text()', query_to_xml(
            format('SELECT count(*) AS c FROM %I', relname), false, true, '')))[1]::text
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        ORDER BY 1";
    let server = Server::shared().unwrap();
    let config = config(&server, "sampled");
    create_database(&config).await.unwrap();
    let mut client = connect(&config).await;
    client.batch_execute(include_str!("../../../sql/roles.sql")).await.unwrap();
    let mut before: Vec<String> = Vec::new();
    for (number, (name, text)) in migration_files() {
        let transaction = client.transaction().await.unwrap();
        transaction.batch_execute(&text).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        transaction.commit().await.unwrap();
        let read = client.query(COUNTS, &[]).await.unwrap();
        let after: Vec<String> = read.iter().map(|row| row.get(0)).collect();
        assert!(before.iter().all(|count| after.contains(count)), "{name}: {before:?}, {after:?}");
        if let Some((_, rows)) = SAMPLES.iter().find(|(sample, _)| *sample == number) {
            client.batch_execute(rows).await.unwrap();
        }
        let read = client.query(COUNTS, &[]).await.unwrap();
        before = read.iter().map(|row| row.get(0)).collect();
    }
    let transaction = client.transaction().await.unwrap();
    apply_procedures(&transaction, PROCEDURES).await.unwrap();
    transaction.commit().await.unwrap();
    // Reports from before anything was counted are counted once there is a version for them.
    client
        .batch_execute(
            "SELECT update_product_versions(); SELECT update_tcbs('2012-06-15');
             SELECT refresh_dirty_days(10)",
        )
        .await
        .unwrap();
    let counted = client.query_one("SELECT sum(report_count) FROM tcbs", &[]).await.unwrap();
    assert_eq!(counted.get::<_, i64>(0), 1);
}
