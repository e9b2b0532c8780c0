//! `GET /api/ProcessedCrash/?crash_id=`: the processed crash, with what its envelope says of the
//! run beside it, reduced to what the reader may see.

use auxilio_common::fields::{Permission, reduce_processed};
use auxilio_common::{ProcessedDocument, Quality};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value};

use crate::access;
use crate::answer::{Refusal, json_to_keep};
use crate::app::App;
use crate::parameters::Parameters;

/// Answers the processed crash of the highest generation.
pub(crate) async fn get(
    State(app): State<App>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let rights = access::rights(app.admin.as_ref(), &headers)?;
    parameters.check(&["crash_id"])?;
    let crash_id = parameters.crash_id()?;
    tracing::debug!(%crash_id, ?rights, "processed crash");
    let room = app.room().await?;
    let document = app.ask(crash_id, app.store.get_processed(crash_id)).await?;
    let document =
        document.ok_or_else(|| Refusal::not_found(format!("{crash_id} is not processed")))?;
    // Some MiB of JSON are work: other requests go on meanwhile.
    let made = tokio::task::spawn_blocking(move || {
        let _room = room;
        json_to_keep(&visible(document, rights))
    });
    made.await.unwrap_or_else(|_| Err(Refusal::broken("the answer could not be made")))
}

/// The document as one object under today's field names.
fn visible(document: ProcessedDocument, rights: Permission) -> Map<String, Value> {
    let ProcessedDocument { envelope, crash: mut whole } = document;
    let success = envelope.failed_rules.is_empty() && envelope.quality != Quality::NoStack;
    whole.set("started_datetime", Some(envelope.started_at.to_string()));
    whole.set("completed_datetime", Some(envelope.completed_at.to_string()));
    whole.set("processor_notes", Some(envelope.notes.join("\n")));
    whole.set("processor_history", Some(envelope.history));
    whole.set("success", Some(success));
    reduce_processed(whole, rights)
}
