//! Saving: the report of a run is written and its job ended, both or neither; many runs at once.

use auxilio_common::JobOutcome;
use auxilio_common::job::TakenJob;
use serde_json::Value;

use crate::{Class, Completion, Database, Error, Report};

const OPERATION: &str = "save reports";

/// A run that is over and whose processed crash is stored.
#[derive(Clone, Debug)]
pub struct FinishedRun {
    /// The row. It carries the generation of the stored processed crash.
    pub report: Report,
    /// The job, as it was taken.
    pub job: TakenJob,
    /// How it ends.
    pub outcome: JobOutcome,
}

/// A run as the database takes it.
struct Row {
    place: usize,
    report: Value,
    job: TakenJob,
    outcome: JobOutcome,
}

impl Database {
    /// Writes one crash's report and ends its job: [`Self::save_reports`] for one.
    pub async fn save_report(
        &self,
        report: Report,
        job: &TakenJob,
        outcome: JobOutcome,
    ) -> Result<Completion, Error> {
        let run = FinishedRun { report, job: job.clone(), outcome };
        let answer = self.save_reports(vec![run]).await?.pop();
        answer.unwrap_or_else(|| Err(Self::shapeless()))
    }

    /// Writes reports and ends their jobs, in one call and one transaction for all of them.
    ///
    /// A row of the same or a higher generation stays. Text that Postgres refuses is cleaned
    /// first, with a note in the report. Answers in the order of the runs, each for its own: a row
    /// that the database refuses spoils no other, because the batch is halved until it stands alone.
    ///
    /// # Errors
    /// Trouble with the database itself. Some runs may have been saved; saving them once more gives
    /// the same answer again.
    pub async fn save_reports(
        &self,
        runs: Vec<FinishedRun>,
    ) -> Result<Vec<Result<Completion, Error>>, Error> {
        let rows = runs.into_iter().enumerate().map(row).collect::<Result<Vec<_>, _>>()?;
        let mut answers: Vec<_> = rows.iter().map(|_| Err(Self::shapeless())).collect();
        let mut batches = vec![rows];
        while let Some(mut batch) = batches.pop() {
            match self.save_batch(&batch).await {
                Ok(saved) if saved.len() == batch.len() => {
                    for (row, answer) in batch.iter().zip(saved) {
                        answers[row.place] = Ok(answer);
                    }
                }
                Ok(_) => return Err(Self::shapeless()),
                Err(error) if error.class() == Class::Retry => return Err(error),
                Err(error) => {
                    if let [row] = &batch[..] {
                        answers[row.place] = Err(error);
                    } else {
                        let second = batch.split_off(batch.len() / 2);
                        batches.extend([second, batch]);
                    }
                }
            }
        }
        Ok(answers)
    }

    async fn save_batch(&self, batch: &[Row]) -> Result<Vec<Completion>, Error> {
        match self.try_save_batch(batch).await {
            Err(error) if error.is_missing_partition() => {
                self.ensure_partitions_for(batch.iter().map(|row| row.job.crash_id.day())).await?;
                self.try_save_batch(batch).await
            }
            answer => answer,
        }
    }

    async fn try_save_batch(&self, batch: &[Row]) -> Result<Vec<Completion>, Error> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let reports: Vec<&Value> = batch.iter().map(|row| &row.report).collect();
        let tokens: Vec<i64> = batch.iter().map(|row| row.job.token).collect();
        let generations: Vec<i64> = batch.iter().map(|row| row.job.generation.0).collect();
        let outcomes: Vec<&str> = batch.iter().map(|row| row.outcome.as_str()).collect();
        let sql = "SELECT answer FROM save_reports($1, $2, $3, $4) ORDER BY place";
        let answers =
            self.query(OPERATION, sql, &[&reports, &tokens, &generations, &outcomes]).await?;
        answers.iter().map(|answer| Completion::read(OPERATION, answer)).collect()
    }

    fn shapeless() -> Error {
        Error::Unexpected { operation: OPERATION, what: "a run got no answer".into() }
    }
}

fn row((place, run): (usize, FinishedRun)) -> Result<Row, Error> {
    let FinishedRun { mut report, job, outcome } = run;
    report.clean();
    let report = serde_json::to_value(&report)
        .map_err(|error| Error::Unexpected { operation: OPERATION, what: error.to_string() })?;
    Ok(Row { place, report, job, outcome })
}
