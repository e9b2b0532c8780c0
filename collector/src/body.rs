//! Reading a body: off the wire, inflated, under every cap, into the form.

use std::time::Duration;

use auxilio_common::limits;
use auxilio_service::metrics;
use bytes::Bytes;
use http::{Version, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::timeout;

use crate::codings::{Budget, Coding, Decoder};
use crate::config::Config;
use crate::content::Content;
use crate::form::{Form, Received};
use crate::multipart::{FeedError, Parser};
use crate::overload::Load;
use crate::refusal::Refusal;

/// Bytes of a body that is not compressed which are read between two turns of others.
const PIECE_BYTES: usize = 16 * 1024;

/// A request's body on the wire.
pub(crate) struct Wire {
    body: Incoming,
    /// Whether the client holds it back until it hears "100 Continue".
    held_back: bool,
}

impl Wire {
    /// Takes a request's body.
    pub(crate) fn new(head: &http::request::Parts, body: Incoming) -> Self {
        let expects = head.headers.get(header::EXPECT).is_some_and(|value| {
            value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"100-continue")
        });
        Self { body, held_back: expects && head.version > Version::HTTP_10 }
    }

    /// The next bytes. The first call sends "100 Continue" to who waits for it.
    async fn next(&mut self) -> Option<Result<Bytes, hyper::Error>> {
        self.held_back = false;
        loop {
            match self.body.frame().await?.map(hyper::body::Frame::into_data) {
                Ok(Ok(bytes)) => return Some(Ok(bytes)),
                // Trailers.
                Ok(Err(_)) => {}
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// A body that was read to its end.
pub(crate) struct Read {
    pub(crate) received: Received,
    /// Bytes on the wire.
    pub(crate) wire_bytes: u64,
    /// What it counts for until it is spooled.
    pub(crate) load: Load,
}

/// A body under way.
pub(crate) struct Reader {
    parser: Parser,
    form: Form,
    inflater: Option<Inflater>,
    wire_bytes: u64,
    load: Load,
}

/// How long a body may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyTimes {
    /// In all.
    whole_max: Duration,
    /// Without a byte.
    stall_max: Duration,
}

impl BodyTimes {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            whole_max: Duration::from_secs(config.body_time_max_secs),
            stall_max: Duration::from_secs(config.body_stall_max_secs),
        }
    }
}

/// What makes a compressed body plain.
struct Inflater {
    coding: Coding,
    decoder: Decoder,
    budget: Budget,
    step: Vec<u8>,
}

impl Reader {
    pub(crate) fn new(content: &Content, form: Form, load: Load) -> Result<Self, Refusal> {
        let inflater = match content.coding {
            Some(coding) => Some(Inflater::new(coding)?),
            None => None,
        };
        Ok(Self { parser: Parser::new(&content.boundary), form, inflater, wire_bytes: 0, load })
    }

    /// Reads the body to its end within its times.
    pub(crate) async fn read(mut self, wire: &mut Wire, times: BodyTimes) -> Result<Read, Refusal> {
        let whole = async {
            while let Some(bytes) = next_in_time(wire, times.stall_max).await? {
                self.take(&bytes.map_err(Refusal::Aborted)?).await?;
            }
            Ok::<(), Refusal>(())
        };
        timeout(times.whole_max, whole).await.map_err(|_| Refusal::TooSlow)??;
        self.finish()
    }

    async fn take(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.wire_bytes += bytes.len() as u64;
        if self.wire_bytes > limits::BODY_BYTES_MAX {
            return Err(Refusal::TooLarge("the body"));
        }
        self.load.grow_to(self.wire_bytes);
        let Some(inflater) = &mut self.inflater else {
            for piece in bytes.chunks(PIECE_BYTES) {
                feed(&mut self.parser, &mut self.form, piece)?;
                let_others(&self.form).await;
            }
            return Ok(());
        };
        let mut rest = bytes;
        loop {
            let used = inflater.step(rest, self.wire_bytes)?;
            rest = &rest[used..];
            if used == 0 && inflater.step.is_empty() {
                return Ok(());
            }
            feed(&mut self.parser, &mut self.form, &inflater.step)?;
            let_others(&self.form).await;
        }
    }

    fn finish(mut self) -> Result<Read, Refusal> {
        if let Some(inflater) = &mut self.inflater {
            inflater.finish(self.wire_bytes)?;
            feed(&mut self.parser, &mut self.form, &inflater.step)?;
        }
        self.parser.finish().map_err(Refusal::BadForm)?;
        let received = self.form.finish()?;
        let coding = self.inflater.as_ref().map_or("identity", |inflater| inflater.coding.as_str());
        metrics::COLLECTOR_BODY.record(self.wire_bytes as f64, &[]);
        metrics::COLLECTOR_BODY_BYTES.add(self.wire_bytes, &[coding]);
        metrics::COLLECTOR_ANNOTATIONS.record(received.annotations.len() as f64, &[]);
        if let Some(inflater) = &self.inflater {
            let plain = inflater.budget.unpacked() as f64;
            metrics::COLLECTOR_INFLATED_BYTES.add(inflater.budget.unpacked(), &[coding]);
            metrics::COLLECTOR_INFLATE_RATIO.record(plain / (self.wire_bytes as f64).max(1.0), &[]);
        }
        Ok(Read { received, wire_bytes: self.wire_bytes, load: self.load })
    }
}

impl Inflater {
    fn new(coding: Coding) -> Result<Self, Refusal> {
        let decoder = Decoder::new(coding).map_err(|error| Refusal::BadEncoding(coding, error))?;
        let budget = Budget::new(limits::INFLATED_BYTES_MAX);
        Ok(Self { coding, decoder, budget, step: Vec::new() })
    }

    /// One step of the stream, into the step's own buffer.
    fn step(&mut self, input: &[u8], wire_bytes: u64) -> Result<usize, Refusal> {
        self.step.clear();
        let used = self.decoder.step(input, &mut self.step);
        self.within_budget(wire_bytes)?;
        used.map_err(|error| Refusal::BadEncoding(self.coding, error))
    }

    fn finish(&mut self, wire_bytes: u64) -> Result<(), Refusal> {
        self.step.clear();
        let finished = self.decoder.finish(&mut self.step);
        finished.map_err(|error| Refusal::BadEncoding(self.coding, error))?;
        self.within_budget(wire_bytes)
    }

    fn within_budget(&mut self, wire_bytes: u64) -> Result<(), Refusal> {
        self.budget
            .take(self.step.len(), wire_bytes)
            .map_err(|_| Refusal::TooLarge("the inflated body"))
    }
}

/// Lets other requests have their turn: a few bytes may become millions, and those of a compressed dump
/// take the longest.
async fn let_others(form: &Form) {
    if form.is_unpacking() {
        tokio::task::yield_now().await;
    } else {
        tokio::task::coop::consume_budget().await;
    }
}

fn feed(parser: &mut Parser, form: &mut Form, bytes: &[u8]) -> Result<(), Refusal> {
    parser.feed(bytes, form).map_err(|error| match error {
        FeedError::Form(error) => Refusal::BadForm(error),
        FeedError::Sink(refusal) => refusal,
    })
}

/// The next bytes of a body that does not stand still.
async fn next_in_time(
    wire: &mut Wire,
    stall_max: Duration,
) -> Result<Option<Result<Bytes, hyper::Error>>, Refusal> {
    timeout(stall_max, wire.next()).await.map_err(|_| Refusal::TooSlow)
}

/// Reads what is left of a refused body, so that its sender gets to see the answer. Says whether
/// the body came to its end; if not, the connection must be closed. A client that still holds its body
/// back is not asked for it.
pub(crate) async fn drain(wire: &mut Wire, time_max: Duration) -> bool {
    if wire.held_back {
        return false;
    }
    let whole = async {
        let mut bytes = 0_u64;
        while let Some(more) = wire.next().await {
            let Ok(more) = more else { return false };
            bytes += more.len() as u64;
            if bytes > limits::BODY_BYTES_MAX {
                return false;
            }
        }
        true
    };
    timeout(time_max, whole).await.unwrap_or(false)
}
