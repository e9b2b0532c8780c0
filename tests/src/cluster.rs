//! The roles as single processes on an HBase of several processes, and faults of these under a
//! stream of crashes.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use auxilio_common::CrashId;
use auxilio_testkit::hbase::{Hbase, HbaseOptions};

use crate::roles::Roles;
use crate::stream::Stream;
use crate::{crashes, figures, wait};

/// What the issue grants from the cluster's own recovery on.
const RECOVERY: Duration = Duration::from_secs(60);

/// Time for all that was acknowledged to be processed.
const CATCH_UP: Duration = Duration::from_secs(180);

/// Pause of each of the stream's two senders after a crash: processing takes a debug build long.
const PAUSE: Duration = Duration::from_millis(400);

/// The system on a cluster.
pub struct Cluster {
    /// The roles. They end before HBase does.
    pub roles: Roles,
    /// Their store.
    pub hbase: Hbase,
}

impl Cluster {
    /// Starts both, with tables as `auxilio hbase ddl` orders them, and their regions on all region
    /// servers.
    pub fn start(options: &HbaseOptions) -> Result<Self> {
        let hbase = Hbase::with(options)?;
        let gateways: Vec<_> = hbase.gateways().iter().map(ToString::to_string).collect();
        let roles = Roles::prepare(&[
            ("AUXILIO_STORE__ENGINE", "hbase"),
            // Settings of roles are texts of the program; this one is known only now.
            ("AUXILIO_HBASE__GATEWAYS", gateways.join(",").leak()),
        ])?;
        let ddl = roles.auxilio().args(["hbase", "ddl", "--compression", "GZ"]).output()?;
        ensure!(ddl.status.success(), "hbase ddl: {}", String::from_utf8_lossy(&ddl.stderr));
        hbase.admin(&String::from_utf8(ddl.stdout)?)?;
        let mut cluster = Self { roles, hbase };
        for role in crate::roles::ROLES {
            cluster.roles.start_role(role)?;
        }
        Ok(cluster)
    }

    /// A stream of crashes that goes on until it is stopped.
    pub fn stream(&self) -> Stream {
        Stream::endless(self.roles.address("collector"), &self.roles.crashes, PAUSE)
    }

    /// Does something to the cluster, waits until the cluster is well by itself, and then until
    /// Auxilio is: what lay in the spool at that moment is in the store, and a crash posted then is
    /// processed. Says how long each took. The collector must have taken every crash meanwhile.
    ///
    /// # Panics
    ///
    /// When Auxilio is not well in time, or the collector refused a crash.
    pub fn recovers_from(
        &self,
        name: &str,
        stream: &Stream,
        fault: impl FnOnce(&Hbase) -> Result<()>,
    ) -> Result<()> {
        stream.take_slowest();
        let refused = stream.not_taken();
        let began = Instant::now();
        fault(&self.hbase).with_context(|| name.to_owned())?;
        self.hbase.wait_served().with_context(|| name.to_owned())?;
        let cluster = began.elapsed();
        let recovered = Instant::now();
        let waiting = self.roles.spooled();
        let newest = self.post()?;
        let processed = until(recovered, || self.roles.processed(newest).is_some(), name);
        let spool = until(recovered, || !waiting.iter().any(|path| path.exists()), name);
        figures::print(&format!(
            "{name}: the cluster itself after {:.1} s; from then on a new crash is processed in \
             {:.1} s and {} spooled ones are stored in {:.1} s; the slowest post took {} ms",
            cluster.as_secs_f64(),
            processed.as_secs_f64(),
            waiting.len(),
            spool.as_secs_f64(),
            stream.take_slowest().as_millis(),
        ))?;
        assert_eq!(stream.not_taken(), refused, "{name}: the collector refused crashes");
        Ok(())
    }

    /// Goes on for a time with a fault that the cluster does not feel, and says how long it took at
    /// the most until a crash was processed.
    ///
    /// # Panics
    ///
    /// When one is not processed in time.
    pub fn lives_with(&self, name: &str, time: Duration) -> Result<()> {
        let (began, mut slowest) = (Instant::now(), Duration::ZERO);
        while began.elapsed() < time {
            let posted = Instant::now();
            let crash_id = self.post()?;
            slowest = slowest.max(until(posted, || self.roles.processed(crash_id).is_some(), name));
            std::thread::sleep(Duration::from_millis(500));
        }
        figures::print(&format!(
            "{name}: for {:.0} s; meanwhile a crash was processed in {:.1} s at the most",
            began.elapsed().as_secs_f64(),
            slowest.as_secs_f64(),
        ))
    }

    /// Waits until each acknowledged crash is readable and has one report, with nothing left behind.
    ///
    /// # Panics
    ///
    /// When a crash is missing, or is there twice.
    pub fn assert_nothing_lost(&self, acknowledged: &[CrashId]) -> Result<()> {
        self.roles.wait_processed(acknowledged, CATCH_UP);
        wait::until("an empty spool", CATCH_UP, || self.roles.spooled().is_empty().then_some(()));
        assert_eq!(self.roles.quarantined().len(), 0);
        let reports = self.roles.reports()?;
        assert!(acknowledged.iter().all(|id| reports.get(id) == Some(&1)));
        assert!(reports.values().all(|count| *count == 1), "{reports:?}");
        Ok(())
    }

    fn post(&self) -> Result<CrashId> {
        let fields = [("ProductName", "Demo"), ("Version", "1.0")];
        crashes::post(self.roles.address("collector"), &fields, Some(&self.roles.crashes.segv))
    }
}

/// Waits for what has 60 s from `start` on, and answers the time that it took.
fn until(start: Instant, is_so: impl Fn() -> bool, name: &str) -> Duration {
    let left = RECOVERY.saturating_sub(start.elapsed());
    wait::until(name, left, || is_so().then_some(()));
    start.elapsed()
}
