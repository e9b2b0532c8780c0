//! The end of a job: its row goes, its outcome stays. Also for many jobs at once.

use auxilio_common::JobOutcome;
use auxilio_common::job::TakenJob;
use tokio_postgres::Row;

use crate::jobs::unexpected;
use crate::{Database, Error};

/// How the end of a job went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// The job is over.
    Completed,
    /// Somebody asked for the crash in the meantime: it is queued once more.
    QueuedAgain,
    /// The lease was not the caller's any more. Nothing was changed.
    Refused,
}

impl Database {
    /// Ends a job whose report needs no change, such as one whose raw crash is gone.
    pub async fn complete_job(
        &self,
        job: &TakenJob,
        outcome: JobOutcome,
    ) -> Result<Completion, Error> {
        match self.try_complete_job(job, outcome).await {
            Err(error) if error.is_missing_partition() => {
                self.ensure_partitions_for([job.crash_id.day()]).await?;
                self.try_complete_job(job, outcome).await
            }
            answer => answer,
        }
    }

    async fn try_complete_job(
        &self,
        job: &TakenJob,
        outcome: JobOutcome,
    ) -> Result<Completion, Error> {
        const OPERATION: &str = "complete a job";
        let id = job.crash_id.to_string();
        let sql = "SELECT answer FROM complete_jobs(ARRAY[$1], ARRAY[$2::bigint],
                   ARRAY[$3::bigint], ARRAY[$4])";
        let row = self
            .query_one(OPERATION, sql, &[&id, &job.token, &job.generation.0, &outcome.as_str()])
            .await?;
        Completion::read(OPERATION, &row)
    }
}

impl Completion {
    /// Reads an answer's first column.
    pub(crate) fn read(operation: &'static str, row: &Row) -> Result<Self, Error> {
        match row.get(0) {
            "completed" => Ok(Self::Completed),
            "queued_again" => Ok(Self::QueuedAgain),
            "refused" => Ok(Self::Refused),
            other => Err(unexpected(operation, other)),
        }
    }
}
