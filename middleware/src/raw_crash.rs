//! `GET /api/RawCrash/?crash_id=[&format=meta|raw&name=]`: the crash as it came, and its dumps.
//!
//! All of it needs the admin token.

use auxilio_common::fields::{Permission, reduce_raw};
use auxilio_common::{CrashId, DumpName};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::access;
use crate::answer::{self, Answer, Refusal};
use crate::app::App;
use crate::dump_stream;
use crate::parameters::{Parameters, echo};

/// Answers annotations and metadata, or one dump's bytes.
pub(crate) async fn get(
    State(app): State<App>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let rights = access::rights(app.admin.as_ref(), &headers)?;
    if rights != Permission::Protected {
        let error = "raw crashes are protected: send the admin token in the header Auth-Token";
        return Err(Refusal::forbidden(error));
    }
    parameters.check(&["crash_id", "format", "name"])?;
    let crash_id = parameters.crash_id()?;
    match (parameters.get("format").unwrap_or("meta"), parameters.get("name")) {
        ("meta", None) => meta(&app, crash_id, rights).await,
        ("meta", Some(_)) => Err(Refusal::bad_request("\"name\" goes with format=raw only")),
        ("raw", name) => raw(&app, crash_id, name).await,
        (other, _) => {
            let error = format!("format \"{}\" is neither \"meta\" nor \"raw\"", echo(other));
            Err(Refusal::bad_request(error))
        }
    }
}

async fn meta(app: &App, crash_id: CrashId, rights: Permission) -> Result<Response, Refusal> {
    tracing::debug!(%crash_id, "raw crash");
    let _room = app.room().await?;
    let crash = app.ask(crash_id, app.store.get_raw(crash_id)).await?;
    let crash = crash.ok_or_else(|| not_there(crash_id))?;
    Ok(Answer::json(&reduce_raw(&crash, rights))?.kept())
}

async fn raw(app: &App, crash_id: CrashId, name: Option<&str>) -> Result<Response, Refusal> {
    let name = match name {
        None => DumpName::main(),
        Some(text) => dump_name(text)?,
    };
    tracing::debug!(%crash_id, %name, "dump");
    let dump = app.ask(crash_id, app.store.open_dump(crash_id, &name)).await?;
    let Some(dump) = dump else {
        let presence = app.ask(crash_id, app.store.exists(crash_id)).await?;
        return Err(if presence.raw {
            Refusal::not_found(format!("{crash_id} has no dump \"{name}\""))
        } else {
            not_there(crash_id)
        });
    };
    let length = dump.length;
    let body = dump_stream::body(dump).await.map_err(|error| {
        tracing::warn!(%crash_id, %name, %error, "a dump could not be opened");
        Refusal::unavailable("the dump can't be read at this moment")
    })?;
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::CACHE_CONTROL, answer::keep());
    // Id and name consist of letters, digits, dashes and underscores, so this never fails.
    let disposition = format!("attachment; filename=\"{crash_id}.{name}.dmp\"");
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

/// A dump's name as it is kept: nothing is dropped from what the reader wrote.
fn dump_name(text: &str) -> Result<DumpName, Refusal> {
    match DumpName::from_part(text) {
        Ok(name) if name.as_str() == text => Ok(name),
        _ => Err(Refusal::bad_request(format!("\"{}\" is no dump's name", echo(text)))),
    }
}

fn not_there(crash_id: CrashId) -> Refusal {
    Refusal::not_found(format!("{crash_id} is not in the store"))
}
