//! Leading: of several monitors the one that holds the lock is active, the others stand by.

use tokio::task::JoinHandle;
use tokio_postgres::Client;

use crate::{Database, Error};

/// The key of the advisory lock: any number that all monitors agree on ("auxilio" as bytes).
const LOCK_KEY: i64 = 0x61_75_78_69_6c_69_6f;

/// Has the server end the connection that leads after so long a silence, and the lock with it: the
/// socket of a monitor that stands still stays open for hours. Who leads asks [`Lead::is_held`] every
/// few seconds. Before Postgres 14 there is no such setting.
const END_IF_SILENT: &str = "SELECT set_config(name, '10s', false) FROM pg_settings
                             WHERE name = 'idle_session_timeout'";

/// The lock of the active one, held by a connection of its own; it ends with that connection, and
/// the server ends the connection if nothing is heard from it for ten seconds.
#[derive(Debug)]
pub struct Lead {
    client: Client,
    connection: JoinHandle<()>,
    deadline: std::time::Duration,
}

impl Database {
    /// Tries to become the active one. `None` if another is.
    pub async fn try_lead(&self) -> Result<Option<Lead>, Error> {
        const OPERATION: &str = "ask for the lead";
        let settings = self.settings();
        let (client, connection) = settings.open().await?;
        let connection = tokio::spawn(async move {
            // Its end is seen at the client: every call fails then.
            let _ended = connection.await;
        });
        let lead = Lead { client, connection, deadline: settings.deadline() };
        let ask = async {
            lead.client.batch_execute(settings.greeting()).await?;
            lead.client.batch_execute(END_IF_SILENT).await?;
            lead.client.query_one("SELECT pg_try_advisory_lock($1)", &[&LOCK_KEY]).await
        };
        let row = tokio::time::timeout(lead.deadline, ask)
            .await
            .map_err(|_| Error::Silent { operation: OPERATION, seconds: lead.deadline.as_secs() })?
            .map_err(|source| Error::from_driver(OPERATION, source))?;
        Ok(row.get::<_, bool>(0).then_some(lead))
    }
}

impl Lead {
    /// Whether the lock is still held: asked of the server, over the connection that holds it.
    pub async fn is_held(&self) -> bool {
        let ask = self.client.simple_query("SELECT 1");
        tokio::time::timeout(self.deadline, ask).await.is_ok_and(|answer| answer.is_ok())
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        // The socket closes with its task, and the server lets go of the lock.
        self.connection.abort();
    }
}
