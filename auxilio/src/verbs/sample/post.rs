//! Posting samples over several connections, and printing their ids in the plan's order.

use std::collections::BTreeMap;
use std::iter::Enumerate;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail};
use auxilio_common::CrashId;
use auxilio_service::client::Client;
use auxilio_service::clock::SystemRandom;
use auxilio_service::secret::Secret;
use tokio::task::JoinSet;

use super::plan::{Plan, Samples};
use super::pool::Dumps;
use super::story::Sample;
use crate::verbs::form::Form;

/// Connections that post side by side: enough to keep a collector's disk busy.
const SENDERS: usize = 8;

/// Time for one post, its flush to disk included.
const POST_TIME_MAX: Duration = Duration::from_secs(60);

/// Bytes of the collector's answer: it is one line.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

const USER_AGENT: &str = concat!("auxilio-sample/", env!("CARGO_PKG_VERSION"));

/// What the senders share.
pub(super) struct Poster {
    client: Client,
    url: String,
    authorization: Secret,
    dumps: Dumps,
    waiting: Mutex<Enumerate<Samples>>,
}

impl Poster {
    pub(super) fn new(collector: &str, token: &Secret, dumps: Dumps, plan: &Plan) -> Self {
        Self {
            client: Client::new(POST_TIME_MAX, ANSWER_BYTES_MAX),
            url: format!("{collector}/submit"),
            authorization: Secret::new(format!("Bearer {}", token.expose())),
            dumps,
            waiting: Mutex::new(plan.samples().enumerate()),
        }
    }

    /// Posts all samples. `done` hears of each acknowledged one, in the plan's order as far as no
    /// post failed. The first failure stops the senders; what is under way ends first.
    pub(super) async fn run(self, mut done: impl FnMut(&Sample)) -> anyhow::Result<()> {
        let poster = Arc::new(self);
        let (speaker, mut heard) = tokio::sync::mpsc::channel(SENDERS);
        let mut senders = JoinSet::new();
        for _ in 0..SENDERS {
            senders.spawn(Arc::clone(&poster).send(speaker.clone()));
        }
        drop(speaker);
        let (mut next, mut early) = (0, BTreeMap::new());
        while let Some((place, sample)) = heard.recv().await {
            early.insert(place, sample);
            while let Some(sample) = early.remove(&next) {
                done(&sample);
                next += 1;
            }
        }
        early.values().for_each(done);
        let mut failed = None;
        while let Some(ended) = senders.join_next().await {
            failed = failed.or(ended.context("a sender panicked").and_then(|ended| ended).err());
        }
        failed.map_or(Ok(()), Err)
    }

    async fn send(
        self: Arc<Self>,
        speaker: tokio::sync::mpsc::Sender<(usize, Sample)>,
    ) -> anyhow::Result<()> {
        while let Some((place, sample)) = self.take() {
            if let Err(error) = self.post(&sample).await {
                // Nobody takes another one.
                while self.take().is_some() {}
                return Err(error);
            }
            if speaker.send((place, sample)).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    fn take(&self) -> Option<(usize, Sample)> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    async fn post(&self, sample: &Sample) -> anyhow::Result<()> {
        let Form { content_type, body } = self.form(sample)?;
        let headers = [
            ("content-type", content_type.as_str()),
            ("user-agent", USER_AGENT),
            ("authorization", self.authorization.expose()),
        ];
        let answer = self.client.post(&self.url, &headers, body.into()).await;
        let answer = answer.with_context(|| format!("can't post bp-{}", sample.crash_id))?;
        let text = String::from_utf8_lossy(&answer.body);
        let issued = text.trim().strip_prefix("CrashID=").and_then(|id| id.parse::<CrashId>().ok());
        match issued {
            Some(id) if answer.status.is_success() && id == sample.crash_id => Ok(()),
            Some(id) => {
                bail!("the collector took bp-{} under another id: bp-{id}", sample.crash_id)
            }
            None if answer.status == 401 => bail!(
                "the collector did not take our token for a submitter's: {} {}",
                answer.status,
                text.trim()
            ),
            None => bail!(
                "the collector refused bp-{}: {} {}",
                sample.crash_id,
                answer.status,
                text.trim()
            ),
        }
    }

    fn form(&self, sample: &Sample) -> anyhow::Result<Form> {
        let mut annotations = sample.annotations.clone();
        annotations.insert("uuid".to_owned(), sample.crash_id.to_string());
        annotations.insert("submitted_timestamp".to_owned(), sample.submitted.to_string());
        let dumps = sample.dumps.iter().map(|(name, dump)| {
            let bytes = self.dumps.get(dump).context("a dump is not in the pool")?;
            Ok((*name, bytes.as_ref()))
        });
        let dumps = dumps.collect::<anyhow::Result<Vec<_>>>()?;
        if sample.sends_json {
            let extra = serde_json::to_vec(&annotations)?;
            return Ok(Form::of_parts(&dumps, Some(&extra), &[], &SystemRandom));
        }
        let fields: Vec<_> = annotations.into_iter().collect();
        Ok(Form::of_parts(&dumps, None, &fields, &SystemRandom))
    }
}
