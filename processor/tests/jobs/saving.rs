//! Processors that stop, die or lose their lease, at each step of saving.

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{CrashId, CrashStore, Lane};
use auxilio_testkit::crashme::Kind;

use crate::child::Processor;
use crate::fixture::{Fixture, crash, crash_with, ends, real_dump, until};
use crate::gate::{GatedStore, Step};

tests! {
    a_processor_that_slept_through_its_lease_changes_nothing,
    a_killed_processors_job_is_ended_by_another,
    a_lease_that_is_lost_in_mid_job_stops_the_job,
    postgres_stops_in_mid_job,
    a_row_that_can_t_be_saved_holds_no_other,
    a_dump_that_comes_as_a_stream_is_walked,
    somebody_who_waits_is_served_while_all_common_slots_are_taken,
}

async fn held(fixture: &Fixture, seed: u64, step: Step) -> (Processor, CrashId) {
    let crash_id = fixture.put(crash_with(seed, real_dump(Kind::Segv))).await;
    let mut processor = Processor::start(fixture, step);
    fixture.queue(crash_id).await;
    processor.reached().await;
    (processor, crash_id)
}

async fn a_processor_that_slept_through_its_lease_changes_nothing() {
    for (seed, step) in (400..).zip(Step::ALL) {
        let fixture = Fixture::new().await;
        let (sleeper, crash_id) = held(&fixture, seed, step).await;
        sleeper.signal("-STOP");
        fixture.lease_is_lost(crash_id).await;
        let other = fixture.start();
        let document = fixture.ended(crash_id).await;
        sleeper.signal("-CONT");
        assert!(sleeper.go_on_and_stop().await.success(), "{step:?}");
        assert_eq!(fixture.ended(crash_id).await, document, "{step:?}");
        other.stop().await;
    }
}

async fn a_killed_processors_job_is_ended_by_another() {
    for (seed, step) in (410..).zip(Step::ALL) {
        let fixture = Fixture::new().await;
        let (mut processor, crash_id) = held(&fixture, seed, step).await;
        processor.kill();
        fixture.lease_is_lost(crash_id).await;
        let other = fixture.start();
        let document = fixture.ended(crash_id).await;
        assert!(document.crash.structure("json_dump").is_some(), "{step:?}");
        other.stop().await;
    }
}

async fn a_lease_that_is_lost_in_mid_job_stops_the_job() {
    let fixture = Fixture::new().await;
    let refused = ends("refused");
    let store = GatedStore { step: Some(Step::Put), ..fixture.gated() };
    let gate = Arc::clone(&store.gate);
    let running = fixture.start_over(store);
    let crash_id = fixture.put(crash(420)).await;
    fixture.queue(crash_id).await;
    gate.reached.notified().await;
    // Every processor is taken for dead: the gate is not opened, the job ends all the same.
    fixture.monitor.sweep_jobs(Duration::ZERO).await.unwrap();
    until("the job was dropped", async || ends("refused") > refused).await;
    fixture.ended(crash_id).await;
    running.stop().await;
}

async fn postgres_stops_in_mid_job() {
    let fixture = Fixture::with_own_server().await;
    let store = GatedStore { step: Some(Step::Stored), ..fixture.gated() };
    let gate = Arc::clone(&store.gate);
    let running = fixture.start_over(store);
    let crash_id = fixture.put(crash(421)).await;
    fixture.queue(crash_id).await;
    gate.reached.notified().await;
    fixture.database.server.stop().unwrap();
    gate.open.notify_one();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let stored = fixture.document(crash_id).await;
    fixture.database.server.start().unwrap();
    assert_eq!(fixture.ended(crash_id).await, stored);
    running.stop().await;
}

async fn a_row_that_can_t_be_saved_holds_no_other() {
    let fixture = Fixture::new().await;
    let stuck = fixture.put(crash(460)).await;
    // As a damaged block or a lock does it: an error that says nothing against the row itself.
    fixture.sql(&format!(
        "CREATE FUNCTION stick() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
             RAISE 'no' USING ERRCODE = 'lock_not_available'; END $$;
         CREATE TRIGGER stick BEFORE INSERT ON reports FOR EACH ROW
             WHEN (NEW.uuid = '{stuck}') EXECUTE FUNCTION stick()"
    ));
    let running = fixture.start();
    fixture.queue(stuck).await;
    until("the first try", async || fixture.store.get_processed(stuck).await.unwrap().is_some())
        .await;
    let mut others = Vec::new();
    for seed in 461..465 {
        let crash_id = fixture.put(crash(seed)).await;
        fixture.queue(crash_id).await;
        others.push(crash_id);
    }
    for crash_id in others {
        fixture.ended(crash_id).await;
    }
    until("its job goes back", async || {
        let job = fixture.monitor.job(stuck).await.unwrap().unwrap();
        job.last_error.is_some_and(|error| error.contains("its row can't be saved"))
    })
    .await;
    fixture.sql("DROP TRIGGER stick ON reports");
    fixture.sql("UPDATE jobs SET due_at = now()");
    fixture.ended(stuck).await;
    running.stop().await;
}

async fn a_dump_that_comes_as_a_stream_is_walked() {
    let fixture = Fixture::new().await;
    let running = fixture.start_over(GatedStore { streams: true, ..fixture.gated() });
    let crash_id = fixture.put(crash_with(422, real_dump(Kind::Ill))).await;
    fixture.queue(crash_id).await;
    let crash = fixture.ended(crash_id).await.crash;
    assert_eq!(crash.text("reason"), Some(Kind::Ill.expectation().reason));
    running.stop().await;
}

async fn somebody_who_waits_is_served_while_all_common_slots_are_taken() {
    let fixture = Fixture::new().await;
    // Every standard job waits at the gate for as long as this test wants.
    let store = GatedStore { step: Some(Step::Put), every: true, ..fixture.gated() };
    let gate = Arc::clone(&store.gate);
    let running = fixture.start_over(store);
    for seed in 430..450 {
        let crash_id = fixture.put(crash(seed)).await;
        fixture.queue(crash_id).await;
    }
    gate.reached.notified().await;
    let waited = fixture.put(crash(450)).await;
    gate.let_through(waited);
    fixture.ask(waited, Lane::Priority).await;
    fixture.ended(waited).await;
    let left = fixture.monitor.queue_depths().await.unwrap();
    assert_eq!(left.iter().map(|depth| depth.jobs).sum::<u64>(), 20);
    gate.open_for_all();
    until("all have ended", async || {
        fixture.monitor.queue_depths().await.is_ok_and(|depths| depths.is_empty())
    })
    .await;
    assert!(fixture.store.get_processed(waited).await.unwrap().is_some());
    running.stop().await;
}
