//! The pages that every role serves for its operators: version, heartbeats and metrics.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use crate::{Shell, metrics};

/// The paths served here.
pub const PATHS: [&str; 4] = ["/__version__", "/__heartbeat__", "/__lbheartbeat__", "/metrics"];

/// The router of all four pages, to be merged into a role's own or served on its admin address.
pub fn router(shell: &Shell) -> Router {
    Router::new()
        .route(PATHS[0], get(version))
        .route(PATHS[1], get(heartbeat))
        .route(PATHS[2], get(|| async { StatusCode::OK }))
        .route(PATHS[3], get(render_metrics))
        .with_state(shell.clone())
}

async fn version(State(shell): State<Shell>) -> Response {
    let version = shell.version;
    let body = json!({"source": "auxilio", "version": version.version, "commit": version.commit, "role": shell.role});
    axum::Json(body).into_response()
}

async fn heartbeat(State(shell): State<Shell>) -> Response {
    let troubles = shell.health.troubles().await;
    let status = if troubles.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(json!({"errors": troubles}))).into_response()
}

async fn render_metrics() -> Response {
    match metrics::install() {
        Some(handle) => {
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response()
        }
        None => (StatusCode::INTERNAL_SERVER_ERROR, "metrics are not counted\n").into_response(),
    }
}
