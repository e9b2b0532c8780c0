//! Processors: who is there to do the work, and who holds what.

use auxilio_common::{Lane, Timestamp};
use tokio_postgres::Row;

use crate::jobs::{count, timestamp};
use crate::{Database, Error};

/// The number of a registered processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessorId(pub i64);

/// A registered processor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessorView {
    /// Its number.
    pub id: ProcessorId,
    /// Its name.
    pub name: String,
    /// How many jobs it works on at once.
    pub capacity: i32,
    /// The names of the lanes that it serves.
    pub lanes: Vec<String>,
    /// When it registered.
    pub registered_at: Timestamp,
    /// Its last sign of life.
    pub heartbeat_at: Timestamp,
    /// How many jobs it holds.
    pub taken: u64,
}

impl Database {
    /// Makes a processor known. Called at each start, and when the processor was taken for dead.
    pub async fn register_processor(
        &self,
        name: &str,
        capacity: usize,
        lanes: &[Lane],
    ) -> Result<ProcessorId, Error> {
        let capacity = i32::try_from(capacity).unwrap_or(i32::MAX);
        let lanes: Vec<&str> = lanes.iter().map(|lane| lane.as_str()).collect();
        let sql = "SELECT register_processor($1, $2, $3)";
        let row = self.query_one("register a processor", sql, &[&name, &capacity, &lanes]).await?;
        Ok(ProcessorId(row.get(0)))
    }

    /// Gives a sign of life. False if the processor was taken for dead and must register anew.
    pub async fn heartbeat_processor(&self, processor: ProcessorId) -> Result<bool, Error> {
        let sql = "SELECT heartbeat_processor($1)";
        let row = self.query_one("give a sign of life", sql, &[&processor.0]).await?;
        Ok(row.get(0))
    }

    /// Says good-bye and gives back whatever it still holds. Returns how many jobs that were.
    pub async fn leave_processor(&self, processor: ProcessorId) -> Result<u64, Error> {
        let sql = "SELECT leave_processor($1)";
        let row = self.query_one("leave as a processor", sql, &[&processor.0]).await?;
        Ok(count(&row, 0))
    }

    /// All registered processors, in the order of their registration.
    pub async fn processors(&self) -> Result<Vec<ProcessorView>, Error> {
        let sql = "SELECT id, name, capacity, lanes, registered_at, heartbeat_at,
                       (SELECT count(*) FROM jobs
                        WHERE jobs.owner = processors.id AND jobs.state = 'taken')
                   FROM processors ORDER BY id";
        let rows = self.query("list processors", sql, &[]).await?;
        Ok(rows.iter().map(view).collect())
    }
}

fn view(row: &Row) -> ProcessorView {
    ProcessorView {
        id: ProcessorId(row.get(0)),
        name: row.get(1),
        capacity: row.get(2),
        lanes: row.get(3),
        registered_at: timestamp(row, 4),
        heartbeat_at: timestamp(row, 5),
        taken: count(row, 6),
    }
}
