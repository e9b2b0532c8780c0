//! Several processors, a sweep and people who ask, all at once over the same few crashes: every
//! lease ends at most once, and nothing deadlocks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auxilio_common::job::TakenJob;
use auxilio_common::{CrashId, JobOutcome, Lane, Timestamp};
use auxilio_database::{Completion, Database, DbRole, Failure, FinishedRun, Insertion};
use auxilio_testkit::splitmix::SplitMix;

use crate::fixture::{DEAD_AFTER, Fixture, day, entry, id, report};

const PROCESSORS: u64 = 4;
/// Takes after which all stop.
const TAKES: usize = 1_000;
/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(120);
const CRASHES: u8 = 12;

#[derive(Debug, Default)]
struct Log {
    taken: Vec<TakenJob>,
    ended: Vec<(TakenJob, Completion)>,
}

fn crashes() -> Vec<CrashId> {
    (1..=CRASHES).map(id).collect()
}

fn is_enough(log: &Mutex<Log>) -> bool {
    log.lock().unwrap().taken.len() >= TAKES
}

/// Takes, and ends what it took in one of all ways; some leases are over at once.
async fn process(database: Database, seed: u64, log: Arc<Mutex<Log>>) {
    let mut random = SplitMix::new(seed);
    let lanes = [Lane::Priority, Lane::Standard, Lane::Reprocess];
    let number = database.register_processor("one", 4, &lanes).await.unwrap();
    while !is_enough(&log) {
        let lease = if random.chance(30) { Duration::ZERO } else { Duration::from_hours(1) };
        let lane = *random.pick(&lanes);
        let jobs = database.take_jobs(number, lane, 4, lease).await.unwrap();
        log.lock().unwrap().taken.extend(jobs.iter().cloned());
        if random.chance(30) {
            database.renew_leases(&jobs, lease).await.unwrap();
        }
        let mut runs = Vec::new();
        for job in jobs {
            match random.below(10) {
                0 => drop(database.return_job(&job, Duration::ZERO).await.unwrap()),
                1 => drop(database.fail_job(&job, "no", Failure::Passing).await.unwrap()),
                _ => runs.push(FinishedRun {
                    report: report(job.crash_id, job.generation),
                    job,
                    outcome: JobOutcome::Processed,
                }),
            }
        }
        let answers = database.save_reports(runs.clone()).await.unwrap();
        let mut log = log.lock().unwrap();
        for (run, answer) in runs.into_iter().zip(answers) {
            log.ended.push((run.job, answer.unwrap()));
        }
    }
}

/// Inserts, asks, sweeps and ends pauses, as monitor and people do.
async fn disturb(monitor: Database, middleware: Database, seed: u64, log: Arc<Mutex<Log>>) {
    let mut random = SplitMix::new(seed);
    let at = Timestamp::midnight(day());
    while !is_enough(&log) {
        let mut some = crashes();
        some.retain(|_| random.chance(40));
        match random.below(4) {
            0 => {
                let entries: Vec<_> = some.iter().map(|id| entry(*id, 0)).collect();
                monitor.insert_jobs(&entries).await.unwrap();
                monitor.assign_jobs(Duration::ZERO, DEAD_AFTER).await.unwrap();
            }
            1 => drop(monitor.sweep_jobs(DEAD_AFTER).await.unwrap()),
            _ => {
                // Not in the order of ids: two askers must not wait for each other in a circle.
                some.sort_by_key(|_| random.next());
                let asked: Vec<_> = some.into_iter().map(|id| (id, Some(at))).collect();
                let lane = *random.pick(&[Lane::Priority, Lane::Reprocess]);
                middleware.ask_jobs(&asked, lane).await.unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_at_once_every_lease_ends_at_most_once_and_nothing_deadlocks() {
    let f = Fixture::new().await;
    f.processor.ensure_partition(day()).await.unwrap();
    let middleware = Database::connect(&f.config, DbRole::Middleware).unwrap();
    let log: Arc<Mutex<Log>> = Arc::default();
    let mut tasks = Vec::new();
    for seed in 0..PROCESSORS {
        tasks.push(tokio::spawn(process(f.processor.clone(), seed, Arc::clone(&log))));
    }
    for seed in [10, 11] {
        tasks.push(tokio::spawn(disturb(
            f.monitor.clone(),
            middleware.clone(),
            seed,
            Arc::clone(&log),
        )));
    }
    for task in tasks {
        tokio::time::timeout(PATIENCE, task).await.unwrap().unwrap();
    }
    let log = std::mem::take(&mut *log.lock().unwrap());
    let tokens: BTreeSet<i64> = log.taken.iter().map(|job| job.token).collect();
    assert_eq!(tokens.len(), log.taken.len(), "every lease has a proof of its own");
    let mut generations: BTreeMap<CrashId, BTreeMap<i64, i64>> = BTreeMap::new();
    for job in &log.taken {
        generations.entry(job.crash_id).or_default().insert(job.token, job.generation.0);
    }
    for (id, generations) in &generations {
        assert!(generations.values().is_sorted_by(|a, b| a < b), "generations of {id} only grow");
    }
    let count = |what| log.ended.iter().filter(|(_, answer)| *answer == what).count();
    let completed = i64::try_from(count(Completion::Completed)).unwrap();
    assert_eq!(f.number("SELECT count(*) FROM job_outcomes").await, completed);
    assert!(count(Completion::QueuedAgain) > 0 && count(Completion::Refused) > 0);
    let mut saved: BTreeMap<CrashId, i64> = BTreeMap::new();
    for (job, _) in log.ended.iter().filter(|(_, answer)| *answer != Completion::Refused) {
        let best = saved.entry(job.crash_id).or_default();
        *best = job.generation.0.max(*best);
    }
    let rows: BTreeMap<CrashId, i64> = f
        .sql("SELECT uuid, generation FROM reports")
        .await
        .iter()
        .map(|row| (row.get::<_, String>(0).parse().unwrap(), row.get(1)))
        .collect();
    assert_eq!(rows, saved, "each report is that of its last good run");
}

/// Waits until so many calls wait for others' locks.
async fn wait_blocked(f: &Fixture, count: i64) {
    let waited = async {
        while f.number("SELECT count(*) FROM pg_locks WHERE NOT granted").await < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waited).await.unwrap();
}

#[tokio::test]
async fn crash_whose_job_is_ending_at_this_moment_is_not_queued_once_more() {
    // The locks of one test's server are counted.
    let f = Fixture::with_own_server().await;
    let job = f.taken().await;
    f.processor.ensure_partition(day()).await.unwrap();
    // The job's end waits for the report's place: its row is deleted and this is not yet so for others.
    f.owner.batch_execute("BEGIN; LOCK TABLE reports IN SHARE MODE").await.unwrap();
    let (processor, run) = (f.processor.clone(), report(job.crash_id, job.generation));
    let end = tokio::spawn(async move {
        processor.save_report(run, &job, JobOutcome::Processed).await.unwrap()
    });
    wait_blocked(&f, 1).await;
    // The monitor meets the crash's index row a second time.
    let monitor = f.monitor.clone();
    let insertion = tokio::spawn(async move { monitor.insert_jobs(&[entry(id(1), 0)]).await });
    wait_blocked(&f, 2).await;
    f.owner.batch_execute("COMMIT").await.unwrap();
    assert_eq!(end.await.unwrap(), Completion::Completed);
    assert_eq!(insertion.await.unwrap().unwrap(), [(id(1), Insertion::Reported)]);
    assert_eq!(f.number("SELECT count(*) FROM jobs").await, 0);
}
