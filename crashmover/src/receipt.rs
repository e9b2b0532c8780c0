//! `GET /receipt/<crash id>` on the admin address: where in the spools a crash is, and how it left them.
//!
//! For the middleware, which knows no spool. Nothing that a client said is in an answer, nor a path.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use auxilio_common::limits::CARRIED_REMEMBERED_MAX;
use auxilio_common::receipt::{CarriedReceipt, CrashmoverReceipt, Receipt, SpooledReceipt};
use auxilio_common::{CrashId, Timestamp};
use auxilio_service::error_chain;
use auxilio_spool::{Envelope, Error, Source};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tokio::sync::Semaphore;

use crate::CarriedSpool;
use crate::carry::quarantine_word;
use crate::spools::OWN_SPOOLS;

/// Looks into one spool side by side: a disk that hangs keeps so many threads.
const LOOKS_AT_ONCE: usize = 4;

/// Time for a look into one spool.
const LOOK_TIME_MAX: Duration = Duration::from_secs(2);

/// The latest crashes that left the spools. Lost with the process: what lasts of their way is elsewhere.
#[derive(Debug, Default)]
pub(crate) struct Remembered(Mutex<VecDeque<(CrashId, CarriedReceipt)>>);

impl Remembered {
    /// Notes that a crash has left a spool.
    pub(crate) fn note(&self, crash_id: CrashId, spool: &str, outcome: &str, at: Timestamp) {
        let carried = CarriedReceipt { spool: public_name(spool), outcome: outcome.to_owned(), at };
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if list.len() >= CARRIED_REMEMBERED_MAX {
            list.pop_front();
        }
        list.push_back((crash_id, carried));
    }

    fn of(&self, crash_id: CrashId) -> Vec<CarriedReceipt> {
        let list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_crash = list.iter().filter(|(id, _)| *id == crash_id);
        of_crash.map(|(_, carried)| carried.clone()).collect()
    }
}

struct Desk {
    spools: Vec<(String, Source, Arc<Semaphore>)>,
    remembered: Arc<Remembered>,
}

pub(crate) fn router(spools: &[CarriedSpool], remembered: Arc<Remembered>) -> Router {
    let spools = spools
        .iter()
        .map(|spool| {
            let permits = Arc::new(Semaphore::new(LOOKS_AT_ONCE));
            (public_name(&spool.name), spool.source.clone(), permits)
        })
        .collect();
    let desk = Arc::new(Desk { spools, remembered });
    Router::new().route("/receipt/{crash_id}", get(answer)).with_state(desk)
}

async fn answer(State(desk): State<Arc<Desk>>, Path(text): Path<String>) -> Response {
    let Ok(crash_id) = CrashId::parse(&text) else {
        return (StatusCode::BAD_REQUEST, "this is no crash id\n").into_response();
    };
    let looks = desk.spools.iter().map(|(name, source, permits)| {
        (name, tokio::spawn(look(name.clone(), source.clone(), Arc::clone(permits), crash_id)))
    });
    let mut receipt = CrashmoverReceipt::default();
    for (name, look) in looks.collect::<Vec<_>>() {
        match look.await {
            Ok(Some(files)) => receipt.files.extend(files),
            _ => receipt.not_asked.push(name.clone()),
        }
    }
    // After the looks: what left a spool meanwhile is remembered.
    receipt.carried = desk.remembered.of(crash_id);
    Json(receipt).into_response()
}

/// A crash's files in one spool; `None` if it can't be looked into, or not in time.
async fn look(
    name: String,
    source: Source,
    permits: Arc<Semaphore>,
    crash_id: CrashId,
) -> Option<Vec<SpooledReceipt>> {
    let look = async {
        let permit = permits.acquire_owned().await.ok()?;
        let look = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            find(&name, &source, crash_id)
        });
        match look.await.ok()? {
            Ok(files) => Some(files),
            Err(error) => {
                tracing::warn!(%crash_id, error = error_chain(&error), "a spool can't be asked for a crash");
                None
            }
        }
    };
    tokio::time::timeout(LOOK_TIME_MAX, look).await.ok().flatten()
}

fn find(name: &str, source: &Source, crash_id: CrashId) -> Result<Vec<SpooledReceipt>, Error> {
    source.check_readable()?;
    let mut files = Vec::new();
    if let Some(entry) = source.find(crash_id)? {
        let (bytes, receipt) = read(&entry.path);
        files.push(SpooledReceipt {
            spool: name.to_owned(),
            lane: Some(entry.lane.as_str().to_owned()),
            quarantined: None,
            spooled_at: entry.spooled_at,
            bytes,
            receipt,
        });
    }
    // Then what was put aside meanwhile is found there.
    for file in source.find_quarantined(crash_id)? {
        let reason = file.reason()?.unwrap_or_default();
        files.push(SpooledReceipt {
            spool: name.to_owned(),
            lane: None,
            quarantined: Some(quarantine_word(&reason).to_owned()),
            spooled_at: file.written_at,
            bytes: file.bytes,
            receipt: read(&file.path).1,
        });
    }
    Ok(files)
}

fn read(path: &std::path::Path) -> (u64, Option<Receipt>) {
    let Ok(envelope) = Envelope::open(path) else { return (0, None) };
    let bytes = envelope.file().metadata().map_or(0, |metadata| metadata.len());
    (bytes, Some(Receipt::of(&envelope.into_raw_crash())))
}

/// A spool's name as strangers may read it: further ones are called by their folders.
fn public_name(name: &str) -> String {
    if OWN_SPOOLS.contains(&name) { name.to_owned() } else { "further".to_owned() }
}
