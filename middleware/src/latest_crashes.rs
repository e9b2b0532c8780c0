//! `GET /api/LatestCrashes/?limit=`: the crashes that were submitted last, of those processed.

use auxilio_database::ReportLine;
use auxilio_service::error_chain;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::access;
use crate::answer::{Answer, Refusal};
use crate::app::App;
use crate::cache::{Made, Question};
use crate::parameters::{Parameters, echo};

/// Crashes without a limit given.
const LIMIT: usize = 50;

/// Most crashes of one answer: enough for a page, few for Postgres.
const LIMIT_MAX: usize = 500;

/// Answers `{"crashes": [...]}`, newest first, public columns only.
pub(crate) async fn get(
    State(app): State<App>,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let rights = access::rights(app.admin.as_ref(), &headers)?;
    parameters.check(&["limit"])?;
    let limit = match parameters.get("limit") {
        None => LIMIT,
        Some(text) => limit(text)?,
    };
    let request = limit.to_string();
    let question =
        Question { resource: "LatestCrashes", request: &request, rights, generation: None };
    let reader = app.clone();
    let make = async move {
        let answer = Some(list(&reader, limit).await?);
        Ok(Made { answer, keep: true })
    };
    let answer = app.cache.through(&question, app.lists_kept, make).await?;
    answer.map(Answer::of_now).ok_or_else(|| Refusal::broken("the answer could not be made"))
}

async fn list(app: &App, limit: usize) -> Result<Answer, Refusal> {
    let reports = app.database.latest_reports(limit).await.map_err(|error| {
        tracing::warn!(error = error_chain(&error), "the latest crashes could not be listed");
        Refusal::unavailable("the list of crashes can't be read at this moment")
    })?;
    let crashes: Vec<_> = reports.into_iter().map(line).collect();
    Answer::json(&json!({"crashes": crashes}))
}

fn limit(text: &str) -> Result<usize, Refusal> {
    text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(|| {
        let error = format!("limit \"{}\" is no whole number from 1 to {LIMIT_MAX}", echo(text));
        Refusal::bad_request(error)
    })
}

/// A report under today's field names; what is not known is left out.
fn line(report: ReportLine) -> Value {
    let texts = [
        ("crash_id", Some(report.crash_id.to_string())),
        ("date_processed", Some(report.date_processed.to_string())),
        ("product", report.product),
        ("version", report.version),
        ("signature", report.signature),
        ("reason", report.reason),
        ("os_name", report.os_name),
        ("process_type", report.process_type),
    ];
    let known = texts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into())));
    Value::Object(known.collect::<Map<_, _>>())
}
