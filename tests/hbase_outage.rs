//! HBase is gone for minutes, or an hour, while crashes go on coming at Mozilla's rate: for
//! `bin/test --long`. A short outage is in `hbase_roles.rs`.
//!
//! `AUXILIO_OUTAGE_MINUTES` says for how long, by default ten minutes. `AUXILIO_RELEASE_BINARY` names
//! a release build to run; with it the drain must be fast as well. A debug build is not: it gets a
//! quarter of the crashes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use auxilio_common::{CrashId, CrashStore as _};
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_service::environment::Environment;
use auxilio_testkit::hbase::{Daemon, Hbase, HbaseOptions};
use auxilio_testkit::splitmix::SplitMix;
use auxilio_tests::crashes::{self, Crashes};
use auxilio_tests::roles::{ROLES, Roles};
use auxilio_tests::stream::Stream;
use auxilio_tests::{binary, figures, wait};
use auxilio_thrift::{Client, Config, HbaseStore};
use tokio::runtime::Runtime;

/// Crashes a second: Mozilla's 2012 load, and what a debug build bears.
const RATES: [u32; 2] = [40, 10];

/// Bytes of a dump.
const BYTES: usize = 36_000;

/// Time within which a crash that comes during the drain is in the store: far less than the drain
/// takes, or it would show nothing.
const NEW_ONE: Duration = Duration::from_secs(30);

/// What the issue grants from the cluster's own recovery on.
const RECOVERY: Duration = Duration::from_secs(60);

/// Time without any progress after which it has failed.
const STANDSTILL: Duration = Duration::from_secs(120);

/// The whole system on an HBase, and a client of this for us.
struct System {
    roles: Roles,
    hbase: Hbase,
    store: HbaseStore,
    runtime: Runtime,
    crashes: Arc<Crashes>,
    is_release: bool,
    /// Crashes a second.
    rate: u32,
}

impl System {
    fn start() -> Result<Self> {
        let options = HbaseOptions {
            // With 3 GB it died of 160,000 crashes of 36 kB, drained and processed at once.
            server_heap: "6g".into(),
            gateway_heap: "1g".into(),
            optimised: true,
            ..HbaseOptions::default()
        };
        let hbase = Hbase::with(&options)?;
        let gateway = hbase.gateways()[0].to_string();
        let config = Config { gateways: vec![gateway.clone()], ..Config::default() };
        let (clock, random) = (Arc::new(SystemClock::start()), Arc::new(SystemRandom));
        let store = HbaseStore::new(Client::new(&config, clock, random, Arc::new(()))?);
        let runtime = Runtime::new()?;
        let release = binary::release()?;
        let is_release = release.is_some();
        let mut roles = Roles::prepare_of(
            release.map_or_else(binary::auxilio, Ok)?,
            &[
                ("AUXILIO_STORE__ENGINE", "hbase"),
                // Settings of roles are texts of the program; this one is known only now.
                ("AUXILIO_HBASE__GATEWAYS", gateway.leak()),
            ],
        )?;
        let ddl = roles.auxilio().args(["hbase", "ddl", "--compression", "GZ"]).output()?;
        hbase.admin(&String::from_utf8(ddl.stdout)?)?;
        for role in ROLES {
            roles.start_role(role)?;
        }
        let crashes = Arc::new(of_size(&roles.crashes));
        let rate = RATES[usize::from(!is_release)];
        Ok(Self { roles, hbase, store, runtime, crashes, is_release, rate })
    }

    fn end_hbase(&self) -> Result<()> {
        self.hbase.kill_gateway(0)?;
        self.hbase.kill(Daemon::Master)
    }

    fn start_hbase(&self) -> Result<()> {
        self.hbase.start_daemon(Daemon::Master)?;
        self.hbase.start_gateway(0)
    }

    /// Waits until crashes get into the store again, and answers how long that took after HBase's own
    /// recovery. Each second another crash is posted: the first ones may be buried by what comes.
    fn wait_recovered(&self) -> Result<Duration> {
        self.hbase.wait_served()?;
        let (recovered, mut posted) = (Instant::now(), Vec::new());
        loop {
            posted.push(self.post()?);
            for _ in 0..10 {
                std::thread::sleep(Duration::from_millis(100));
                if posted.iter().any(|crash_id| self.is_readable(*crash_id)) {
                    return Ok(recovered.elapsed());
                }
            }
            ensure!(recovered.elapsed() < RECOVERY, "nothing is stored after HBase came back");
        }
    }

    fn stream(&self) -> Stream {
        Stream::at_rate(self.roles.address("collector"), &self.crashes, self.rate)
    }

    fn post(&self) -> Result<CrashId> {
        let fields = [("ProductName", "Demo"), ("Version", "1.0")];
        crashes::post(self.roles.address("collector"), &fields, Some(&self.crashes.segv))
    }

    fn is_readable(&self, crash_id: CrashId) -> bool {
        self.runtime.block_on(self.store.get_raw(crash_id)).is_ok_and(|found| found.is_some())
    }

    /// All crashes that the store has of the days of some.
    fn stored(&self, days: &[CrashId]) -> Result<HashSet<CrashId>> {
        let days: HashSet<_> = days.iter().map(|crash_id| crash_id.day()).collect();
        let mut stored = HashSet::new();
        for day in days {
            let mut after = None;
            loop {
                let page = self.runtime.block_on(self.store.list_day(day, after, 5_000))?;
                let Some(last) = page.last() else { break };
                after = Some(*last);
                stored.extend(page);
            }
        }
        Ok(stored)
    }

    /// Seconds of processor time that a role took so far, and the most memory that it had, in MB.
    fn cost(&self, role: &str) -> Result<(f64, u64)> {
        let pid = self.roles.running(role)?.pid().as_raw_nonzero();
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let (_, fields) = stat.rsplit_once(") ").context("stat has no name")?;
        let ticks = fields.split(' ').skip(11).take(2).filter_map(|it| it.parse::<f64>().ok());
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok());
        Ok((ticks.sum::<f64>() / 100.0, peak.context("no VmHWM")? / 1_024))
    }
}

/// The dumps, filled up with noise behind their end.
fn of_size(crashes: &Crashes) -> Crashes {
    let fill = |dump: &[u8]| {
        let mut noise = vec![0; BYTES.saturating_sub(dump.len())];
        SplitMix::new(1).fill(&mut noise);
        [dump, &noise].concat()
    };
    Crashes { segv: fill(&crashes.segv), abort: fill(&crashes.abort) }
}

fn minutes() -> f64 {
    let environment = Environment::of_process();
    environment.get("AUXILIO_OUTAGE_MINUTES").map_or(10.0, |text| text.parse().unwrap())
}

/// How the spool became empty.
struct Drain {
    took: Duration,
    stored: usize,
    /// How long each took until it was readable that came meanwhile, the shortest first.
    new_ones: Vec<Duration>,
}

impl Drain {
    fn per_second(&self) -> f64 {
        self.stored as f64 / self.took.as_secs_f64()
    }

    fn median(&self) -> Duration {
        self.new_ones.get(self.new_ones.len() / 2).copied().unwrap_or_default()
    }

    fn slowest(&self) -> Duration {
        self.new_ones.last().copied().unwrap_or_default()
    }
}

/// Follows the drain to its end, and posts a crash of our own each second.
fn drain(system: &System, stream: &Stream) -> Drain {
    let began = Instant::now();
    let (waiting, before) = (system.roles.spooled().len(), stream.acknowledged());
    let (mut unread, mut posted, mut new_ones) = (Vec::new(), 0, Vec::new());
    let (mut left, mut least, mut progress) = (waiting, waiting, Instant::now());
    while left > system.rate as usize || !unread.is_empty() {
        if left > system.rate as usize {
            unread.push((system.post().unwrap(), Instant::now()));
            posted += 1;
        }
        for _ in 0..5 {
            std::thread::sleep(Duration::from_millis(200));
            unread.retain(|(crash_id, posted)| {
                let is_unread = !system.is_readable(*crash_id);
                if !is_unread {
                    new_ones.push(posted.elapsed());
                }
                is_unread
            });
        }
        left = system.roles.spooled().len();
        if left < least {
            (least, progress) = (left, Instant::now());
        }
        assert!(progress.elapsed() < STANDSTILL, "{left} of {waiting} are left and stay");
    }
    new_ones.sort_unstable();
    let stored = waiting + stream.acknowledged() - before + posted - left;
    Drain { took: began.elapsed(), stored, new_ones }
}

/// Waits until as many crashes have a report, as long as there are more and more of them.
fn wait_reports(system: &System, count: usize) -> Result<()> {
    let mut client = system.roles.database.client()?;
    let (mut most, mut progress) = (0, Instant::now());
    loop {
        let reports: i64 = client.query_one("SELECT count(*) FROM reports", &[])?.get(0);
        if reports >= i64::try_from(count)? {
            return Ok(());
        }
        if reports > most {
            (most, progress) = (reports, Instant::now());
        }
        assert!(progress.elapsed() < STANDSTILL, "{reports} of {count} have a report");
        std::thread::sleep(Duration::from_secs(1));
    }
}

#[test]
fn long_outage_of_hbase_loses_nothing_and_what_comes_after_it_need_not_wait() {
    let system = System::start().unwrap();
    let first = system.post().unwrap();
    system.roles.wait_processed(&[first], STANDSTILL);
    system.end_hbase().unwrap();
    let cost = |role| system.cost(role).unwrap();
    let before = [cost("crashmover").0, cost("collector").0];

    let stream = system.stream();
    std::thread::sleep(Duration::from_secs_f64(minutes() * 60.0));
    let (acknowledged, spooled) = (stream.acknowledged(), system.roles.spooled().len());
    assert!(spooled >= acknowledged, "{spooled} spooled of {acknowledged}");
    assert!(
        f64::from(system.rate) * minutes() * 50.0 < acknowledged as f64,
        "the collector is too slow"
    );
    figures::print(&format!(
        "HBase gone for {} minutes: {spooled} crashes spooled, {} posts refused, the slowest took {} ms; \
         meanwhile crashmover and collector took {:.1} and {:.1} s of processor time",
        minutes(),
        stream.not_taken(),
        stream.take_slowest().as_millis(),
        cost("crashmover").0 - before[0],
        cost("collector").0 - before[1],
    ))
    .unwrap();

    system.start_hbase().unwrap();
    let recovery = system.wait_recovered().unwrap();
    let drain = drain(&system, &stream);
    figures::print(&format!(
        "HBase is back, and {:.1} s later Auxilio: {} crashes stored in {:.0} s, {:.0} a second, {} a second coming meanwhile; \
         of {} new ones half were readable in {:.1} s and all in {:.1} s; the slowest post took {} ms; \
         at most {} MB in the crashmover and {} MB in the collector",
        recovery.as_secs_f64(),
        drain.stored,
        drain.took.as_secs_f64(),
        drain.per_second(),
        system.rate,
        drain.new_ones.len(),
        drain.median().as_secs_f64(),
        drain.slowest().as_secs_f64(),
        stream.take_slowest().as_millis(),
        cost("crashmover").1,
        cost("collector").1,
    ))
    .unwrap();

    assert_eq!(stream.not_taken(), 0, "the collector refused crashes");
    let acknowledged = stream.stop();
    wait::until("an empty spool", STANDSTILL, || system.roles.spooled().is_empty().then_some(()));
    let stored = system.stored(&acknowledged).unwrap();
    let lost = acknowledged.iter().filter(|crash_id| !stored.contains(crash_id)).count();
    assert_eq!((lost, system.roles.quarantined().len()), (0, 0));
    wait_reports(&system, stored.len()).unwrap();
    let reports = system.roles.reports().unwrap();
    assert_eq!(reports.len(), stored.len());
    assert!(reports.values().all(|count| *count == 1));
    // On a slow machine some of the new ones may miss their turn.
    assert!(drain.median() < NEW_ONE, "new crashes waited for {:?}", drain.median());
    if system.is_release {
        assert!(drain.slowest() < NEW_ONE, "a new crash waited for {:?}", drain.slowest());
        assert!(drain.per_second() > 3.0 * f64::from(system.rate), "that is too slow");
    }
}
