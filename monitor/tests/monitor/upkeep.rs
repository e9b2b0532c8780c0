//! What dead processors held comes back, and partitions are there before they are needed.

use std::time::Duration;

use auxilio_common::{Day, Lane};
use auxilio_database::DbRole;

use crate::fixture::{Fixture, eventually};

#[tokio::test]
async fn jobs_of_a_dead_processor_are_given_to_a_live_one() {
    let f = Fixture::new();
    let entry = f.crash(1).await;
    let processor = f.as_role(DbRole::Processor);
    let dead = processor.register_processor("dead", 2, &[Lane::Standard]).await.unwrap();
    let looker = f.as_role(DbRole::Monitor);
    looker.insert_jobs(&[entry]).await.unwrap();
    let lease = Duration::from_hours(1);
    assert_eq!(processor.take_jobs(dead, Lane::Standard, 1, lease).await.unwrap().len(), 1);
    let monitor = f.monitor(|config| {
        config.processor_dead_after_secs = 1;
        config.sweep_every_secs = 1;
    });
    let is_forgotten = async || looker.processors().await.unwrap().is_empty();
    eventually("the dead one is forgotten", is_forgotten).await;
    let live = processor.register_processor("live", 2, &[Lane::Standard]).await.unwrap();
    let is_taken = async || {
        let _alive = processor.heartbeat_processor(live).await.unwrap();
        let taken = processor.take_jobs(live, Lane::Standard, 1, lease).await;
        taken.is_ok_and(|jobs| jobs.first().is_some_and(|job| job.attempts == 2))
    };
    eventually("the live one gets the job", is_taken).await;
    monitor.stop().await;
}

#[tokio::test]
async fn partitions_of_the_days_to_come_are_made() {
    let f = Fixture::new();
    let owner = f.as_role(DbRole::Owner);
    let monitor = f.monitor(|_| {});
    let are_made = async || owner.ensure_partitions_ahead().await.unwrap() == 0;
    monitor.until_active().await;
    eventually("nothing is left to make", are_made).await;
    // The old weeks are made when somebody needs them.
    assert!(owner.ensure_partition(Day::from_ymd(2012, 6, 15).unwrap()).await.unwrap());
    monitor.stop().await;
}
