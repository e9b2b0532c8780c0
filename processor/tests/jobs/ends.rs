//! Ends that are no ordinary ones: refused for good, overtaken.

use auxilio_common::storage::ErrorClass;
use auxilio_common::{CrashStore, Generation, Quality};

use crate::fixture::{Fixture, crash, crash_with, ends, until};
use crate::gate::{GatedStore, Step};

tests! {
    a_dump_that_the_store_refuses_for_good_ends_as_lost,
    a_later_run_in_the_store_gives_the_row,
}

async fn a_dump_that_the_store_refuses_for_good_ends_as_lost() {
    let fixture = Fixture::new().await;
    let lost = ends("lost");
    let refuses = Some((Step::Dump, ErrorClass::Permanent));
    let running = fixture.start_over(GatedStore { refuses, ..fixture.gated() });
    let recipe = crash_with(500, vec![1; 64]).annotation("ProductName", "Waterwolf");
    let crash_id = fixture.put(recipe).await;
    fixture.queue(crash_id).await;
    until("the job was tried often enough", async || {
        // It pauses for longer each time.
        fixture.sql("UPDATE jobs SET due_at = now() WHERE state = 'queued'");
        fixture.monitor.job(crash_id).await.is_ok_and(|job| job.is_none())
    })
    .await;
    let document = fixture.ended(crash_id).await;
    assert_eq!(document.crash.text("mdsw_status_string"), Some("StoreRefused"));
    assert_eq!(document.crash.text("product"), Some("Waterwolf"));
    assert_eq!(document.envelope.quality, Quality::NoStack);
    assert!(document.envelope.notes[0].contains("refused for good"));
    until("the end is counted", async || ends("lost") == lost + 1).await;
    running.stop().await;
}

async fn a_later_run_in_the_store_gives_the_row() {
    let fixture = Fixture::new().await;
    let crash_id = fixture.put(crash(501)).await;
    let running = fixture.start();
    fixture.queue(crash_id).await;
    let mut later = fixture.ended(crash_id).await;
    // As if Postgres had been restored: the store knows a run that the queue has never heard of.
    later.envelope.generation = Generation(i64::from(u32::MAX) * 1_000);
    fixture.store.put_processed(&later).await.unwrap();
    fixture.ask(crash_id, auxilio_common::Lane::Reprocess).await;
    assert_eq!(fixture.ended(crash_id).await, later);
    running.stop().await;
}
