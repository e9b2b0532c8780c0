//! The queue against a model of it in memory: thousands of short runs of random operations by
//! several processors, each answer and each row compared. A failure names its seed.

mod check;
mod operations;
mod state;

use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{CrashId, Timestamp};
use auxilio_database::{Database, DbRole, PROCEDURES};
use auxilio_testkit::splitmix::SplitMix;

use crate::fixture::{Fixture, day, id};
use check::Rows;
use operations::Run;

/// Runs, each with its number as seed, and operations of each.
const RUNS: u64 = if cfg!(feature = "long") { 10_000 } else { 2_000 };

/// Runs in which a fault must be noticed.
const RUNS_OF_A_FAULT: u64 = 500;
const OPERATIONS: usize = 25;

/// Longer than any run, so that the model need not know the clock.
const LONG: Duration = Duration::from_hours(1);

/// The crashes of a run.
fn crashes() -> [CrashId; 3] {
    [1, 2, 3].map(id)
}

/// When a crash came to its collector. The clock of the last one's ran years ahead.
fn received_at(crash_id: CrashId) -> Timestamp {
    if crash_id == crashes()[2] {
        return "2060-01-01T00:00:00Z".parse().unwrap();
    }
    Timestamp::midnight(day()).plus(Duration::from_secs(3_600))
}

/// Names the seed of a run that fails.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the queue is not what its model is: the run of seed {}", self.0);
        }
    }
}

async fn run_all(f: Arc<Fixture>, seeds: impl Iterator<Item = u64>) {
    f.processor.ensure_partition(day()).await.unwrap();
    let others =
        [DbRole::Middleware, DbRole::Cron].map(|role| Database::connect(&f.config, role).unwrap());
    let rows = Rows::prepare(&f).await;
    for seed in seeds {
        let _named = Named(seed);
        let mut run = Run::begin(&f, others.clone(), SplitMix::new(seed)).await;
        for step in 0..OPERATIONS {
            let what = run.step().await;
            if step % 2 == 1 {
                rows.compare(run.state(), what).await;
            }
        }
        rows.compare(run.state(), "all").await;
        rows.compare_ends(run.state()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queue_does_what_its_model_does_over_thousands_of_random_runs() {
    // Two databases side by side, for the time that it takes.
    let half = tokio::spawn(run_all(Arc::new(Fixture::new().await), (0..RUNS).step_by(2)));
    run_all(Arc::new(Fixture::new().await), (1..RUNS).step_by(2)).await;
    half.await.unwrap();
}

/// Faults of procedures: which, and what stands in it instead of what.
const FAULTS: [(&str, &str, &str); 20] = [
    ("take_jobs", "jobs.generation + 1", "jobs.generation"),
    ("take_jobs", "floor(extract(epoch FROM jobs.received_at) * 1000)::bigint + 1", "0"),
    ("take_jobs", "OR jobs.assigned_until <= now()", "OR true"),
    ("complete_jobs", "AND told.generation = jobs.generation", "OR true"),
    ("complete_jobs", "FROM held WHERE NOT held.again", "FROM held"),
    ("write_reports", "WHERE excluded.generation > reports.generation", ""),
    ("ask_jobs", "> array_position(order_of_lanes, jobs.lane)", "IS NOT NULL"),
    ("ask_jobs", "again = jobs.state = 'taken',", ""),
    ("renew_leases", "AND jobs.token = pair.token", ""),
    ("fail_job", " AND jobs.token = p_token", ""),
    ("sweep_jobs", "jobs.lease_until <= now()", "false"),
    ("insert_jobs", "WHERE NOT looked_up.reported", ""),
    ("complete_jobs", "AND before.outcome = told.outcome", ""),
    (
        "await_raw",
        "jobs.asked_by = p_client) >= p_client_max",
        "jobs.asked_by = p_client) > p_client_max",
    ),
    ("queue_arrived", "WHERE jobs.state = 'waiting_for_raw'", "WHERE jobs.state <> 'taken'"),
    ("give_up_waiting", "AND jobs.state = 'waiting_for_raw'", ""),
    ("return_job", " AND jobs.token = p_token", ""),
    ("leave_processor", "WHERE jobs.owner = p_processor", "WHERE jobs.owner IS NOT NULL"),
    (
        "assign_jobs",
        "(jobs.state = 'taken' OR jobs.assigned_until > now())",
        "jobs.state = 'taken'",
    ),
    ("queue_forgotten", "WHERE jobs.uuid = ANY (queued) AND", "WHERE false AND"),
];

#[tokio::test]
async fn every_fault_of_a_procedure_is_noticed_by_the_model() {
    let f = Arc::new(Fixture::new().await);
    for (name, right, wrong) in FAULTS {
        let procedure = PROCEDURES.iter().find(|procedure| procedure.name == name).unwrap();
        assert!(procedure.sql.contains(right), "{name} has no {right}");
        f.owner.batch_execute(&procedure.sql.replace(right, wrong)).await.unwrap();
        let run = tokio::spawn(run_all(Arc::clone(&f), 0..RUNS_OF_A_FAULT));
        assert!(run.await.is_err_and(|error| error.is_panic()), "{name} with {wrong} for {right}");
        f.owner.batch_execute(procedure.sql).await.unwrap();
    }
}
