//! Thousands of crashes at once, put straight into the store or the spool by their own libraries,
//! as an outage leaves them: posting them all would take longer than the test itself.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use auxilio_common::{Clock, CrashId, CrashStore, DumpName, RawEnvelope, Throttle, Timestamp};
use auxilio_disk_store::DiskStore;
use auxilio_service::clock::SystemClock;
use auxilio_spool::{Lane, Spool};
use auxilio_testkit::clock::{TestClock, TestRandom};
use auxilio_testkit::raw::{MemoryEnvelope, Recipe};

use crate::roles::Roles;
use crate::user;

/// Writers side by side: they share flushes.
const WRITERS: usize = 32;

/// Time over which a backlog came.
const SPREAD: Duration = Duration::from_mins(20);

/// Time that a crash came before the next one.
fn step(count: usize) -> Duration {
    SPREAD / u32::try_from(count.max(1)).unwrap_or(u32::MAX)
}

/// Puts `count` crashes into the store with their rows of the unprocessed index: the monitor has
/// not seen them yet. Each has a real dump. Answers their ids, the oldest first.
pub fn in_store(roles: &Roles, count: usize) -> Result<Vec<CrashId>> {
    let dir = roles.dir.path().join("store");
    let config = auxilio_disk_store::Config { dir: dir.clone() };
    let store = DiskStore::new(config, Arc::new(TestRandom::new(1)));
    let runtime = tokio::runtime::Runtime::new()?;
    let crashes = Crashes::new(roles, 0..count)?;
    crashes.each(|envelope| {
        runtime.block_on(store.put_raw(Arc::new(envelope)))?;
        Ok(())
    })?;
    user::give_all(&dir)?;
    Ok(crashes.ids)
}

/// Puts `count` crashes into the spool, over the minutes of an outage. Answers their ids, the
/// oldest first.
pub fn in_spool(roles: &Roles, count: usize) -> Result<Vec<CrashId>> {
    in_folder(roles, &roles.dir.path().join("spool"), 0..count)
}

/// The same in any folder, with the ids of these numbers.
pub fn in_folder(roles: &Roles, dir: &Path, numbers: Range<usize>) -> Result<Vec<CrashId>> {
    let config = auxilio_spool::Config { dir: dir.to_owned(), ..auxilio_spool::Config::default() };
    let crashes = Crashes::new(roles, numbers)?;
    let clock = Arc::new(TestClock::at(crashes.first));
    let spool = Spool::open(config, Arc::clone(&clock) as _, Arc::new(TestRandom::new(2)))?;
    crashes.each(|envelope| {
        let raw_crash = envelope.raw_crash();
        // The folder is that of a minute: that another writer moves the clock meanwhile is fine.
        clock.set(raw_crash.metadata.received_at);
        let mut draft = spool.begin()?;
        for (dump, bytes) in envelope.dumps() {
            draft.begin_dump(dump.name.clone())?;
            draft.write(bytes)?;
            draft.end_dump()?;
        }
        draft.commit(Lane::Standard, raw_crash.clone())?;
        Ok(())
    })?;
    user::give_all(dir)?;
    Ok(crashes.ids)
}

/// Crashes that differ in id and time alone.
struct Crashes {
    template: Recipe,
    ids: Vec<CrashId>,
    first: Timestamp,
}

impl Crashes {
    fn new(roles: &Roles, numbers: Range<usize>) -> Result<Self> {
        let now = SystemClock::start().now();
        let first = now.minus(SPREAD);
        let day = now.day().context("this is no day")?;
        let template = Recipe::new(day, 1)
            .without_dumps()
            .annotation("HangID", "")
            .annotation("ProductName", "Demo")
            .throttle(Throttle::Accept)
            .dump(DumpName::main(), roles.crashes.segv.clone());
        let (from, count) = (numbers.start, numbers.len());
        let ids = numbers.map(|number| {
            let day = first.plus(step(count) * u32::try_from(number - from)?).day();
            Ok(CrashId::issue(unique(number), 0, day.context("this is no day")?))
        });
        Ok(Self { template, ids: ids.collect::<Result<_>>()?, first })
    }

    /// Does something with each crash, many side by side.
    fn each(&self, put: impl Fn(MemoryEnvelope) -> Result<()> + Sync) -> Result<()> {
        let next = AtomicUsize::new(0);
        let work = || -> Result<()> {
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                let Some(crash_id) = self.ids.get(number) else { return Ok(()) };
                let at = self.first.plus(step(self.ids.len()) * u32::try_from(number)?);
                put(self.template.clone().crash_id(*crash_id).submitted_at(at).envelope())?;
            }
        };
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..WRITERS).map(|_| scope.spawn(work)).collect();
            writers.into_iter().try_for_each(|writer| {
                writer.join().unwrap_or_else(|_| anyhow::bail!("a writer panicked"))
            })
        })
    }
}

/// Bytes of an id: 64 of the store's folders get crashes, so that their flushes are shared.
fn unique(number: usize) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[0] = u8::try_from(number % 64).unwrap_or_default();
    bytes[1..5].copy_from_slice(&u32::try_from(number).unwrap_or_default().to_be_bytes());
    bytes
}
