//! The page of one crash: its facts, the crashing thread, the other threads, the modules.

mod facts;
mod modules;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use auxilio_common::CrashId;
use axum::extract::rejection::PathRejection;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

use self::facts::{Fact, FieldLine, Headline};
use self::modules::ModuleLine;
use crate::layout::{Layout, page};
use crate::middleware::{Asked, Unavailable};
use crate::pending_page::Wait;
use crate::router::App;
use crate::stack::{self, Extent, Row, Thread, View, list, text};
use crate::visible::Visible;
use crate::{Config, browser_address, pending_page, trouble_page};

/// Time that a reader waits for a permit before being told to come again.
const PERMIT_TIME_MAX: Duration = Duration::from_secs(10);

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage<'a> {
    layout: Layout,
    crash_id: CrashId,
    head: Headline<'a>,
    facts: Vec<Fact<'a>>,
    crashing: Option<Thread<'a>>,
    others: Vec<Thread<'a>>,
    modules: Vec<ModuleLine<'a>>,
    fields: Vec<FieldLine>,
    notes: Option<Visible<'a>>,
    stack_status: Option<Visible<'a>>,
    /// Where the same crash is as JSON; empty for no link.
    api_link: String,
}

/// `/report/?crash_id=`: the form on every page leads here, and it leads on.
pub(crate) async fn find(Query(asked): Query<HashMap<String, String>>) -> Response {
    let typed = asked.get("crash_id").map_or("", |typed| typed.trim());
    match CrashId::parse(typed) {
        Ok(crash_id) => Redirect::to(&address(crash_id)).into_response(),
        Err(error) => trouble_page::malformed_id(typed, &Sentence(&error)),
    }
}

/// `/report/index/<id>`, also with `bp-`.
pub(crate) async fn show(
    State(app): State<App>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    typed: Result<Path<String>, PathRejection>,
    Query(asked): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    // Bytes that are no text name nothing.
    let Ok(Path(typed)) = typed else { return trouble_page::no_such_page().await };
    let crash_id = match CrashId::parse(&typed) {
        Ok(crash_id) => crash_id,
        Err(error) => return trouble_page::malformed_id(&typed, &Sentence(&error)),
    };
    if typed != crash_id.to_string() {
        return Redirect::permanent(&address(crash_id)).into_response();
    }
    let looks = asked.get("looks").and_then(|looks| looks.parse().ok());
    let extent = match asked.get("frames").map(String::as_str) {
        Some("all") => Extent::Whole,
        _ => Extent::Ends,
    };
    let answer = match report(&app, crash_id, looks, extent).await {
        Ok(None) => {
            let browser = browser_address::list(peer, &headers);
            absent(&app, crash_id, looks.unwrap_or(0), &browser).await
        }
        Ok(Some(page)) => Ok(page),
        Err(error) => Err(error),
    };
    tracing::debug!(%crash_id, status = ?answer.as_ref().map(Response::status).ok(), "report page");
    answer.unwrap_or_else(|error| trouble_page::unavailable(&error))
}

fn address(crash_id: CrashId) -> String {
    format!("/report/index/{crash_id}")
}

/// The page of a processed crash; `None` if it is not processed.
async fn report(
    app: &App,
    crash_id: CrashId,
    looks: Option<u32>,
    extent: Extent,
) -> Result<Option<Response>, Unavailable> {
    let permit = Arc::clone(&app.pages).acquire_owned();
    let Ok(Ok(permit)) = tokio::time::timeout(PERMIT_TIME_MAX, permit).await else {
        return Ok(Some(trouble_page::busy()));
    };
    let Some(crash) = app.middleware.processed_crash(crash_id).await? else { return Ok(None) };
    if looks.is_some() {
        // The waiting is over: the address that people pass on has no trace of it.
        return Ok(Some(Redirect::to(&address(crash_id)).into_response()));
    }
    let config = Arc::clone(&app.config);
    let made = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        render(crash_id, &crash, extent, &config)
    });
    Ok(Some(made.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())))
}

/// The page of a crash that is not processed: who looks at it asks for it.
async fn absent(
    app: &App,
    crash_id: CrashId,
    looks: u32,
    browser: &str,
) -> Result<Response, Unavailable> {
    Ok(match app.middleware.ask_for(crash_id, browser).await? {
        // Shown at the next look, which is due at once.
        Asked::Processed => Redirect::to(&address(crash_id)).into_response(),
        Asked::Queued => pending_page::show(crash_id, Wait::Processing, looks),
        Asked::Awaited => pending_page::show(crash_id, Wait::OnItsWay, looks),
        Asked::TooMany => pending_page::show(crash_id, Wait::NotAsked, looks),
        Asked::Absent => trouble_page::no_such_crash(&crash_id.to_string()),
    })
}

fn render(crash_id: CrashId, crash: &Value, extent: Extent, config: &Config) -> Response {
    let dump = crash.get("json_dump").unwrap_or(&Value::Null);
    let view = View::of(dump, extent, &config.source_hosts);
    let (crashing, others) = threads(crash, dump, &view);
    let api_link = match config.api_link_url.trim_end_matches('/') {
        "" => String::new(),
        url => format!("{url}/api/ProcessedCrash/?crash_id={crash_id}"),
    };
    let report = ReportPage {
        layout: Layout::new(),
        crash_id,
        head: Headline::of(crash),
        facts: facts::facts(crash, dump),
        stack_status: text(crash, "mdsw_status_string").map(Visible::line),
        crashing,
        others,
        modules: modules::lines(dump),
        fields: facts::all_fields(crash),
        notes: text(crash, "processor_notes").map(Visible::lines),
        api_link,
    };
    let mut response = page(StatusCode::OK, &report);
    // It may be processed again at any time; asking whether it was costs little.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// The crashing thread and the others, in order.
fn threads<'a>(
    crash: &'a Value,
    dump: &'a Value,
    view: &View<'_>,
) -> (Option<Thread<'a>>, Vec<Thread<'a>>) {
    let crash_info = dump.get("crash_info").unwrap_or(&Value::Null);
    let crashed = stack::number(crash, "crashing_thread")
        .or_else(|| stack::number(crash_info, "crashing_thread"))
        .and_then(|index| usize::try_from(index).ok());
    let all = list(dump, "threads");
    let crashing = crashed.and_then(|index| {
        let thread = all.get(index).or_else(|| dump.get("crashing_thread"))?;
        Some(Thread::of(index, thread, view))
    });
    let mut room = stack::ROWS_MAX;
    let others = all.iter().enumerate().filter(|(index, _)| Some(*index) != crashed);
    let others = others.map(|(index, thread)| {
        let mut thread = Thread::of(index, thread, view);
        if view.extent == Extent::Ends {
            match room.checked_sub(thread.rows.len()) {
                Some(left) => room = left,
                None => thread.fold(),
            }
        }
        thread
    });
    (crashing, others.collect())
}

/// An error's text as the begin of a sentence.
struct Sentence<'a, E>(&'a E);

impl<E: std::fmt::Display> std::fmt::Display for Sentence<'_, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.0.to_string();
        let mut characters = text.chars();
        match characters.next() {
            Some(first) => write!(f, "{}{}", first.to_uppercase(), characters.as_str()),
            None => Ok(()),
        }
    }
}
