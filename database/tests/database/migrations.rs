//! Migrations and procedures: applied whole, as often as one likes.

use auxilio_common::Lane;
use auxilio_database::{
    PROCEDURES, Procedure, apply_procedures, create_database, migrate, migration_status,
};
use auxilio_testkit::postgres::Server;

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
