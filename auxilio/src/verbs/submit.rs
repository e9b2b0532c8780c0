//! `auxilio submit`: posts minidumps as a client would, and prints their crash ids.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use auxilio_common::CrashId;
use auxilio_service::client::Client;
use auxilio_service::clock::SystemRandom;
use auxilio_service::environment::Environment;

use super::form::Form;
use super::runtime;
use crate::cli::{Place, SubmitOptions};
use crate::installation::Installation;

/// Time for one post, its flush to disk included.
const POST_TIME_MAX: Duration = Duration::from_secs(60);

/// Bytes of the collector's answer: it is one line.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

pub(crate) fn perform(
    place: &Place,
    options: &SubmitOptions,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let url = match &options.collector {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => {
            format!("http://{}", Installation::find(place, environment)?.config.collector.address)
        }
    };
    let extra = options.extra.as_deref().map(read_extra).transpose()?;
    let client = Client::new(POST_TIME_MAX, ANSWER_BYTES_MAX);
    runtime()?.block_on(async {
        for dump in &options.dumps {
            let crash_id = post(&client, &url, dump, extra.as_deref(), &options.annotation).await?;
            if place.json {
                println!("{}", serde_json::json!({"crash_id": crash_id, "dump": dump}));
            } else {
                println!("bp-{crash_id}");
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// The JSON part, checked here so that the error names the file.
fn read_extra(path: &Path) -> anyhow::Result<Vec<u8>> {
    let text = std::fs::read(path).with_context(|| format!("can't read \"{}\"", path.display()))?;
    let value: serde_json::Value = serde_json::from_slice(&text)
        .with_context(|| format!("\"{}\" is no JSON", path.display()))?;
    if !value.is_object() {
        bail!("\"{}\" is no JSON object", path.display());
    }
    Ok(text)
}

async fn post(
    client: &Client,
    url: &str,
    dump: &Path,
    extra: Option<&[u8]>,
    annotations: &[(String, String)],
) -> anyhow::Result<CrashId> {
    let bytes =
        std::fs::read(dump).with_context(|| format!("can't read \"{}\"", dump.display()))?;
    let Form { content_type, body } = Form::new(&bytes, extra, annotations, &SystemRandom);
    let headers = [
        ("content-type", content_type.as_str()),
        ("user-agent", concat!("auxilio/", env!("CARGO_PKG_VERSION"))),
    ];
    let answer = client.post(&format!("{url}/submit"), &headers, body.into()).await?;
    let text = String::from_utf8_lossy(&answer.body);
    let id = text
        .lines()
        .find_map(|line| line.strip_prefix("CrashID="))
        .filter(|_| answer.status.is_success());
    match id {
        Some(id) => Ok(id.parse()?),
        None => {
            bail!("the collector refused \"{}\": {} {}", dump.display(), answer.status, text.trim())
        }
    }
}
