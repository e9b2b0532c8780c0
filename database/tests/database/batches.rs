//! Many reports in one call: each run has its own answer, and a bad row stands alone.

use auxilio_common::{CrashId, Day, JobOutcome, Lane, Timestamp};
use auxilio_database::{Class, Completion, Database, DbRole, FinishedRun};

use crate::fixture::{DEAD_AFTER, Fixture, LEASE, day, id, id_of, report};

/// Queues crashes and takes them all, oldest first, each as a run that is over.
pub(crate) async fn finished(f: &Fixture, ids: &[CrashId]) -> Vec<FinishedRun> {
    let processor = f.register("one").await;
    f.insert(ids).await;
    let jobs = f.processor.take_jobs(processor, Lane::Standard, ids.len(), LEASE).await.unwrap();
    assert_eq!(jobs.len(), ids.len());
    jobs.into_iter()
        .map(|job| {
            let report = report(job.crash_id, job.generation);
            FinishedRun { report, job, outcome: JobOutcome::Processed }
        })
        .collect()
}

#[tokio::test]
async fn batch_over_several_weeks_is_saved_whole() {
    let f = Fixture::new().await;
    let days = [(2012, 6, 17), (2012, 6, 18), (2011, 1, 1), (2026, 2, 28)];
    let ids: Vec<_> = (1..)
        .zip(days)
        .map(|(number, (y, m, d))| id_of(number, Day::from_ymd(y, m, d).unwrap()))
        .collect();
    let runs = finished(&f, &ids).await;
    let answers = f.processor.save_reports(runs.clone()).await.unwrap();
    assert!(answers.iter().all(|answer| matches!(answer, Ok(Completion::Completed))));
    assert_eq!(f.number("SELECT count(*) FROM reports").await, 4);
    assert_eq!(f.number("SELECT count(*) FROM jobs").await, 0);
    // Whoever lost the answer gets it again.
    let answers = f.processor.save_reports(runs).await.unwrap();
    assert!(answers.iter().all(|answer| matches!(answer, Ok(Completion::Completed))));
    assert_eq!(f.number("SELECT count(*) FROM job_outcomes").await, 4);
    assert!(f.processor.save_reports(Vec::new()).await.unwrap().is_empty());
}

#[tokio::test]
async fn each_run_of_a_batch_has_its_own_answer() {
    let f = Fixture::new().await;
    let ids: Vec<_> = (1..=8).map(id).collect();
    let mut runs = finished(&f, &ids).await;
    // The second is asked for meanwhile, the third's lease is lost, the fifth's row is bad.
    let cron = Database::connect(&f.config, DbRole::Cron).unwrap();
    let asked = cron.ask_job(ids[1], Lane::Reprocess, Timestamp::midnight(day())).await;
    asked.unwrap();
    let lost = format!("UPDATE jobs SET lease_until = now() WHERE uuid = '{}'", ids[2]);
    f.sql(&lost).await;
    assert_eq!(f.monitor.sweep_jobs(DEAD_AFTER).await.unwrap().lost_leases, 1);
    runs[4].report.sample_rate = -1.0;
    runs[5].report.process_type = Some("gpu\0".into());

    let answers = f.processor.save_reports(runs).await.unwrap();
    for (place, answer) in answers.into_iter().enumerate() {
        match place {
            1 => assert_eq!(answer.unwrap(), Completion::QueuedAgain),
            2 => assert_eq!(answer.unwrap(), Completion::Refused),
            4 => assert_eq!(answer.unwrap_err().class(), Class::Permanent),
            _ => assert_eq!(answer.unwrap(), Completion::Completed),
        }
    }
    let left: Vec<String> = f
        .sql("SELECT uuid || ' ' || state FROM jobs ORDER BY uuid")
        .await
        .iter()
        .map(|row| row.get(0))
        .collect();
    let expected = [(1, "queued"), (2, "queued"), (4, "taken")]
        .map(|(n, state)| format!("{} {state}", ids[n]));
    assert_eq!(left, expected);
    assert_eq!(f.number("SELECT count(*) FROM reports").await, 6, "the asked one has a report");
    assert_eq!(f.number("SELECT count(*) FROM job_outcomes").await, 5);
}

#[tokio::test]
async fn of_two_runs_of_one_crash_in_a_batch_the_lease_s_holder_wins() {
    let f = Fixture::new().await;
    let mut runs = finished(&f, &[id(1)]).await;
    f.sql("UPDATE jobs SET lease_until = now()").await;
    f.monitor.sweep_jobs(DEAD_AFTER).await.unwrap();
    let two = f.register("two").await;
    let job = f.take(two, Lane::Standard).await.pop().unwrap();
    assert_eq!((job.attempts, job.lost_leases), (2, 1));
    let report = report(id(1), job.generation);
    let generation = job.generation;
    runs.push(FinishedRun { report, job, outcome: JobOutcome::Processed });
    runs.push(runs[1].clone());
    let answers = f.processor.save_reports(runs).await.unwrap();
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [Completion::Refused, Completion::Completed, Completion::Completed]);
    assert_eq!(f.number("SELECT generation FROM reports").await, generation.0);
    assert_eq!(f.number("SELECT count(*) FROM job_outcomes").await, 1);
}
