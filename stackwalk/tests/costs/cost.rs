//! What a worker has cost so far, by the kernel's own account.

use std::fmt;
use std::fs;
use std::time::Duration;

/// The promise for one hostile dump. Memory is the whole worker's, its program's pages included.
const RESIDENT_BYTES_MAX: u64 = 200_000_000;
const CPU_MAX: Duration = Duration::from_secs(2);

/// The kernel counts CPU time for `/proc` in hundredths of a second, whatever its own clock.
const TICKS_PER_SECOND: u32 = 100;

/// Memory and CPU time of a process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// The most that it ever had resident: `VmHWM`.
    pub(crate) resident_bytes: u64,
    /// User and system time of all its threads.
    pub(crate) cpu: Duration,
}

impl Cost {
    /// Of a running process, from its start on.
    pub(crate) fn of(pid: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kibibytes: u64 = line.trim().strip_suffix(" kB").unwrap().parse().unwrap();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        // The name before the last parenthesis may hold anything; state is the next field.
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: u32 = [11, 12].map(|at: usize| fields[at].parse::<u32>().unwrap()).iter().sum();
        let cpu = Duration::from_secs(1) * ticks / TICKS_PER_SECOND;
        Self { resident_bytes: kibibytes * 1024, cpu }
    }

    /// The larger one of each.
    pub(crate) fn max(self, other: Self) -> Self {
        let resident_bytes = self.resident_bytes.max(other.resident_bytes);
        Self { resident_bytes, cpu: self.cpu.max(other.cpu) }
    }

    /// Fails if it is more than is promised.
    pub(crate) fn assert_is_bounded(self, of: &str) {
        assert!(self.resident_bytes < RESIDENT_BYTES_MAX, "{of}: {self}");
        assert!(self.cpu < CPU_MAX, "{of}: {self}");
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:5} MB, {:4} ms CPU", self.resident_bytes / 1_000_000, self.cpu.as_millis())
    }
}
