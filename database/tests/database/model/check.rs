//! The database beside the model: every row of the queue, every end, every report.

use std::collections::BTreeMap;

use auxilio_common::{CrashId, Lane};
use tokio_postgres::{Row, Statement};

use super::state::{End, Job, Standing, State};
use crate::fixture::Fixture;

/// Everything there is to compare.
pub(super) struct Rows<'a> {
    f: &'a Fixture,
    jobs: Statement,
    ends: Statement,
    reports: Statement,
}

impl<'a> Rows<'a> {
    pub(super) async fn prepare(f: &'a Fixture) -> Self {
        let jobs = "SELECT uuid, lane, state, due_at <= now(), owner,
                        coalesce(assigned_until > now(), false), token, generation,
                        lease_until <= now(), attempts, deaths, lost_leases, again,
                        received_at IS NOT NULL, asked_by, last_error
                    FROM jobs";
        let ends = "SELECT uuid, outcome, token, generation, lane, attempts, deaths, lost_leases,
                        last_error
                    FROM job_outcomes";
        let reports = "SELECT uuid, generation FROM reports";
        Self {
            f,
            jobs: f.owner.prepare(jobs).await.unwrap(),
            ends: f.owner.prepare(ends).await.unwrap(),
            reports: f.owner.prepare(reports).await.unwrap(),
        }
    }

    /// Compares all jobs.
    pub(super) async fn compare(&self, state: &State, after: &str) {
        let rows = self.f.owner.query(&self.jobs, &[]).await.unwrap();
        let rows: BTreeMap<CrashId, Job> = rows.iter().map(job).collect();
        assert_eq!(rows, state.jobs, "jobs after {after}");
    }

    /// Compares all ends and reports.
    pub(super) async fn compare_ends(&self, state: &State) {
        let rows = self.f.owner.query(&self.ends, &[]).await.unwrap();
        let mut ends: Vec<End> = rows.iter().map(end).collect();
        ends.sort();
        let mut expected = state.ends.clone();
        expected.sort();
        assert_eq!(ends, expected, "ends");
        let rows = self.f.owner.query(&self.reports, &[]).await.unwrap();
        let reports: BTreeMap<CrashId, i64> =
            rows.iter().map(|row| (crash_id(row), row.get(1))).collect();
        assert_eq!(reports, state.reports, "reports");
    }
}

fn crash_id(row: &Row) -> CrashId {
    row.get::<_, String>(0).parse().unwrap()
}

fn end(row: &Row) -> End {
    End {
        id: crash_id(row),
        word: row.get(1),
        token: row.get(2),
        generation: row.get(3),
        lane: row.get(4),
        attempts: row.get(5),
        deaths: row.get(6),
        lost_leases: row.get(7),
        last_error: row.get(8),
    }
}

fn job(row: &Row) -> (CrashId, Job) {
    let lane: &str = row.get(1);
    let lanes = [Lane::Priority, Lane::Standard, Lane::Reprocess];
    let standing = match row.get(2) {
        "waiting_for_raw" => Standing::Waiting,
        "queued" => Standing::Queued,
        _ => Standing::Taken { token: row.get(6), expired: row.get(8) },
    };
    let job = Job {
        lane: lanes.into_iter().find(|known| known.as_str() == lane).unwrap(),
        standing,
        due: row.get(3),
        owner: row.get(4),
        hold: row.get(5),
        generation: row.get(7),
        attempts: row.get(9),
        deaths: row.get(10),
        lost_leases: row.get(11),
        again: row.get(12),
        has_arrived: row.get(13),
        client: row.get(14),
        last_error: row.get(15),
    };
    (crash_id(row), job)
}
