//! Hints to monitors: which index rows were just written. They may be lost; their numbers say so.

use std::time::Duration;

use auxilio_common::limits::HINT_ENTRIES_MAX;
use auxilio_common::storage::IndexEntry;
use auxilio_common::{CrashId, Random, Timestamp};
use auxilio_service::client::Client;
use auxilio_service::error_chain;
use auxilio_service::metrics::CRASHMOVER_HINTS;
use bytes::Bytes;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Rows that wait to be told. Beyond it they are left to the monitor's own scans.
const QUEUE_MAX: usize = 4_096;

/// How long a hint gathers rows: not felt by anybody, and a burst goes in one request.
const GATHER: Duration = Duration::from_millis(5);

/// Time for a monitor to take a hint.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(1);

/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The body of `POST /hint`.
#[derive(Debug, Serialize)]
struct Hint<'a> {
    mover: &'a str,
    number: u64,
    entries: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    received_at: Timestamp,
    crash_id: CrashId,
}

/// The side that tells.
#[derive(Debug)]
pub(crate) struct Hints {
    queue: mpsc::Sender<IndexEntry>,
}

impl Hints {
    /// Notes a row. Never waits.
    pub(crate) fn tell(&self, entry: IndexEntry) {
        // Full: the monitor is slow or gone, and its scans find the row.
        if self.queue.try_send(entry).is_err() {
            CRASHMOVER_HINTS.add(1, &["dropped"]);
        }
    }
}

/// The side that sends.
#[derive(Debug)]
pub(crate) struct HintSender {
    queue: mpsc::Receiver<IndexEntry>,
    client: Client,
    urls: Vec<String>,
    mover: String,
    number: u64,
}

/// Both sides. The mover's name is new for each process: its numbers begin anew.
pub(crate) fn hints(monitor_urls: &[String], random: &dyn Random) -> (Hints, HintSender) {
    let (sender, queue) = mpsc::channel(QUEUE_MAX);
    let mut name = [0; 8];
    random.fill(&mut name);
    let urls =
        monitor_urls.iter().map(|url| format!("{}/hint", url.trim_end_matches('/'))).collect();
    let client = Client::new(ANSWER_TIME_MAX, ANSWER_BYTES_MAX);
    let mover = auxilio_spool::format::hex(&name);
    (Hints { queue: sender }, HintSender { queue, client, urls, mover, number: 0 })
}

impl HintSender {
    /// Sends until `done`, and then what is left.
    pub(crate) async fn run(mut self, done: CancellationToken) {
        let mut rows = Vec::new();
        loop {
            tokio::select! {
                biased;
                count = self.queue.recv_many(&mut rows, HINT_ENTRIES_MAX) => if count == 0 { return },
                () = done.cancelled() => return,
            }
            tokio::time::sleep(GATHER).await;
            while rows.len() < HINT_ENTRIES_MAX
                && let Ok(row) = self.queue.try_recv()
            {
                rows.push(row);
            }
            self.send(std::mem::take(&mut rows)).await;
        }
    }

    /// One hint to all monitors side by side. A failure is not repeated: the next number shows the gap.
    async fn send(&mut self, entries: Vec<IndexEntry>) {
        self.number += 1;
        let entries = entries
            .into_iter()
            .map(|IndexEntry { received_at, crash_id }| Row { received_at, crash_id })
            .collect();
        let hint = Hint { mover: &self.mover, number: self.number, entries };
        // Texts and numbers always become JSON.
        let body = Bytes::from(serde_json::to_vec(&hint).unwrap_or_default());
        let mut posts = tokio::task::JoinSet::new();
        for url in self.urls.clone() {
            let (client, body) = (self.client.clone(), body.clone());
            posts.spawn(async move {
                let answer = client.post(&url, &[("content-type", "application/json")], body).await;
                match answer {
                    Ok(answer) if answer.status.is_success() => CRASHMOVER_HINTS.add(1, &["taken"]),
                    Ok(_) => CRASHMOVER_HINTS.add(1, &["refused"]),
                    Err(error) => {
                        CRASHMOVER_HINTS.add(1, &["failed"]);
                        tracing::debug!(error = error_chain(&error), "a hint was lost");
                    }
                }
            });
        }
        while posts.join_next().await.is_some() {}
    }
}
