//! Telling crashmovers which crashes the store lacks. May be lost: it is said again soon.

use std::time::Duration;

use auxilio_common::CrashId;
use auxilio_common::limits::WANTED_IDS_MAX;
use auxilio_service::client::Client;
use auxilio_service::error_chain;
use auxilio_service::metrics::MONITOR_WANTED;
use bytes::Bytes;
use serde::Serialize;
use tokio::task::JoinSet;

/// Time for a crashmover to take the ids.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(1);

/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The body of a crashmover's `POST /wanted`.
#[derive(Debug, Serialize)]
struct Body<'a> {
    ids: &'a [CrashId],
}

/// All crashmovers' ears.
#[derive(Debug)]
pub(crate) struct Wanted {
    client: Client,
    urls: Vec<String>,
}

impl Wanted {
    pub(crate) fn new(crashmover_urls: &[String]) -> Self {
        let urls =
            crashmover_urls.iter().map(|url| format!("{}/wanted", url.trim_end_matches('/')));
        Self { urls: urls.collect(), client: Client::new(ANSWER_TIME_MAX, ANSWER_BYTES_MAX) }
    }

    /// Names crashes to all crashmovers, side by side.
    pub(crate) async fn send(&self, ids: &[CrashId]) {
        for ids in ids.chunks(WANTED_IDS_MAX) {
            // Texts always become JSON.
            let body = Bytes::from(serde_json::to_vec(&Body { ids }).unwrap_or_default());
            let mut posts = JoinSet::new();
            for url in self.urls.clone() {
                let (client, body) = (self.client.clone(), body.clone());
                posts.spawn(async move { post(&client, &url, body).await });
            }
            while posts.join_next().await.is_some() {}
        }
    }
}

async fn post(client: &Client, url: &str, body: Bytes) {
    match client.post(url, &[("content-type", "application/json")], body).await {
        Ok(answer) if answer.status.is_success() => MONITOR_WANTED.add(1, &["taken"]),
        Ok(_) => MONITOR_WANTED.add(1, &["refused"]),
        Err(error) => {
            MONITOR_WANTED.add(1, &["failed"]);
            tracing::debug!(error = error_chain(&error), "a crashmover was not reached");
        }
    }
}
