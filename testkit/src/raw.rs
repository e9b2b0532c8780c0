//! Raw crashes by a seed, with dumps in memory: for the stores' conformance suite and for
//! property tests. The dumps hold noise; dumps of real crashes come from [`crate::crashme`].

use std::fmt::Write;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{
    CrashId, Day, DumpInfo, DumpName, Metadata, Payload, RawCrash, RawEnvelope, Throttle, Timestamp,
};
use sha2::{Digest, Sha256};

use crate::crashme::Kind;
use crate::sample;
use crate::splitmix::SplitMix;

/// Names that dumps beside the main one have on the wire.
const OTHER_DUMPS: &[&str] =
    &["upload_file_minidump_browser", "upload_file_minidump_flash1", "memory_report"];

/// Largest dump that is made: many crashes must fit into a test.
const DUMP_BYTES: usize = 64 * 1024;

/// Texts that have broken formats before: empty, of other scripts, with every kind of line end.
const ODD_TEXTS: &[&str] = &[
    "",
    " ",
    "\"quoted\" \\ 'single'",
    "a\r\nb\nc\td\0e",
    "\u{202e}שלום \u{1f4a5}",
    "{\"json\": [1, 2]}",
    "a=b&c=d;--",
];

/// A raw crash in the making. What isn't set comes from the seed.
#[derive(Clone, Debug)]
pub struct Recipe {
    raw_crash: RawCrash,
    dumps: Vec<Vec<u8>>,
}

impl Recipe {
    /// A crash of the day `day`, wholly decided by the seed.
    ///
    /// Three of four are accepted, the others deferred. A few have no dump, most have one, some
    /// have several, and a dump may be empty.
    pub fn new(day: Day, seed: u64) -> Self {
        let mut random = SplitMix::new(seed);
        let throttle = if random.chance(75) { Throttle::Accept } else { Throttle::Defer };
        let micros = random.below(86_400_000_000);
        let received_at = Timestamp::midnight(day).plus(Duration::from_micros(micros));
        let mut unique = [0; 16];
        random.fill(&mut unique);
        let mut annotations =
            sample::annotations(*random.pick(Kind::all()), received_at, random.next());
        for odd in 0..random.below(3) {
            annotations.insert(format!("Odd{odd}"), (*random.pick(ODD_TEXTS)).to_owned());
        }
        let raw_crash = RawCrash {
            crash_id: CrashId::issue(unique, throttle.digit().unwrap_or_default(), day),
            annotations,
            metadata: metadata(&mut random, received_at, throttle),
            dumps: Vec::new(),
        };
        let mut recipe = Self { raw_crash, dumps: Vec::new() };
        for name in dump_names(&mut random) {
            let mut bytes = vec![0; random.index(DUMP_BYTES)];
            random.fill(&mut bytes);
            recipe = recipe.dump(name, bytes);
        }
        recipe
    }

    /// With this verdict, and the id's digit to match.
    #[must_use]
    pub fn throttle(mut self, throttle: Throttle) -> Self {
        self.raw_crash.metadata.throttle = throttle;
        let text = self.raw_crash.crash_id.to_string();
        let digit = throttle.digit().unwrap_or_default();
        let text = format!("{}{digit}{}", &text[..29], &text[30..]);
        // Another digit in the digit's place leaves an id.
        self.raw_crash.crash_id = text.parse().unwrap_or(self.raw_crash.crash_id);
        self
    }

    /// With this id. Its day should be that of the submission.
    #[must_use]
    pub fn crash_id(mut self, crash_id: CrashId) -> Self {
        self.raw_crash.crash_id = crash_id;
        self
    }

    /// With an id that its submitter chose: only such ids can meet.
    #[must_use]
    pub fn supplied_id(mut self) -> Self {
        self.raw_crash.metadata.id_supplied = true;
        self
    }

    /// Submitted at this moment; received as well.
    #[must_use]
    pub fn submitted_at(mut self, at: Timestamp) -> Self {
        self.raw_crash.metadata.submitted_timestamp = at;
        self.raw_crash.metadata.received_at = at;
        self
    }

    /// Received at this moment, whenever it says that it was submitted: as a replay is.
    #[must_use]
    pub fn received_at(mut self, at: Timestamp) -> Self {
        self.raw_crash.metadata.received_at = at;
        self
    }

    /// With this annotation; an earlier one of the name is replaced.
    #[must_use]
    pub fn annotation(mut self, name: &str, text: &str) -> Self {
        self.raw_crash.annotations.insert(name.to_owned(), text.to_owned());
        self
    }

    /// Without any dump.
    #[must_use]
    pub fn without_dumps(mut self) -> Self {
        self.raw_crash.dumps.clear();
        self.dumps.clear();
        self
    }

    /// With this dump as the last one; offsets go on where the dump before it ends.
    #[must_use]
    pub fn dump(mut self, name: DumpName, bytes: Vec<u8>) -> Self {
        let offset = self.raw_crash.dumps.last().map_or(0, |last| last.offset + last.length);
        self.raw_crash.dumps.push(DumpInfo {
            name,
            offset,
            length: bytes.len() as u64,
            sha256: sha256(&bytes),
            crc32: Some(crc32fast::hash(&bytes)),
        });
        self.dumps.push(bytes);
        self
    }

    /// The crash as an envelope.
    pub fn envelope(self) -> MemoryEnvelope {
        let dumps = self.dumps.into_iter().map(Arc::from).collect();
        MemoryEnvelope { raw_crash: self.raw_crash, dumps, path: None }
    }
}

fn metadata(random: &mut SplitMix, received_at: Timestamp, throttle: Throttle) -> Metadata {
    let deferred = throttle == Throttle::Defer;
    Metadata {
        submitted_timestamp: received_at,
        received_at,
        throttle,
        throttle_rule: if deferred { "sampled" } else { "accept_everything" }.to_owned(),
        sample_percent: if deferred { 10.0 } else { 100.0 },
        payload: *random.pick(&[Payload::Json, Payload::Multipart, Payload::Both]),
        payload_compressed: random.chance(30),
        payload_size: 1_000 + random.below(100_000),
        user_agent: random.chance(80).then(|| "crashme/1.0 (Linux)".to_owned()),
        id_supplied: random.chance(5),
        collector_notes: if random.chance(10) { vec!["a note".to_owned()] } else { Vec::new() },
    }
}

/// Distinct names, the main dump's first where there is one.
fn dump_names(random: &mut SplitMix) -> Vec<DumpName> {
    let others = match random.index(10) {
        0 => return Vec::new(),
        1..=7 => 0,
        count => count - 7,
    };
    let named = OTHER_DUMPS.iter().take(others).filter_map(|name| DumpName::from_part(name).ok());
    std::iter::once(DumpName::main()).chain(named).collect()
}

/// SHA-256 as a raw crash's dumps carry it: 64 lower-case hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// An envelope whose dumps are in memory.
#[derive(Clone, Debug)]
pub struct MemoryEnvelope {
    raw_crash: RawCrash,
    dumps: Vec<Arc<[u8]>>,
    path: Option<PathBuf>,
}

impl MemoryEnvelope {
    /// With this file to show as its own. It must hold each dump at the offset that the raw crash
    /// says, in the spool's format, because a store may link it.
    #[must_use]
    pub fn with_path(mut self, path: PathBuf) -> Self {
        self.path = Some(path);
        self
    }

    /// A dump's bytes; `None` if the crash has no such dump.
    pub fn dump_bytes(&self, name: &DumpName) -> Option<&[u8]> {
        self.shared_dump(name).map(AsRef::as_ref)
    }

    fn shared_dump(&self, name: &DumpName) -> Option<&Arc<[u8]>> {
        let place = self.raw_crash.dumps.iter().position(|dump| dump.name == *name)?;
        self.dumps.get(place)
    }

    /// All dumps in their order, with their bytes.
    pub fn dumps(&self) -> impl Iterator<Item = (&DumpInfo, &[u8])> {
        self.raw_crash.dumps.iter().zip(self.dumps.iter().map(AsRef::as_ref))
    }
}

impl RawEnvelope for MemoryEnvelope {
    fn raw_crash(&self) -> &RawCrash {
        &self.raw_crash
    }

    fn open_dump(&self, name: &DumpName) -> io::Result<Option<Box<dyn Read + Send>>> {
        let bytes = self.shared_dump(name).map(Arc::clone);
        Ok(bytes.map(|bytes| Box::new(Cursor::new(bytes)) as Box<dyn Read + Send>))
    }

    fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn day() -> Day {
        "20261124".parse().unwrap()
    }

    #[test]
    fn a_seed_repeats_the_crash_and_ids_differ() {
        let make = |seed| Recipe::new(day(), seed).envelope();
        assert_eq!(make(9).raw_crash, make(9).raw_crash);
        assert_eq!(make(9).dumps, make(9).dumps);
        let ids: BTreeSet<_> = (0..1_000).map(|seed| make(seed).raw_crash.crash_id).collect();
        assert_eq!(ids.len(), 1_000);
    }

    #[test]
    fn every_crash_is_of_its_day_and_survives_json() {
        for seed in 0..200 {
            let raw = Recipe::new(day(), seed).envelope().raw_crash;
            assert_eq!(raw.crash_id.day(), day());
            assert_eq!(raw.metadata.submitted_timestamp.day(), Some(day()));
            assert_eq!(Some(raw.crash_id.digit()), raw.metadata.throttle.digit());
            let text = serde_json::to_string(&raw).unwrap();
            assert_eq!(serde_json::from_str::<RawCrash>(&text).unwrap(), raw, "seed {seed}");
        }
    }

    #[test]
    fn crashes_come_with_no_dump_with_one_and_with_several() {
        let counts: BTreeSet<_> =
            (0..200).map(|seed| Recipe::new(day(), seed).envelope().dumps.len()).collect();
        assert_eq!(counts, BTreeSet::from([0, 1, 2, 3]));
    }

    #[test]
    fn a_dump_reads_back_as_its_information_says() {
        let envelope = Recipe::new(day(), 1)
            .without_dumps()
            .dump(DumpName::main(), b"first".to_vec())
            .dump(DumpName::from_part("second").unwrap(), b"more".to_vec())
            .envelope();
        let places: Vec<_> =
            envelope.raw_crash.dumps.iter().map(|dump| (dump.offset, dump.length)).collect();
        assert_eq!(places, [(0, 5), (5, 4)]);
        let mut bytes = Vec::new();
        let mut open = envelope.open_dump(&DumpName::main()).unwrap().unwrap();
        open.read_to_end(&mut bytes).unwrap();
        assert_eq!(sha256(&bytes), envelope.raw_crash.dumps[0].sha256);
        assert!(envelope.open_dump(&DumpName::from_part("third").unwrap()).unwrap().is_none());
        // The standard's own example of SHA-256.
        assert!(sha256(b"abc").starts_with("ba7816bf8f01cfea"));
    }

    #[test]
    fn a_chosen_verdict_shows_in_the_id() {
        let raw = Recipe::new(day(), 4).throttle(Throttle::Defer).envelope().raw_crash;
        assert_eq!((raw.crash_id.digit(), raw.metadata.throttle), (1, Throttle::Defer));
        assert_eq!(raw.crash_id.day(), day());
    }
}
