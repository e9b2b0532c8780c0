//! `GET /api/CrashStatus/?crash_id=`: what the store has of a crash, for those who wait for it.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::json;

use crate::access;
use crate::answer::{Answer, Refusal};
use crate::app::App;
use crate::parameters::Parameters;

/// Answers `{"crash_id", "raw", "processed"}`: whether the raw crash is there, and the generation
/// of the processed one or null. An id that the store lacks is no error: it may still be on its way.
pub(crate) async fn get(
    State(app): State<App>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    access::rights(app.admin.as_ref(), &headers)?;
    parameters.check(&["crash_id"])?;
    let crash_id = parameters.crash_id()?;
    let presence = app.ask(crash_id, app.store.exists(crash_id)).await?;
    tracing::debug!(%crash_id, raw = presence.raw, processed = presence.processed.is_some(), "status");
    let (raw, processed) = (presence.raw, presence.processed);
    let status = json!({"crash_id": crash_id, "raw": raw, "processed": processed});
    Ok(Answer::json(&status)?.of_now())
}
