//! `auxilio receipt`: a crash's way so far, as the middleware tells it to anybody.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use auxilio_service::client::Client;
use auxilio_service::environment::Environment;
use serde_json::Value;

use super::runtime;
use crate::cli::{Place, ReceiptOptions};
use crate::installation::Installation;

/// Time for the middleware, which asks spools, store and Postgres.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(30);

/// Bytes of its answer.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

pub(crate) fn perform(
    place: &Place,
    options: &ReceiptOptions,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let url = match &options.middleware {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => {
            format!("http://{}", Installation::find(place, environment)?.config.middleware.address)
        }
    };
    let url = format!("{url}/api/Receipt/?crash_id={}", options.id);
    let client = Client::new(ANSWER_TIME_MAX, ANSWER_BYTES_MAX);
    let answer =
        runtime()?.block_on(client.get(&url, &[])).context("the middleware can't be asked")?;
    let told: Value = serde_json::from_slice(&answer.body)
        .with_context(|| format!("the middleware's answer {} is no JSON", answer.status))?;
    if !answer.status.is_success() {
        bail!("{}", told["error"].as_str().unwrap_or("the middleware gives no receipt"));
    }
    if place.json {
        println!("{told}");
    } else {
        println!("{}", lines(&told).join("\n"));
    }
    Ok(ExitCode::SUCCESS)
}

/// One line for each hop that it has met.
fn lines(told: &Value) -> Vec<String> {
    let mut lines = vec![format!("{}  {}", text(&told["crash_id"]), text(&told["state"]))];
    let mut tell = |hop: &str, says: String| lines.push(format!("  {hop:11}  {says}"));
    let receipt = &told["receipt"];
    if receipt.is_object() {
        tell(
            "received",
            format!(
                "{}: {} by {} ({} %), {} bytes on the wire, {} annotations, {} dumps of {} bytes",
                text(&receipt["received_at"]),
                text(&receipt["throttle"]),
                text(&receipt["throttle_rule"]),
                receipt["sample_percent"],
                receipt["payload_size"],
                receipt["annotations"],
                receipt["dumps"],
                receipt["dump_bytes"],
            ),
        );
    }
    for file in each(&told["spooled"]) {
        let (spool, lane) = (text(&file["spool"]), text(&file["lane"]));
        let at = text(&file["spooled_at"]);
        tell("spooled", format!("{at}: {spool}, {lane}, {} bytes", file["bytes"]));
    }
    for file in each(&told["quarantined"]) {
        let (spool, why) = (text(&file["spool"]), text(&file["quarantined"]));
        tell("quarantined", format!("{spool}: {why}, {} bytes", file["bytes"]));
    }
    for carried in each(&told["carried"]) {
        let (spool, outcome) = (text(&carried["spool"]), text(&carried["outcome"]));
        tell("carried", format!("{}: {outcome}, from {spool}", text(&carried["at"])));
    }
    if told["stored"] == true {
        tell("stored", "yes".to_owned());
    }
    let job = &told["job"];
    if job.is_object() {
        let (at, lane) = (text(&job["queued_at"]), text(&job["lane"]));
        let state = text(&job["state"]);
        tell("queued", format!("{at}: {lane}, {state}, {} takes", job["attempts"]));
    }
    let end = &told["last_job"];
    if end.is_object() {
        tell("last job", format!("{}: {}", text(&end["ended_at"]), text(&end["outcome"])));
    }
    let processed = &told["processed"];
    if processed.is_object() {
        tell("processed", format!("generation {}", processed["generation"]));
    }
    for hop in each(&told["not_asked"]) {
        tell("not known", text(hop).to_owned());
    }
    lines
}

fn each(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("-")
}
