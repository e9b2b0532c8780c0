//! A server that goes away and comes back.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::Lane;
use auxilio_database::{Class, Config, Database, DbRole, create_database, migrate};
use auxilio_testkit::postgres::Server;

use crate::fixture::{LEASE, config, entry, id};

async fn eventually<T, E: std::fmt::Debug>(mut attempt: impl AsyncFnMut() -> Result<T, E>) -> T {
    let mut left = 600;
    loop {
        match attempt().await {
            Ok(value) => return value,
            Err(error) => {
                left -= 1;
                assert!(left > 0, "{error:?}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

#[tokio::test]
async fn service_starts_without_a_server_and_finds_it_when_it_comes() {
    let nobody = Config { port: 1, connect_timeout_secs: 1, ..Config::default() };
    let database = Database::connect(&nobody, DbRole::Monitor).unwrap();
    let error = database.check().await.unwrap_err();
    assert_eq!(error.class(), Class::Retry);
    assert_eq!(error.to_string(), "connect to the database at 127.0.0.1:1/auxilio");
    assert!(error.source().is_some());
    assert_eq!(database.try_lead().await.err().map(|error| error.class()), Some(Class::Retry));
}

#[tokio::test]
async fn all_comes_back_after_an_outage() {
    let server = Arc::new(Server::start_new().unwrap());
    let config = config(&server, "auxilio");
    create_database(&config).await.unwrap();
    migrate(&config).await.unwrap();
    let monitor = Database::connect(&config, DbRole::Monitor).unwrap();
    let processor = Database::connect(&config, DbRole::Processor).unwrap();
    let number = processor.register_processor("one", 4, &[Lane::Standard]).await.unwrap();
    let lead = monitor.try_lead().await.unwrap().unwrap();
    let mut listener = processor.listen();
    listener.word().await;

    server.stop().unwrap();
    assert!(!lead.is_held().await, "the lead ends with its connection");
    let insert = async || monitor.insert_jobs(&[entry(id(1), 0)]).await;
    assert_eq!(insert().await.unwrap_err().class(), Class::Retry);
    server.start().unwrap();

    assert_eq!(eventually(insert).await.len(), 1);
    // It hears again: the word may be that it does, or that of the job.
    tokio::time::timeout(Duration::from_secs(30), listener.word()).await.unwrap();
    let take = async || processor.take_jobs(number, Lane::Standard, 1, LEASE).await;
    assert_eq!(eventually(take).await.len(), 1);
    assert!(eventually(async || monitor.try_lead().await).await.is_some());
}

#[tokio::test]
async fn one_leads_and_the_next_follows_when_it_is_gone() {
    let server = Server::shared().unwrap();
    let config = config(&server, "led");
    create_database(&config).await.unwrap();
    migrate(&config).await.unwrap();
    let one = Database::connect(&config, DbRole::Monitor).unwrap();
    let two = Database::connect(&config, DbRole::Monitor).unwrap();
    let lead = one.try_lead().await.unwrap().unwrap();
    assert!(two.try_lead().await.unwrap().is_none());
    assert!(lead.is_held().await);
    drop(lead);
    let followed =
        eventually(async || two.try_lead().await.map_err(|_| ()).and_then(|lead| lead.ok_or(())));
    assert!(followed.await.is_held().await);
}

#[tokio::test]
async fn role_that_is_not_there_yet_is_worth_another_try() {
    // The roles are the cluster's, so this needs a server of its own.
    let server = Arc::new(Server::start_new().unwrap());
    let config = config(&server, "bare");
    create_database(&config).await.unwrap();
    let database = Database::connect(&config, DbRole::Monitor).unwrap();
    assert_eq!(database.check().await.unwrap_err().class(), Class::Retry);
    migrate(&config).await.unwrap();
    database.check().await.unwrap();
}
