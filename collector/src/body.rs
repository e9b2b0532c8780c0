//! Reading a body: off the wire, inflated, under every cap, into the form.

use std::io::Write;
use std::time::Duration;

use auxilio_common::limits;
use bytes::Bytes;
use flate2::write::MultiGzDecoder;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::content::{Coding, Content};
use crate::form::{Form, Received};
use crate::multipart::{FeedError, Parser};
use crate::refusal::Refusal;

/// Wire bytes that are inflated at once: at gzip's best ratio they become 4 MiB.
const INFLATE_STEP_BYTES: usize = 4 * 1024;

/// A body that was read to its end.
pub(crate) struct Read {
    pub(crate) received: Received,
    /// Bytes on the wire.
    pub(crate) wire_bytes: u64,
}

/// A body under way.
pub(crate) struct Reader {
    parser: Parser,
    form: Form,
    inflater: Option<MultiGzDecoder<Vec<u8>>>,
    wire_bytes: u64,
    inflated_bytes: u64,
}

impl Reader {
    pub(crate) fn new(content: &Content, form: Form) -> Self {
        let inflater = match content.coding {
            Coding::Identity => None,
            Coding::Gzip => Some(MultiGzDecoder::new(Vec::new())),
        };
        Self {
            parser: Parser::new(&content.boundary),
            form,
            inflater,
            wire_bytes: 0,
            inflated_bytes: 0,
        }
    }

    /// Reads the body to its end within a time.
    pub(crate) async fn read(
        mut self,
        body: &mut Incoming,
        time_max: Duration,
    ) -> Result<Read, Refusal> {
        let whole = async {
            while let Some(frame) = body.frame().await {
                if let Ok(bytes) = frame.map_err(Refusal::Aborted)?.into_data() {
                    self.take(&bytes)?;
                }
            }
            Ok(())
        };
        tokio::time::timeout(time_max, whole).await.map_err(|_| Refusal::TooSlow)??;
        self.finish()
    }

    fn take(&mut self, bytes: &Bytes) -> Result<(), Refusal> {
        self.wire_bytes += bytes.len() as u64;
        if self.wire_bytes > limits::BODY_BYTES_MAX {
            return Err(Refusal::TooLarge("the body"));
        }
        if self.inflater.is_none() {
            return self.feed(bytes);
        }
        for step in bytes.chunks(INFLATE_STEP_BYTES) {
            let Some(inflater) = &mut self.inflater else { break };
            inflater.write_all(step).map_err(Refusal::BadGzip)?;
            let plain = std::mem::take(inflater.get_mut());
            self.take_inflated(&plain)?;
        }
        Ok(())
    }

    fn take_inflated(&mut self, inflated: &[u8]) -> Result<(), Refusal> {
        self.inflated_bytes += inflated.len() as u64;
        let free = limits::INFLATE_RATIO_FREE_BYTES;
        let allowed = free + self.wire_bytes * limits::INFLATE_RATIO_MAX;
        if self.inflated_bytes > limits::INFLATED_BYTES_MAX || self.inflated_bytes > allowed {
            return Err(Refusal::TooLarge("the inflated body"));
        }
        self.feed(inflated)
    }

    fn feed(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.parser.feed(bytes, &mut self.form).map_err(|error| match error {
            FeedError::Form(error) => Refusal::BadForm(error),
            FeedError::Sink(refusal) => refusal,
        })
    }

    fn finish(mut self) -> Result<Read, Refusal> {
        if let Some(mut inflater) = self.inflater.take() {
            inflater.try_finish().map_err(Refusal::BadGzip)?;
            let rest = std::mem::take(inflater.get_mut());
            self.take_inflated(&rest)?;
        }
        self.parser.finish().map_err(Refusal::BadForm)?;
        Ok(Read { received: self.form.finish()?, wire_bytes: self.wire_bytes })
    }
}

/// Reads what is left of a refused body, so that its sender gets to see the answer. Says whether
/// the body came to its end; if not, the connection must be closed.
pub(crate) async fn drain(body: &mut Incoming, time_max: Duration) -> bool {
    let whole = async {
        let mut bytes = 0_u64;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
            if bytes > limits::BODY_BYTES_MAX {
                return false;
            }
        }
        true
    };
    tokio::time::timeout(time_max, whole).await.unwrap_or(false)
}
