//! Wall time, and CPU time of this process and of all of HBase's: where other work runs beside, only the
//! second holds.

use std::fs;
use std::ops::{AddAssign, Sub};
use std::time::Instant;

use auxilio_testkit::hbase::Hbase;
use rustix::time::{ClockId, clock_gettime};

/// Clock ticks a second in `/proc/PID/stat`, on every Linux of today.
const TICKS: f64 = 100.0;

/// Seconds.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seconds {
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
}

impl AddAssign for Seconds {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.cpu += other.cpu;
    }
}

impl Sub for Seconds {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self { wall: self.wall - other.wall, cpu: self.cpu - other.cpu }
    }
}

/// A stop-watch that runs.
pub(crate) struct Meter<'a> {
    hbase: &'a Hbase,
    began: Instant,
    cpu: f64,
}

impl<'a> Meter<'a> {
    pub(crate) fn begin(hbase: &'a Hbase) -> Self {
        Self { hbase, began: Instant::now(), cpu: cpu(hbase) }
    }

    pub(crate) fn end(&self) -> Seconds {
        Seconds { wall: self.began.elapsed().as_secs_f64(), cpu: cpu(self.hbase) - self.cpu }
    }
}

fn cpu(hbase: &Hbase) -> f64 {
    let own = clock_gettime(ClockId::ProcessCPUTime);
    let pids = hbase.running().into_iter().map(|daemon| hbase.pid(daemon).unwrap());
    let theirs = pids.map(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        // Behind the name, which may have spaces: user and system time are fields 14 and 15.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11..13].iter().map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / TICKS
    });
    own.tv_sec as f64 + own.tv_nsec as f64 / 1e9 + theirs.sum::<f64>()
}
