//! Listening: wakes those who wait for jobs. A word may be lost, so whoever waits also polls.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::AsyncMessage;

use crate::connection::Settings;
use crate::{Database, Error};

/// How long to wait before a broken connection is opened again.
const PAUSE: Duration = Duration::from_secs(1);

/// Hears the words of one channel, on a connection of its own that is opened again whenever it
/// breaks. Each clone hears every word; the connection ends with the last clone.
#[derive(Clone, Debug)]
pub struct Listener {
    words: watch::Receiver<u64>,
    _task: Arc<Task>,
}

#[derive(Debug)]
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Database {
    /// Listens to the channel on which jobs are announced. Needs a running server to hear
    /// anything, but not to begin.
    pub fn listen(&self) -> Listener {
        self.listen_on("LISTEN auxilio_jobs")
    }

    /// The same for the channel on which jobs are announced that wait for their raw crash.
    pub fn listen_for_waiting(&self) -> Listener {
        self.listen_on("LISTEN auxilio_waiting")
    }

    fn listen_on(&self, greeting: &'static str) -> Listener {
        let settings = Arc::clone(self.settings());
        let (speaker, words) = watch::channel(0);
        let task = tokio::spawn(async move {
            loop {
                if let Err(error) = hear(&settings, greeting, &speaker).await {
                    tracing::debug!(%error, "the listening connection broke");
                }
                tokio::time::sleep(PAUSE).await;
            }
        });
        Listener { words, _task: Arc::new(Task(task)) }
    }
}

impl Listener {
    /// Waits for the next word: one that came since the last call counts.
    pub async fn word(&mut self) {
        if self.words.changed().await.is_err() {
            // The task ends only with the last listener, and this is one.
            std::future::pending::<()>().await;
        }
    }
}

/// Hears until the connection breaks.
async fn hear(
    settings: &Settings,
    greeting: &str,
    speaker: &watch::Sender<u64>,
) -> Result<(), Error> {
    const OPERATION: &str = "listen for jobs";
    let (client, mut connection) = settings.open().await?;
    let greet = client.batch_execute(greeting);
    let mut greet = Box::pin(greet);
    loop {
        // The client's half moves only while the connection is driven, so both share this task.
        tokio::select! {
            greeted = &mut greet => {
                greeted.map_err(|source| Error::from_driver(OPERATION, source))?;
                break;
            }
            message = poll_fn(|context| connection.poll_message(context)) => {
                if message.is_none() { return Ok(()); }
            }
        }
    }
    // Words may have been missed while there was no connection.
    speaker.send_modify(|number| *number += 1);
    while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notification(_) =
            message.map_err(|source| Error::from_driver(OPERATION, source))?
        {
            speaker.send_modify(|number| *number += 1);
        }
    }
    Ok(())
}
