//! What becomes of a try: done, failed and tried again, taken by another, cut by its time.

use auxilio_cron::Tried;

use crate::fixture::Fixture;

const NOON: &str = "2012-06-15T12:00:00Z";

/// An engine whose job raw_adu fails until the folder is there.
async fn without_a_folder() -> Fixture {
    Fixture::new(NOON, |config, dir| {
        config.adu_dir = Some(dir.path().join("adu"));
        config.retry_first_secs = 0;
        config.retry_longest_secs = 0;
    })
    .await
}

#[tokio::test]
async fn a_slot_that_fails_is_tried_until_it_is_done_and_none_after_it_before() {
    let f = without_a_folder().await;
    let first = f.due("raw_adu").await.unwrap();
    for failures in 1..=3 {
        let due = f.due("raw_adu").await.unwrap();
        assert_eq!((due.slot, due.failures), (first.slot, failures - 1));
        let Tried::Failed(said) = f.engine.attempt(&due).await.unwrap() else { panic!() };
        assert!(said.contains("can't list \"") && said.contains("adu\""), "{said}");
        let view = f.view("raw_adu").await;
        assert_eq!((view.state, view.error_count), ("failing", i32::try_from(failures).unwrap()));
        assert_eq!((view.last_error, view.done_until), (Some(said), Some(first.after)));
        // Time alone changes nothing.
        f.clock.set("2012-06-15T18:00:00Z");
    }
    std::fs::create_dir(f.dir.path().join("adu")).unwrap();
    f.do_all().await;
    let view = f.view("raw_adu").await;
    assert_eq!((view.state, view.error_count, view.last_error), ("waiting", 0, None));
    let slots = f.slots_done("raw_adu").await;
    let hours: Vec<String> = (11..=17).map(|hour| format!("15 {hour}:05")).collect();
    assert_eq!(slots, hours.join(", "));
}

#[tokio::test]
async fn a_failure_is_followed_by_a_wait_that_grows() {
    let f = Fixture::new(NOON, |config, dir| {
        config.adu_dir = Some(dir.path().join("adu"));
        config.retry_first_secs = 100;
        config.retry_longest_secs = 1_000;
    })
    .await;
    for (least, most) in [(50, 100), (100, 200), (200, 400), (400, 800), (500, 1_000), (500, 1_000)]
    {
        let due = f.due("raw_adu").await.unwrap();
        f.engine.attempt(&due).await.unwrap();
        assert_eq!(f.due("raw_adu").await, None, "it waits");
        let wait = "SELECT extract(epoch FROM due_at - last_error_at)::integer::text
                    FROM cron_jobs WHERE job = 'raw_adu'";
        let wait: i32 = f.text(wait).await.parse().unwrap();
        assert!((least..=most).contains(&wait), "{wait} from {least} to {most}");
        f.sql("UPDATE cron_jobs SET due_at = now() WHERE job = 'raw_adu'").await;
    }
}

#[tokio::test]
async fn a_job_that_takes_longer_than_its_time_fails_by_name() {
    let f = Fixture::new(NOON, |config, _| {
        config.timeouts = vec!["tcbs = 1".into()];
        config.depends_on = vec!["tcbs =".into()];
    })
    .await;
    f.sql("SELECT pg_advisory_lock(hashtext('auxilio summaries'))").await;
    let due = f.due("tcbs").await.unwrap();
    let Tried::Failed(said) = f.engine.attempt(&due).await.unwrap() else { panic!() };
    assert!(said.contains("statement timeout"), "{said}");
    assert_eq!(f.view("tcbs").await.done_until, Some(due.after));
}

#[tokio::test]
async fn a_slot_is_done_by_one_of_two_processes() {
    let f = Fixture::new(NOON, |_, _| {}).await;
    let due = f.due("server_status").await.unwrap();
    let other = f.another();
    let (one, two) = tokio::join!(f.engine.attempt(&due), other.attempt(&due));
    let mut ends = [one.unwrap(), two.unwrap()];
    ends.sort_by_key(|tried| *tried == Tried::Taken);
    assert!(matches!(ends, [Tried::Done(_), Tried::Taken]), "{ends:?}");
    assert_eq!(f.slots_done("server_status").await, "15 12:00");
}

#[tokio::test]
async fn a_lease_is_kept_while_its_job_runs_and_lost_to_another_at_most_once() {
    let f = Fixture::new(NOON, |config, _| config.depends_on = vec!["tcbs =".into()]).await;
    f.sql("SELECT pg_advisory_lock(hashtext('auxilio summaries'))").await;
    let due = f.due("tcbs").await.unwrap();
    let (engine, again) = (f.another(), due);
    let running = tokio::spawn(async move { engine.attempt(&again).await });
    // The lease is a second, and the job is held for two.
    for _ in 0..20 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert!(!matches!(
            f.engine.attempt(&due).await.unwrap(),
            Tried::Done(_) | Tried::Failed(_)
        ));
    }
    let runs = "SELECT count(*)::text FROM cron_runs WHERE job = 'tcbs'";
    assert_eq!(f.text(runs).await, "1", "nobody else has it while it is kept");
    // Another takes it away, as after a long sleep of its holder.
    f.sql("UPDATE cron_jobs SET token = nextval('cron_tokens') WHERE job = 'tcbs'").await;
    assert_eq!(running.await.unwrap().unwrap(), Tried::Lost);
    assert_eq!(f.view("tcbs").await.done_until, Some(due.after));
}
