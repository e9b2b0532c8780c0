//! `GET /api/ProcessedCrash/?crash_id=`: the processed crash, with what its envelope says of the
//! run beside it, reduced to what the reader may see.

mod shape_2012;

use auxilio_common::fields::{Permission, reduce_processed};
use auxilio_common::{CrashId, Generation, ProcessedDocument, Quality};
use auxilio_database::{NewSignature, ReportRow};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value};

use crate::access;
use crate::answer::{Answer, Refusal};
use crate::app::App;
use crate::cache::{Made, Question};
use crate::parameters::Parameters;

/// The names under which a crash's fields are told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Today's, of the table of fields.
    Today,
    /// Those of Socorro's processed JSON in 2012.
    Of2012,
}

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
    let answer = processed(&app, crash_id, rights, Shape::Today).await?;
    let answer =
        answer.ok_or_else(|| Refusal::not_found(format!("{crash_id} is not processed")))?;
    Ok(answer.kept_while_it_holds())
}

/// The processed crash as an answer; `None` if the store has none.
///
/// An answer is kept in the cache under the generation of the crash's row and the change that gave it its
/// signature, and only if it is of that generation. Without a row, or without Postgres, it comes from the
/// store each time, and with the signature that its run gave it.
pub(crate) async fn processed(
    app: &App,
    crash_id: CrashId,
    rights: Permission,
    shape: Shape,
) -> Result<Option<Answer>, Refusal> {
    let Some(row) = app.rows.of(crash_id).await else {
        let read = read(app.clone(), crash_id, rights, shape, None).await?;
        return Ok(read.map(|(answer, _)| answer));
    };
    let generation = row.generation;
    let change = row.resigned.as_ref().map(|resigned| format!(" {}", resigned.change));
    let question = Question {
        resource: match shape {
            Shape::Today => "ProcessedCrash",
            Shape::Of2012 => "bpapi/crash/processed",
        },
        request: &format!("{crash_id}{}", change.unwrap_or_default()),
        rights,
        generation: Some(generation),
    };
    let reader = app.clone();
    let make = async move {
        Ok(match read(reader, crash_id, rights, shape, Some(row)).await? {
            Some((answer, of)) => Made { answer: Some(answer), keep: of == generation },
            None => Made { answer: None, keep: false },
        })
    };
    app.cache.through(&question, app.processed_kept, make).await
}

/// Reads and reduces the crash; with the generation that it is of.
async fn read(
    app: App,
    crash_id: CrashId,
    rights: Permission,
    shape: Shape,
    row: Option<ReportRow>,
) -> Result<Option<(Answer, Generation)>, Refusal> {
    let room = app.room().await?;
    let Some(document) = app.ask(crash_id, app.store.get_processed(crash_id)).await? else {
        return Ok(None);
    };
    // Some MiB of JSON are work: other requests go on meanwhile.
    let made = tokio::task::spawn_blocking(move || {
        let _room = room;
        let generation = document.envelope.generation;
        let row = row.filter(|row| row.generation == generation);
        let document = resigned(document, row.and_then(|row| row.resigned));
        let fields = visible(document, rights);
        let fields = match shape {
            Shape::Today => fields,
            Shape::Of2012 => shape_2012::told(&fields),
        };
        Answer::json(&fields).map(|answer| Some((answer, generation)))
    });
    made.await.unwrap_or_else(|_| Err(Refusal::broken("the answer could not be made")))
}

/// The document with the signature of the last change of lists, and a note of it. The store keeps what
/// the run made: the row says what holds.
fn resigned(mut document: ProcessedDocument, new: Option<NewSignature>) -> ProcessedDocument {
    let Some(NewSignature { change, signature, group_key }) = new else { return document };
    let was = document.crash.text("signature").unwrap_or_default();
    let note =
        format!("signature: change {change} of the lists gave it this signature; was \"{was}\"");
    document.envelope.notes.push(note);
    for (field, value) in [("signature", signature), ("group_key", group_key)] {
        document.crash.remove(field);
        document.crash.set(field, value);
    }
    document
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
