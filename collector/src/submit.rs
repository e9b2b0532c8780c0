//! `POST /submit`: the one way in. Durable first, answered second.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{
    CrashId, Metadata, RawCrash, SubmissionOutcome, Throttle, Timestamp, annotation, limits,
};
use auxilio_service::{Shell, error_chain, metrics};
use auxilio_spool::{Lane, Ledger, Spool};
use axum::body::Body;
use http::{HeaderMap, Request, Response, header};
use hyper::body::Incoming;

use crate::body::{self, BodyTimes, Read, Reader, Wire};
use crate::codings::Coding;
use crate::config::Config;
use crate::content::Content;
use crate::form::{Form, Received};
use crate::overload::Overload;
use crate::refusal::Refusal;
use crate::submission::Submission;
use crate::throttle::quota::Quotas;
use crate::throttle::{Decision, LiveRules, private};
use crate::tokens::SubmitterTokens;
use crate::{answer, identity};

/// What all submissions share.
pub(crate) struct Collector {
    pub(crate) spool: Arc<Spool>,
    pub(crate) tokens: SubmitterTokens,
    ledger: Arc<Ledger>,
    rules: Arc<LiveRules>,
    quotas: Quotas,
    removed_fields: Vec<String>,
    overload: Arc<Overload>,
    times: BodyTimes,
    pub(crate) drain_time_max: Duration,
    pub(crate) shell: Shell,
}

impl Collector {
    pub(crate) fn new(
        config: &Config,
        spool: Arc<Spool>,
        ledger: Arc<Ledger>,
        rules: Arc<LiveRules>,
        quotas: Quotas,
        shell: Shell,
    ) -> Self {
        Self {
            spool,
            tokens: SubmitterTokens::new(&config.submitter_tokens),
            ledger,
            rules,
            quotas,
            removed_fields: config.removed_fields.clone(),
            overload: Overload::new(config),
            times: BodyTimes::new(config),
            drain_time_max: Duration::from_secs(config.drain_time_max_secs),
            shell,
        }
    }

    /// Takes one submission from its head to its answer.
    pub(crate) async fn submit(
        self: Arc<Self>,
        peer: SocketAddr,
        request: Request<Incoming>,
    ) -> Response<Body> {
        let submission = Submission::begin(Arc::clone(&self.shell.clock), Arc::clone(&self.ledger));
        let received_at = self.shell.clock.now();
        let (head, body) = request.into_parts();
        let mut wire = Wire::new(&head, body);
        match self.receive(peer, &head.headers, &mut wire).await {
            Ok((coding, read)) => {
                // In a task of its own: whoever goes away now can't leave a crash half counted.
                let spooling = tokio::task::spawn_blocking(move || {
                    self.spool(&head.headers, coding, read, received_at, submission)
                });
                spooling.await.unwrap_or_else(|error| {
                    tracing::error!(error = error_chain(&error), "spooling a crash panicked");
                    answer::refused(&Refusal::Internal, false)
                })
            }
            Err(refusal) => self.refuse(&refusal, &mut wire, submission).await,
        }
    }

    /// Everything up to the last byte of the body.
    async fn receive(
        &self,
        peer: SocketAddr,
        headers: &HeaderMap,
        wire: &mut Wire,
    ) -> Result<(Option<Coding>, Read), Refusal> {
        // Trusted submitters replay what others sent: nobody's quota is theirs.
        if !self.tokens.allow(headers) {
            self.quotas.take_address(peer, headers)?;
        }
        let content = Content::of(headers)?;
        // From here on it counts, until it is spooled or refused.
        let load = self.overload.admit(content_length(headers))?;
        let draft = self.spool.begin().map_err(|error| {
            if error.is_fullness() { Refusal::DiskFull(error) } else { Refusal::Spool(error) }
        })?;
        let read = Reader::new(&content, Form::new(draft), load)?.read(wire, self.times).await?;
        Ok((content.coding, read))
    }

    /// Everything after it: verdict, identity, and the flush to disk.
    fn spool(
        &self,
        headers: &HeaderMap,
        coding: Option<Coding>,
        read: Read,
        received_at: Timestamp,
        mut submission: Submission,
    ) -> Response<Body> {
        match self.commit(headers, coding, read, received_at, &mut submission) {
            Ok((crash_id, decision)) => {
                submission.end(outcome_of_verdict(decision.throttle), &decision.rule);
                match decision.throttle {
                    Throttle::Discard => answer::discarded(&decision.rule),
                    _ => answer::accepted(crash_id),
                }
            }
            Err(refusal) => {
                log_refusal(&refusal);
                submission.end(outcome_of(&refusal), refusal.code());
                answer::refused(&refusal, false)
            }
        }
    }

    fn commit(
        &self,
        headers: &HeaderMap,
        coding: Option<Coding>,
        read: Read,
        received_at: Timestamp,
        submission: &mut Submission,
    ) -> Result<(CrashId, Decision), Refusal> {
        let Read { received, wire_bytes, load: _load } = read;
        let Received { draft, mut annotations, payload, mut notes } = received;
        private::remove(&mut annotations, &self.removed_fields, &mut notes);
        notes.extend(annotation::fill_from_aliases(&mut annotations));
        submission.is_of(&annotations);
        let may_supply = self.tokens.allow(headers);
        let decision = if may_supply && annotations.contains_key("uuid") {
            Decision::from_submitter()
        } else {
            self.rules.current().decide(&annotations, received_at, &*self.shell.random)
        };
        let identity = identity::decide(
            &mut annotations,
            &mut notes,
            decision.throttle,
            received_at,
            may_supply,
            &*self.shell.random,
        )?;
        let crash_id = identity.crash_id;
        let Some(lane) = Lane::of(decision.throttle) else {
            // The draft is dropped here: unlinked, never flushed.
            tracing::info!(rule = %decision.rule, verdict = ?decision.throttle, "a crash is not kept");
            return Ok((crash_id, decision));
        };
        if !may_supply {
            self.quotas.take_product(&annotations)?;
        }
        let user_agent = user_agent(headers, &mut notes);
        let metadata = Metadata {
            submitted_timestamp: identity.submitted_timestamp,
            received_at,
            throttle: decision.throttle,
            throttle_rule: decision.rule.to_string(),
            sample_percent: decision.sample_percent,
            payload,
            payload_compressed: coding.is_some(),
            payload_size: wire_bytes,
            user_agent,
            id_supplied: identity.supplied,
            collector_notes: notes,
        };
        let raw_crash = RawCrash { crash_id, annotations, metadata, dumps: Vec::new() };
        submission.expect(draft.path(), outcome_of_verdict(decision.throttle), &decision.rule);
        let spooled = draft.commit(lane, raw_crash).map_err(Refusal::Spool)?;
        metrics::COLLECTOR_SPOOLED.record(spooled.bytes as f64, &[]);
        tracing::info!(%crash_id, bytes = spooled.bytes, rule = %decision.rule, "crash {crash_id} is spooled");
        Ok((crash_id, decision))
    }

    async fn refuse(
        &self,
        refusal: &Refusal,
        wire: &mut Wire,
        submission: Submission,
    ) -> Response<Body> {
        log_refusal(refusal);
        let whole = body::drain(wire, self.drain_time_max).await;
        submission.end(outcome_of(refusal), refusal.code());
        answer::refused(refusal, !whole)
    }
}

fn outcome_of_verdict(throttle: Throttle) -> SubmissionOutcome {
    match throttle {
        Throttle::Accept => SubmissionOutcome::Accepted,
        Throttle::Defer => SubmissionOutcome::Deferred,
        Throttle::Discard => SubmissionOutcome::Discarded,
        Throttle::FakeAccept => SubmissionOutcome::FakeAccepted,
    }
}

fn outcome_of(refusal: &Refusal) -> SubmissionOutcome {
    match refusal {
        Refusal::Aborted(_) => SubmissionOutcome::Aborted,
        refusal if refusal.is_ours() => SubmissionOutcome::Failed,
        _ => SubmissionOutcome::Refused,
    }
}

fn log_refusal(refusal: &Refusal) {
    if refusal.is_ours() {
        tracing::error!(
            code = refusal.code(),
            error = error_chain(refusal),
            "a crash could not be spooled"
        );
    } else {
        tracing::info!(
            code = refusal.code(),
            error = error_chain(refusal),
            "a submission was not taken"
        );
    }
}

/// How long the body is, if the client says it.
fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}

/// The header User-Agent, as much of it as is kept.
fn user_agent(headers: &HeaderMap, notes: &mut Vec<String>) -> Option<String> {
    let bytes = headers.get(header::USER_AGENT)?.as_bytes();
    let mut text = String::from_utf8_lossy(bytes).into_owned();
    let end = text.floor_char_boundary(limits::USER_AGENT_BYTES_MAX);
    if end < text.len() {
        notes.push(format!("User-Agent of {} bytes was cut to {end}", bytes.len()));
        text.truncate(end);
    }
    Some(text)
}
