//! `auxilio cron` and its verbs.

use auxilio_common::Day;
use clap::Subcommand;

#[derive(Clone, Debug, Subcommand)]
pub(crate) enum CronVerb {
    /// Print the jobs: when each is due, what it waits for, what it is for
    List,
    /// Run a job for a day in the foreground, or with nightly all that makes a day's reports, in order
    Run {
        /// The job, or nightly
        #[arg(value_name = "JOB")]
        job: String,
        /// The day, as 2026-11-24 [default: yesterday, UTC]
        #[arg(long, value_name = "D")]
        date: Option<Day>,
    },
    /// Run a job, or nightly, for each day of a range, in order; the first day that fails ends it
    Backfill {
        /// The job, or nightly
        #[arg(value_name = "JOB")]
        job: String,
        /// The first day
        #[arg(long, value_name = "D")]
        from: Day,
        /// The last day
        #[arg(long, value_name = "D")]
        to: Day,
    },
    /// Print how far each job has come, and what holds it up; 1 if one fails
    Status,
}
