//! The middleware as the pages see it: three questions over HTTP, asked as anybody could ask them,
//! on behalf of the browser whose address goes along.

use std::time::Duration;

use auxilio_common::CrashId;
use auxilio_service::client::{Answer, Client};
use auxilio_service::error_chain;
use axum::http::{StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

/// Seconds after which a reader may try again when the middleware names no other time.
const RETRY_SECS: u64 = 5;

/// Largest answer that is read: a walk at its limit (32 MiB), and as much again for the rest.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// There is no usable answer; why is in the log.
#[derive(Debug, thiserror::Error)]
#[error("the middleware gives no answer; try again in {retry_secs} s")]
pub(crate) struct Unavailable {
    /// Seconds to wait.
    pub retry_secs: u64,
}

/// What became of asking for a crash that is not processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// It is there by now.
    Processed,
    /// The store has it, and its job is a priority.
    Queued,
    /// It may be on its way to the store.
    Awaited,
    /// It may be on its way, but its reader waits for too many such crashes already.
    TooMany,
    /// There is none.
    Absent,
}

/// The state of a job whose raw crash the store lacks.
const WAITING_FOR_RAW: &str = "waiting_for_raw";

const _: () = assert!(ANSWER_BYTES_MAX as u64 >= 2 * auxilio_common::limits::WALK_JSON_BYTES_MAX);

/// A client of the middleware.
#[derive(Clone, Debug)]
pub(crate) struct Middleware {
    client: Client,
    url: String,
}

impl Middleware {
    /// A client of the middleware at `url`.
    pub(crate) fn new(url: &str, time_max: Duration) -> Self {
        let client = Client::new(time_max, ANSWER_BYTES_MAX);
        Self { client, url: url.trim_end_matches('/').to_owned() }
    }

    /// The latest crashes, newest first.
    pub(crate) async fn latest(&self, limit: u16) -> Result<Vec<Value>, Unavailable> {
        #[derive(Deserialize)]
        struct Latest {
            crashes: Vec<Value>,
        }
        let answer = self.get(&format!("/api/LatestCrashes/?limit={limit}")).await?;
        let latest: Latest = read(&expect_ok(answer)?)?;
        Ok(latest.crashes)
    }

    /// The public part of a processed crash; `None` if there is none.
    pub(crate) async fn processed_crash(
        &self,
        crash_id: CrashId,
    ) -> Result<Option<Value>, Unavailable> {
        let answer = self.get(&format!("/api/ProcessedCrash/?crash_id={crash_id}")).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let answer = expect_ok(answer)?;
        // Reading some MiB of JSON takes a while: other pages go on meanwhile.
        let document = tokio::task::spawn_blocking(move || read(&answer)).await;
        document.unwrap_or(Err(Unavailable { retry_secs: RETRY_SECS })).map(Some)
    }

    /// Asks for a crash that is not processed: its job becomes a priority. `browser` is the list of
    /// addresses that the request came through.
    pub(crate) async fn ask_for(
        &self,
        crash_id: CrashId,
        browser: &str,
    ) -> Result<Asked, Unavailable> {
        #[derive(Deserialize)]
        struct Told {
            state: String,
        }
        let path = format!("/bpapi/crash/processed/by/uuid/{crash_id}");
        let answer = self.get_with(&path, &[("X-Forwarded-For", browser)]).await?;
        match answer.status {
            StatusCode::OK => Ok(Asked::Processed),
            StatusCode::NOT_FOUND => Ok(Asked::Absent),
            StatusCode::TOO_MANY_REQUESTS => Ok(Asked::TooMany),
            StatusCode::REQUEST_TIMEOUT => {
                let told: Told = read(&answer)?;
                Ok(if told.state == WAITING_FOR_RAW { Asked::Awaited } else { Asked::Queued })
            }
            _ => Err(expect_ok(answer).err().unwrap_or(Unavailable { retry_secs: RETRY_SECS })),
        }
    }

    /// Whether the middleware answers at all, for the heartbeat.
    pub(crate) async fn check(&self) -> Result<(), String> {
        let url = format!("{}/__lbheartbeat__", self.url);
        let answer = self.client.get(&url, &[]).await.map_err(|error| error_chain(&error))?;
        if answer.status == StatusCode::OK {
            Ok(())
        } else {
            Err(format!("the middleware answered {}", answer.status))
        }
    }

    async fn get(&self, path: &str) -> Result<Answer, Unavailable> {
        self.get_with(path, &[]).await
    }

    async fn get_with(&self, path: &str, head: &[(&str, &str)]) -> Result<Answer, Unavailable> {
        let url = format!("{}{path}", self.url);
        self.client.get(&url, head).await.map_err(|error| {
            tracing::warn!(path, error = error_chain(&error), "the middleware gave no answer");
            Unavailable { retry_secs: RETRY_SECS }
        })
    }
}

fn expect_ok(answer: Answer) -> Result<Answer, Unavailable> {
    if answer.status == StatusCode::OK {
        return Ok(answer);
    }
    tracing::warn!(status = answer.status.as_u16(), "the middleware answered with trouble");
    let retry_secs = answer
        .headers
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.parse().ok())
        .unwrap_or(RETRY_SECS);
    Err(Unavailable { retry_secs })
}

fn read<T: serde::de::DeserializeOwned>(answer: &Answer) -> Result<T, Unavailable> {
    serde_json::from_slice(&answer.body).map_err(|error| {
        // The error's text may quote the answer, so only its place is logged.
        let (line, column) = (error.line(), error.column());
        tracing::error!(line, column, "the middleware's answer has another shape");
        Unavailable { retry_secs: RETRY_SECS }
    })
}
