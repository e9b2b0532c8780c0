//! The admin address: hints come in, and who holds what goes out.

use std::sync::Arc;

use auxilio_common::limits::HINT_BYTES_MAX;
use auxilio_database::Database;
use auxilio_service::error_chain;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use crate::hint::{Hint, Inbox, Taken};

/// `POST /hint` takes a [`Hint`]: 202 if it will be acted on, 409 if another monitor is active,
/// 429 if it is too much. `GET /queue` shows processors and depths.
pub(crate) fn router(inbox: Arc<Inbox>, database: Database) -> Router {
    Router::new()
        .route("/hint", post(take_hint))
        .layer(DefaultBodyLimit::max(HINT_BYTES_MAX))
        .with_state(inbox)
        .merge(Router::new().route("/queue", get(show_queue)).with_state(database))
}

async fn take_hint(State(inbox): State<Arc<Inbox>>, Json(hint): Json<Hint>) -> StatusCode {
    match inbox.take(hint) {
        Taken::Kept => StatusCode::ACCEPTED,
        Taken::StandingBy => StatusCode::CONFLICT,
        Taken::TooMuch => StatusCode::TOO_MANY_REQUESTS,
    }
}

async fn show_queue(State(database): State<Database>) -> Response {
    let read = async { Ok((database.processors().await?, database.queue_depths().await?)) };
    let (processors, depths) = match read.await {
        Ok(both) => both,
        Err(error) => return unavailable(&error),
    };
    let processors: Vec<_> = processors
        .into_iter()
        .map(|processor| {
            json!({
                "id": processor.id.0, "name": processor.name, "capacity": processor.capacity,
                "lanes": processor.lanes, "registered_at": processor.registered_at,
                "heartbeat_at": processor.heartbeat_at, "taken": processor.taken,
            })
        })
        .collect();
    let depths: Vec<_> = depths
        .into_iter()
        .map(|depth| {
            json!({
                "lane": depth.lane, "state": depth.state, "jobs": depth.jobs,
                "oldest_queued_at": depth.oldest_queued_at,
            })
        })
        .collect();
    Json(json!({"processors": processors, "queue": depths})).into_response()
}

fn unavailable(error: &auxilio_database::Error) -> Response {
    tracing::warn!(error = error_chain(error), "the queue can't be shown");
    (StatusCode::SERVICE_UNAVAILABLE, "the database can't be read\n").into_response()
}
