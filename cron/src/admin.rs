//! The admin address: how the jobs stand.

use std::sync::Arc;

use auxilio_service::error_chain;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use crate::Engine;

/// `GET /jobs`: all jobs, as `auxilio cron status --json` says them; 503 without Postgres.
pub(crate) fn router(engine: Arc<Engine>) -> Router {
    Router::new().route("/jobs", get(show)).with_state(engine)
}

async fn show(State(engine): State<Arc<Engine>>) -> Response {
    match engine.views().await {
        Ok(views) => Json(views).into_response(),
        Err(error) => {
            tracing::warn!(error = error_chain(&error), "the state of the jobs can't be read");
            (StatusCode::SERVICE_UNAVAILABLE, "the database can't be asked\n").into_response()
        }
    }
}
