//! Wall time, and CPU time of this process and of all of HBase's: where other work runs beside, only the
//! second holds.

use std::fs;
use std::ops::AddAssign;
use std::time::Instant;

use auxilio_testkit::hbase::Hbase;
use rustix::time::{ClockId, clock_gettime};

/// Clock ticks a second in `/proc/PID/stat`, on every Linux of today.
const TICKS: f64 = 100.0;

/// Seconds.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seconds {
    pub(crate) wall: f64,
    /// Of this process.
    pub(crate) own: f64,
    /// Of HBase's.
    pub(crate) theirs: f64,
}

impl AddAssign for Seconds {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.own += other.own;
        self.theirs += other.theirs;
    }
}

/// A stop-watch that runs.
pub(crate) struct Meter<'a> {
    hbase: &'a Hbase,
    began: Instant,
    own: f64,
    theirs: f64,
}

impl<'a> Meter<'a> {
    pub(crate) fn begin(hbase: &'a Hbase) -> Self {
        Self { hbase, began: Instant::now(), own: own(), theirs: theirs(hbase) }
    }

    pub(crate) fn end(&self) -> Seconds {
        Seconds {
            wall: self.began.elapsed().as_secs_f64(),
            own: own() - self.own,
            theirs: theirs(self.hbase) - self.theirs,
        }
    }
}

fn own() -> f64 {
    let own = clock_gettime(ClockId::ProcessCPUTime);
    own.tv_sec as f64 + own.tv_nsec as f64 / 1e9
}

fn theirs(hbase: &Hbase) -> f64 {
    let pids = hbase.running().into_iter().map(|daemon| hbase.pid(daemon).unwrap());
    let theirs = pids.map(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        // Behind the name, which may have spaces: user and system time are fields 14 and 15.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / TICKS
    });
    theirs.sum()
}
