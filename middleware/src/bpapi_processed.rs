//! `GET /bpapi/crash/processed/by/uuid/<id>`: Socorro's service of 2012. It answers the processed
//! crash in that time's shape, and asks for a crash that is not processed yet.

use std::net::SocketAddr;

use auxilio_common::CrashId;
use auxilio_service::client_address::{client_address, share_of};
use axum::extract::rejection::PathRejection;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use crate::access;
use crate::answer::Refusal;
use crate::app::App;
use crate::parameters::echo;
use crate::processed_crash::{Shape, processed};

/// The path, as axum matches it.
pub(crate) const PATH: &str = "/bpapi/crash/processed/by/uuid/{crash_id}/";

/// Answers 200 with the crash, 408 when it was asked for, 404 when there is none, 429 when the client
/// waits for too many, 503 when nobody can say.
pub(crate) async fn get(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    typed: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let rights = access::rights(app.admin.as_ref(), &headers)?;
    let typed = typed.map_or_else(|_| String::new(), |Path(typed)| typed);
    let crash_id = CrashId::parse(&typed).map_err(|error| {
        Refusal::not_found(format!("\"{}\" is no crash id: {error}", echo(&typed)))
    })?;
    if let Some(answer) = processed(&app, crash_id, rights, Shape::Of2012).await? {
        return Ok(answer.kept_while_it_holds());
    }
    let client = share_of(client_address(peer, &headers, &app.trusted_proxies));
    Err(app.ask_for(crash_id, &client).await)
}
