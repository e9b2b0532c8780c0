//! Crashes whose reports meet a condition that an operator wrote: the one text from outside that
//! becomes SQL here.
//!
//! It runs on a connection of its own, under the role cron, under a time limit of
//! its own, in transactions that are read only and rolled back: no setting that it may change outlives
//! its page. The role is no cage, because the text could leave it for the login's own rights: it is for people
//! who have that login anyway, and must never come from elsewhere. What must hold of the text is proven by the server's own parser: it is parsed once where a condition stands between parentheses and once where
//! it stands between words, so a parenthesis that it closes and did not open breaks the second, and
//! words that would end the second break the first. More than one statement the protocol refuses.

use std::collections::VecDeque;
use std::time::Duration;

use auxilio_common::CrashId;
use auxilio_common::limits::CONDITION_SECONDS_MAX;
use time::Date;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Statement};

use crate::jobs::crash_id;
use crate::{Database, DatabaseRefusal, Error};

const OPERATION: &str = "look for matching reports";

/// Undefined parameter, by appendix A of the PostgreSQL manual.
const UNDEFINED_PARAMETER: &str = "42P02";

/// The ids of matching crashes, page by page, in the order of days and ids. One statement reads one
/// week at most, and nothing is held in the database between two pages.
#[derive(Debug)]
pub struct Matching {
    client: Client,
    connection: JoinHandle<()>,
    page: Statement,
    /// The weeks that are left, by their Mondays; the first is being read.
    weeks: VecDeque<Date>,
    /// The last crash of the page before, if it was of the first of these weeks.
    after: Option<CrashId>,
}

impl Drop for Matching {
    fn drop(&mut self) {
        // The socket closes with its task.
        self.connection.abort();
    }
}

impl Database {
    /// Prepares to read the crashes whose reports meet `condition`, an expression of SQL over the
    /// columns of `reports`.
    ///
    /// # Errors
    /// [`Error::Condition`] with the server's words if the text is no condition.
    pub async fn matching(&self, condition: &str) -> Result<Matching, Error> {
        let settings = self.settings();
        let (client, connection) = settings.open().await?;
        // Its end is seen at the client: every call fails then.
        let connection = tokio::spawn(async move { drop(connection.await) });
        let prepared = async {
            client.batch_execute(settings.greeting()).await?;
            client.batch_execute(&time_limit()).await?;
            Ok(client.query(WEEKS, &[]).await?.iter().map(|row| row.get(0)).collect())
        };
        let weeks = timely(prepared).await?;
        let page = timely(prepare(&client, condition)).await??;
        Ok(Matching { client, connection, page, weeks, after: None })
    }
}

impl Matching {
    /// The next crashes, at least one and at most `limit`; none at the end.
    ///
    /// # Errors
    /// [`Error::Condition`] if the server refuses it only now, as it does a division by zero.
    pub async fn next_page(&mut self, limit: usize) -> Result<Vec<CrashId>, Error> {
        let limit = limit.max(1);
        while let Some(monday) = self.weeks.front().copied() {
            let ids = timely(self.read(monday, limit)).await??;
            self.after = ids.last().copied();
            if ids.len() < limit {
                self.weeks.pop_front();
                self.after = None;
            }
            if !ids.is_empty() {
                return Ok(ids);
            }
        }
        Ok(Vec::new())
    }

    async fn read(
        &mut self,
        monday: Date,
        limit: usize,
    ) -> Result<Result<Vec<CrashId>, Error>, tokio_postgres::Error> {
        let day = self.after.map_or(monday, |id| id.day().date());
        let id = self.after.map(|id| id.to_string()).unwrap_or_default();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let transaction = self.client.build_transaction().read_only(true).start().await?;
        let rows = transaction.query(&self.page, &[&monday, &day, &id, &limit]).await?;
        transaction.rollback().await?;
        Ok(rows.iter().map(|row| crash_id(OPERATION, row, 0)).collect())
    }
}

/// The weeks that there are reports of.
const WEEKS: &str = "
    SELECT to_date(substr(relname, 9), 'YYYYMMDD')
    FROM pg_catalog.pg_inherits JOIN pg_catalog.pg_class ON pg_class.oid = pg_inherits.inhrelid
    WHERE inhparent = 'public.reports'::regclass AND relname ~ '^reports_[0-9]{8}$'
    ORDER BY 1";

fn time_limit() -> String {
    format!("SET statement_timeout = '{CONDITION_SECONDS_MAX}s'")
}

/// Parses the condition in both places and answers the statement of a page.
async fn prepare(
    client: &Client,
    condition: &str,
) -> Result<Result<Statement, Error>, tokio_postgres::Error> {
    // The condition ends with its line, so that a comment in it does not go on.
    let page = format!(
        "SELECT uuid FROM reports
         WHERE crash_day >= $1::date AND crash_day < $1::date + 7
           AND (crash_day, uuid) > ($2::date, $3::text) AND (\n{condition}\n)
         ORDER BY crash_day, uuid LIMIT $4::bigint"
    );
    let page = client.prepare(&page).await?;
    let between_words = format!("SELECT CASE WHEN\n{condition}\nTHEN 1 END FROM reports");
    if client.prepare(&between_words).await?.params().is_empty() {
        return Ok(Ok(page));
    }
    let message = "a condition has no parameters".to_owned();
    let code = UNDEFINED_PARAMETER.to_owned();
    Ok(Err(Error::Condition { source: DatabaseRefusal { code, message, constraint: None } }))
}

/// An answer within the time of a condition, its errors sorted.
async fn timely<T>(
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Error> {
    // A little later than the server gives up, so that it speaks first.
    let deadline = Duration::from_secs(CONDITION_SECONDS_MAX + 5);
    match tokio::time::timeout(deadline, work).await {
        Ok(answer) => answer.map_err(sort),
        Err(_) => Err(Error::Silent { operation: OPERATION, seconds: deadline.as_secs() }),
    }
}

/// Whether the condition is at fault: class 0A (not supported), 22 (data), 25 (transaction state:
/// it tried to write), 42 (syntax and names).
fn sort(error: tokio_postgres::Error) -> Error {
    match Error::from_driver(OPERATION, error) {
        Error::Refused { source, .. }
            if matches!(source.code.get(..2), Some("0A" | "22" | "25" | "42")) =>
        {
            Error::Condition { source }
        }
        other => other,
    }
}
