//! `auxilio spool ls`: each crash that waits or is in quarantine, then how many there are.

use std::io;
use std::time::Duration;

use auxilio_common::{Clock, RawCrash, Timestamp};
use auxilio_crashmover::CarriedSpool;
use auxilio_spool::files::Kind;
use auxilio_spool::{Envelope, Error, Lane, SpoolFile};
use serde_json::{Value, json};

use super::line::{Lines, age, bytes, fault, title};
use super::reading::each_file;

/// The one annotation that is shown. It is public.
const PRODUCT: &str = "ProductName";

/// Lists the spools; whether all of each could be read.
pub(super) fn perform(
    spools: &[CarriedSpool],
    summary: bool,
    clock: &dyn Clock,
    lines: &mut Lines,
) -> io::Result<bool> {
    let mut is_good = true;
    for spool in spools {
        let mut counts = Counts::default();
        let read = each_file(&spool.name, &spool.source, |file| {
            counts.add(&file);
            if summary { Ok(()) } else { tell_crash(spool, &file, clock.now(), lines) }
        })?;
        is_good &= read == Some(true);
        if read.is_none() {
            continue;
        }
        let now = clock.now();
        lines.tell(|| counts.json(spool, now), || counts.text(spool, now))?;
    }
    Ok(is_good)
}

fn tell_crash(
    spool: &CarriedSpool,
    file: &SpoolFile,
    now: Timestamp,
    lines: &mut Lines,
) -> io::Result<()> {
    let Some(crash_id) = file.crash_id() else { return Ok(()) };
    let (crash, damage) = match Envelope::open(&file.path) {
        Ok(envelope) => (Some(envelope.into_raw_crash()), None),
        Err(error) if is_gone(&error) => return Ok(()),
        Err(error) => (None, Some(fault(&error))),
    };
    let reason = file.reason().unwrap_or_else(|error| Some(fault(&error)));
    let product = crash.as_ref().and_then(|crash| crash.annotation(PRODUCT));
    let is_quarantined = matches!(file.kind, Kind::Quarantined(_));
    let lane = lane(file.kind, crash.as_ref()).map(Lane::as_str);
    lines.tell(
        || {
            json!({
                "crash_id": crash_id, "spool": spool.name, "lane": lane,
                "quarantined": is_quarantined, "age_secs": now.since(file.written_at).as_secs(),
                "bytes": file.bytes, "product": product, "reason": reason, "damage": damage,
                "path": file.path.display().to_string(),
            })
        },
        || {
            let place = if is_quarantined { "quarantined" } else { lane.unwrap_or("-") };
            let mut text = format!(
                "{crash_id}  {place:11}  {:>4}  {:>9}  {}  {}",
                age(now.since(file.written_at)),
                bytes(file.bytes),
                spool.name,
                product.unwrap_or("-"),
            );
            for more in [&reason, &damage].into_iter().flatten() {
                text.push_str("  ");
                text.push_str(more);
            }
            text
        },
    )
}

/// The lane that a crash is in, or comes back to from quarantine.
fn lane(kind: Kind, crash: Option<&RawCrash>) -> Option<Lane> {
    match kind {
        Kind::Waiting(lane, _) => Some(lane),
        _ => crash.and_then(|crash| Lane::of(crash.metadata.throttle)),
    }
}

/// Whether a crash was carried away before it could be opened.
fn is_gone(error: &Error) -> bool {
    error.io_cause().is_some_and(|cause| cause.kind() == io::ErrorKind::NotFound)
}

/// How much of one kind there is.
#[derive(Clone, Copy, Default)]
struct Count {
    files: u64,
    bytes: u64,
    oldest: Option<Timestamp>,
}

impl Count {
    fn add(&mut self, file: &SpoolFile) {
        self.files += 1;
        self.bytes += file.bytes;
        self.oldest = Some(self.oldest.map_or(file.written_at, |at| at.min(file.written_at)));
    }

    fn oldest_age(&self, now: Timestamp) -> Option<Duration> {
        self.oldest.map(|oldest| now.since(oldest))
    }

    fn json(&self, now: Timestamp) -> Value {
        let oldest_secs = self.oldest_age(now).map(|age| age.as_secs());
        json!({"count": self.files, "bytes": self.bytes, "oldest_secs": oldest_secs})
    }

    fn text(&self, name: &str, now: Timestamp) -> String {
        self.oldest_age(now).map_or_else(
            || format!("0 {name}"),
            |oldest| {
                let (files, bytes) = (self.files, bytes(self.bytes));
                format!("{files} {name} ({bytes}, oldest {})", age(oldest))
            },
        )
    }
}

/// What one spool has.
#[derive(Default)]
struct Counts {
    lanes: [Count; Lane::ALL.len()],
    quarantined: Count,
    being_written: u64,
    unfinished: u64,
    stray: u64,
}

impl Counts {
    fn add(&mut self, file: &SpoolFile) {
        match file.kind {
            Kind::Waiting(lane, _) => self.lanes[lane as usize].add(file),
            Kind::Quarantined(_) => self.quarantined.add(file),
            Kind::Unfinished { writer_lives: true } => self.being_written += 1,
            Kind::Unfinished { writer_lives: false } => self.unfinished += 1,
            Kind::Stray => self.stray += 1,
        }
    }

    fn json(&self, spool: &CarriedSpool, now: Timestamp) -> Value {
        let mut sum = json!({
            "spool": spool.name, "dir": spool.source.dir().display().to_string(),
            "quarantined": self.quarantined.json(now), "being_written": self.being_written,
            "unfinished": self.unfinished, "stray": self.stray,
        });
        for lane in Lane::ALL {
            sum[lane.as_str()] = self.lanes[lane as usize].json(now);
        }
        sum
    }

    fn text(&self, spool: &CarriedSpool, now: Timestamp) -> String {
        let lanes = Lane::ALL.map(|lane| self.lanes[lane as usize].text(lane.as_str(), now));
        let mut parts = lanes.to_vec();
        parts.push(self.quarantined.text("quarantined", now));
        let others = [
            (self.being_written, "being written"),
            (self.unfinished, "unfinished"),
            (self.stray, "stray"),
        ];
        let others = others.into_iter().filter(|(count, _)| *count > 0);
        parts.extend(others.map(|(count, name)| format!("{count} {name}")));
        format!("{}: {}", title(spool), parts.join(", "))
    }
}
