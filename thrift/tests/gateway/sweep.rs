//! Calls of each kind, harmed at each byte of what they send and of what they are answered.
//!
//! After each harm the next call on the same client must be right: it reads a row that nobody else
//! reads, so an answer that came late or belongs to another call would show.

use std::collections::BTreeMap;
use std::time::Duration;

use auxilio_common::storage::ErrorClass;
use auxilio_testkit::hbase::Gateway;
use auxilio_thrift::{Client, Error, Protocol, RowPut, Scan, Transport};
use futures::future::join_all;
use tokio::time::sleep;

use crate::support::{Bench, cell, connect};
use crate::tamper::{Fault, Tamper, Way};

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Put,
    Get,
    /// Three calls: open, fetch, close.
    Scan,
    Batch,
    PutIfAbsent,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Put, Self::Get, Self::Scan, Self::Batch, Self::PutIfAbsent];
}

/// A mode of gateways.
pub(crate) type Mode = (Transport, Protocol);

pub(crate) const MODES: [Mode; 4] = [
    (Transport::Buffered, Protocol::Binary),
    (Transport::Framed, Protocol::Compact),
    (Transport::Buffered, Protocol::Compact),
    (Transport::Framed, Protocol::Binary),
];

/// Everything that may happen to a byte.
pub(crate) const FAULTS: [Fault; 13] = [
    Fault::Cut,
    Fault::Flip(0x01),
    Fault::Lie([0x7f, 0xff, 0xff, 0xff]),
    Fault::Delay,
    Fault::Omit,
    Fault::Flip(0x80),
    Fault::Lie([0xff, 0xff, 0xff, 0xff]),
    Fault::Double,
    Fault::Swap,
    Fault::Hold,
    // A length that is believed, in either protocol, and never comes.
    Fault::Lie([0x00, 0x10, 0x00, 0x00]),
    Fault::Lie([0x80, 0x80, 0x40, 0x00]),
    Fault::Replay,
];

/// One harm.
type Case = (Way, usize, Fault);

/// What came of it all.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) cases: usize,
    /// Calls that gave something else than they should: an error, or changed bytes.
    pub(crate) harmed: usize,
    /// Reads after a harmed call that had no answer, because the gateway waited for more of it.
    pub(crate) silenced: usize,
    /// Calls and reads that came too late for no such reason: the machine has other things to do.
    pub(crate) late: usize,
    /// Errors by their names.
    pub(crate) errors: BTreeMap<&'static str, usize>,
}

impl Tally {
    /// Says what is wrong with it as a whole: harm that did nothing, or that went on.
    pub(crate) fn check(&self, least: usize) {
        let errors: usize = self.errors.values().sum();
        assert!(self.cases > least && errors > self.cases / 5, "{self:?}");
        assert!(self.silenced <= self.cases / 20 && self.late <= self.cases / 10, "{self:?}");
    }

    fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.harmed += other.harmed;
        self.silenced += other.silenced;
        self.late += other.late;
        for (name, count) in other.errors {
            *self.errors.entry(name).or_default() += count;
        }
    }
}

/// A bench whose table's name is far from that of any other test: a changed request may write
/// anywhere.
pub(crate) async fn bench() -> Bench {
    let bench = Bench::with(|config| {
        config.table_prefix = format!("harmed_again_and_again_{}", config.table_prefix);
    });
    bench.table().await;
    bench
}

/// Harms calls of every kind through a gateway of a mode; `choose` picks the harms from the lengths
/// of request and answer.
pub(crate) async fn sweep(
    bench: &Bench,
    mode: Mode,
    choose: impl Fn([usize; 2]) -> Vec<Case>,
    workers: usize,
) -> Tally {
    let (transport, protocol) = mode;
    let gateway = Gateway {
        framed: transport == Transport::Framed,
        compact: protocol == Protocol::Compact,
        // It believes the length of a list whose elements have no size: it needs room for 200
        // million of them, and must not end at one that no room would do for.
        java: vec!["-Xmx6g", "-XX:-ExitOnOutOfMemoryError"],
        ..Gateway::default()
    };
    let place = bench.hbase.add_gateway(gateway).unwrap();
    let workers: Vec<_> =
        (0..workers).map(|number| Worker::new(bench, place, mode, number)).collect();
    join_all(workers.iter().map(Worker::prepare)).await;
    let mut tally = Tally::default();
    for kind in Kind::ALL {
        let cases = choose(workers[0].lengths(kind).await);
        // Neighbours by one worker: what a gateway makes room for is seldom asked for twice at once.
        let shares = cases.chunks(cases.len().div_ceil(workers.len()));
        let parts =
            workers.iter().zip(shares).map(async |(worker, share)| worker.harm(kind, share).await);
        join_all(parts).await.into_iter().for_each(|part| tally.add(part));
    }
    bench.hbase.kill_gateway(place).unwrap();
    tally
}

/// A client behind a proxy of its own, with rows of its own under one salt.
struct Worker {
    tamper: Tamper,
    client: Client,
    transport: Transport,
    place: usize,
    number: usize,
}

impl Worker {
    fn new(bench: &Bench, place: usize, (transport, protocol): Mode, number: usize) -> Self {
        let tamper = Tamper::start(bench.hbase.gateways()[place]);
        let mut config = bench.config.clone();
        config.gateways = vec![tamper.address().to_string()];
        (config.transport, config.protocol, config.call_timeout_secs) = (transport, protocol, 1);
        let (client, _) = connect(&config);
        Self { tamper, client, transport, place, number }
    }

    fn key(&self, name: &str) -> Vec<u8> {
        let Self { place, number, .. } = self;
        format!("{:x}{place:03}{number:02}{name}", number % 16).into_bytes()
    }

    fn witness(&self) -> Vec<u8> {
        format!("witness of {}", self.number).into_bytes()
    }

    async fn prepare(&self) {
        for (key, value) in
            [("scan1", "one"), ("scan2", "two"), ("ZZZZ", "witness"), ("get", "got")]
        {
            let value = if value == "witness" { self.witness() } else { value.as_bytes().to_vec() };
            let (key, cells) = (self.key(key), cell(value));
            // A gateway that has just started is slow.
            while let Err(error) = self.client.put_row("t", &key, &cells, 1).await {
                assert_ne!(error.class(), ErrorClass::Permanent, "{error:?}");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }

    /// Bytes of a call's request and of its answer.
    async fn lengths(&self, kind: Kind) -> [usize; 2] {
        let mut before = [0; 2];
        for number in (9_900..9_999).rev() {
            self.tamper.came();
            let made = self.call(kind, &name(kind, number)).await;
            let lengths = self.tamper.came();
            // A call that was made more than once because it came late is longer.
            if matches!(made, Ok(true)) && lengths == before {
                assert!(lengths.iter().all(|bytes| *bytes > 10), "{kind:?} {lengths:?}");
                return lengths;
            }
            before = lengths;
        }
        panic!("no two calls of {kind:?} were alike");
    }

    async fn harm(&self, kind: Kind, cases: &[Case]) -> Tally {
        let mut tally = Tally::default();
        for (number, case) in cases.iter().enumerate() {
            let ((way, at, fault), name) = (*case, name(kind, number));
            let mut tries = 0;
            let made = loop {
                self.tamper.arm(way, at, fault);
                let made = self.call(kind, &name).await;
                if self.tamper.disarm() {
                    break made;
                }
                // So late that there was nothing to harm.
                assert!(made.as_ref().is_err_and(is_late), "{kind:?} {case:?}: it never came");
                (tries, tally.late) = (tries + 1, tally.late + 1);
                assert!(tries < 10, "{kind:?} {case:?}: {made:?}");
                sleep(Duration::from_secs(1)).await;
            };
            let witness = self.read_after(kind, *case, &made, &self.key("ZZZZ"), &mut tally).await;
            assert!(witness.is_some_and(|it| it == self.witness()), "after {kind:?} {case:?}");
            let mut left = true;
            for key in self.written(kind, &name) {
                let value = self.read_after(kind, *case, &made, &key, &mut tally).await;
                left &= value.is_some_and(|it| it == name.as_bytes());
            }
            let made = made.map(|right| right && left);
            tally.late += usize::from(is_late_unharmed(fault, &made));
            judge(kind, *case, &made, left);
            tally.cases += 1;
            tally.harmed += usize::from(!matches!(made, Ok(true)));
            if let Err(error) = made {
                *tally.errors.entry(error.name()).or_default() += 1;
            }
        }
        assert!(self.client.status().threads <= 2, "no thread was lost or left behind");
        tally
    }

    /// Reads a row after a harmed call: it must be right.
    ///
    /// There is one thing that nobody can see before a call has waited till its deadline. Without
    /// frames a request can be changed so that the gateway takes its first part for all of it,
    /// answers that, and waits for the rest of what it takes for the next one.
    async fn read_after(
        &self,
        kind: Kind,
        case: Case,
        made: &Result<bool, Error>,
        key: &[u8],
        tally: &mut Tally,
    ) -> Option<Vec<u8>> {
        let (way, _, fault) = case;
        let get = || self.client.get_row("t", key, &[b"f:q"], 100);
        let mut row = get().await;
        if row.as_ref().is_err_and(is_late) {
            let kept = made.as_ref().map_or_else(|error| error.sort().is_some(), |_| true);
            let changed = !matches!(fault, Fault::Cut | Fault::Delay | Fault::Hold | Fault::Replay);
            let without_frames = self.transport == Transport::Buffered;
            if way == Way::ToServer && without_frames && changed && kept {
                tally.silenced += 1;
            } else {
                tally.late += 1;
            }
            row = get().await;
        }
        // A machine with much else to do is late again.
        for _ in 0..5 {
            if row.as_ref().is_err_and(is_late) {
                sleep(Duration::from_secs(1)).await;
                row = get().await;
            }
        }
        let row = row.unwrap_or_else(|error| panic!("after {kind:?} {case:?}: {error:?}"));
        row?.cell("f:q").map(|cell| cell.value.clone())
    }

    /// Makes a call; whether what it gave is right.
    async fn call(&self, kind: Kind, name: &str) -> Result<bool, Error> {
        let (client, key) = (&self.client, self.key(name));
        match kind {
            Kind::Put => client.put_row("t", &key, &cell(name.to_owned()), 1).await.map(|()| true),
            Kind::Get => {
                let row = client.get_row("t", &self.key("get"), &[b"f:q"], 100).await?;
                let cell = row.as_ref().and_then(|row| row.cell("f:q"));
                Ok(cell.is_some_and(|cell| cell.value == b"got" && cell.timestamp == 1))
            }
            Kind::Scan => {
                let (start, stop) = (self.key("scan"), self.key("scao"));
                let scan = Scan { table: "t", start: &start, stop: &stop, ..Scan::default() };
                let rows = client.scan_page(&scan, 10, 100).await?;
                let values: Vec<_> = rows.iter().filter_map(|row| row.cell("f:q")).collect();
                Ok(matches!(values[..], [one, two] if one.value == b"one" && two.value == b"two"))
            }
            Kind::Batch => {
                let rows = self.batch(name).map(|key| RowPut {
                    key,
                    cells: cell(name.to_owned()).to_vec(),
                    timestamp: 1,
                });
                // A batch that fails is made once more, row by row.
                client.put_rows("t", &rows).await.pop().map_or(Ok(true), |(_, error)| Err(error))
            }
            Kind::PutIfAbsent => client.put_if_absent("t", &key, &cell(name.to_owned())[0]).await,
        }
    }

    fn batch(&self, name: &str) -> [Vec<u8>; 2] {
        [self.key(name), self.key(&format!("{name}+"))]
    }

    /// The rows that a call writes.
    fn written(&self, kind: Kind, name: &str) -> Vec<Vec<u8>> {
        match kind {
            Kind::Get | Kind::Scan => Vec::new(),
            Kind::Put | Kind::PutIfAbsent => vec![self.key(name)],
            Kind::Batch => self.batch(name).to_vec(),
        }
    }
}

/// Whether a call had no answer in time, or no connection.
fn is_late(error: &Error) -> bool {
    matches!(error.name(), "timed_out" | "unreachable" | "resting")
}

/// Whether a call had no answer in time though nothing kept it back but the machine.
fn is_late_unharmed(fault: Fault, made: &Result<bool, Error>) -> bool {
    matches!(fault, Fault::Cut | Fault::Delay) && made.as_ref().is_err_and(is_late)
}

/// What must come of a harmed call, where that is certain.
fn judge(kind: Kind, case: Case, made: &Result<bool, Error>, left: bool) {
    let (way, _, fault) = case;
    match (fault, made) {
        _ if is_late_unharmed(fault, made) => {}
        (Fault::Delay, made) => assert!(matches!(made, Ok(true)), "{kind:?} {case:?}: {made:?}"),
        (Fault::Cut, made) if kind != Kind::PutIfAbsent => {
            assert!(matches!(made, Ok(true)), "{kind:?} {case:?} is made again: {made:?}");
        }
        (Fault::Cut, Err(error)) => {
            assert_eq!(error.class(), ErrorClass::Unknown, "{case:?}: {error:?}");
            assert!(left || way == Way::ToServer, "{case:?}: it was answered, so it was done");
        }
        (Fault::Hold, Err(error)) => assert!(is_late(error), "{kind:?} {case:?}: {error:?}"),
        // Right it may be: after a failed batch its rows go one by one, and if what was harmed is the
        // first question on a new connection, the call goes over another one.
        (Fault::Cut | Fault::Hold, Ok(false)) => panic!("{kind:?} {case:?}: no answer came"),
        _ => {}
    }
}

/// A name of five characters, so that requests of a kind have one length.
fn name(kind: Kind, number: usize) -> String {
    let kind = match kind {
        Kind::Put => 'P',
        Kind::Get => 'G',
        Kind::Scan => 'S',
        Kind::Batch => 'B',
        Kind::PutIfAbsent => 'C',
    };
    format!("{kind}{number:04}")
}

/// Every fault at every byte.
#[cfg(feature = "long")]
pub(crate) fn everything(lengths: [usize; 2]) -> Vec<Case> {
    places(lengths, 1).flat_map(|(way, at)| FAULTS.map(|fault| (way, at, fault))).collect()
}

/// One fault at every sixth byte, each in its turn.
pub(crate) fn sample(lengths: [usize; 2]) -> Vec<Case> {
    let faults = FAULTS.iter().cycle();
    places(lengths, 6).zip(faults).map(|((way, at), fault)| (way, at, *fault)).collect()
}

fn places(lengths: [usize; 2], step: usize) -> impl Iterator<Item = (Way, usize)> {
    let ways = Way::BOTH.into_iter().zip(lengths);
    ways.flat_map(move |(way, length)| (0..length).step_by(step).map(move |at| (way, at)))
}
