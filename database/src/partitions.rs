//! Partitions: weeks of reports and days of outcomes, made ahead and on demand.

use std::collections::BTreeSet;

use auxilio_common::Day;

use crate::{Database, Error};

/// How many days ahead partitions are kept ready: a long weekend without a monitor, and more.
pub const PARTITION_DAYS_AHEAD: i32 = 14;

impl Database {
    /// Makes the week of reports that a day lies in. True if it was not there.
    pub async fn ensure_partition(&self, day: Day) -> Result<bool, Error> {
        let sql = "SELECT ensure_partition($1)";
        let row = self.query_one("make a week of reports", sql, &[&day.date()]).await?;
        Ok(row.get(0))
    }

    /// Makes the weeks of reports and days of outcomes from today on, by the database's clock, each
    /// in a transaction of its own. Returns how many were not there.
    pub async fn ensure_partitions_ahead(&self) -> Result<u32, Error> {
        let mut made = 0;
        for days in (0..=PARTITION_DAYS_AHEAD).step_by(7) {
            let sql = "SELECT ensure_partition((now() AT TIME ZONE 'UTC')::date + $1::integer)";
            let row = self.query_one("make a week of reports", sql, &[&days]).await?;
            made += u32::from(row.get::<_, bool>(0));
        }
        for days in 0..=PARTITION_DAYS_AHEAD {
            made += u32::from(self.ensure_outcomes_partition(days).await?);
        }
        Ok(made)
    }

    /// Makes the day of outcomes that lies a number of days ahead. True if it was not there.
    async fn ensure_outcomes_partition(&self, days: i32) -> Result<bool, Error> {
        let sql =
            "SELECT ensure_outcomes_partition((now() AT TIME ZONE 'UTC')::date + $1::integer)";
        let row = self.query_one("make a day of outcomes", sql, &[&days]).await?;
        Ok(row.get(0))
    }

    /// Makes what an insert about crashes of these days has missed, and today's outcomes.
    pub(crate) async fn ensure_partitions_for(
        &self,
        days: impl IntoIterator<Item = Day>,
    ) -> Result<(), Error> {
        let days: BTreeSet<Day> = days.into_iter().collect();
        tracing::info!(?days, "a partition was missing and is made on demand");
        for day in days {
            self.ensure_partition(day).await?;
        }
        self.ensure_outcomes_partition(0).await?;
        Ok(())
    }
}
