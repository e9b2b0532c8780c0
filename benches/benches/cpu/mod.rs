//! CPU time of one run of something, so that other work on the machine matters little.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// CPU time that each measurement takes at least.
const MEASURED: Duration = Duration::from_secs(2);

/// CPU seconds of one run, after a first one that warms everything up.
pub(crate) fn seconds(run: impl FnMut()) -> f64 {
    seconds_over(MEASURED, run)
}

/// The same by a measurement that takes at least so much CPU time.
pub(crate) fn seconds_over(measured: Duration, mut run: impl FnMut()) -> f64 {
    run();
    let begin = now();
    let mut runs = 0_u32;
    loop {
        run();
        runs += 1;
        let taken = now().saturating_sub(begin);
        if taken >= measured {
            return taken.as_secs_f64() / f64::from(runs);
        }
    }
}

fn now() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    // Neither is negative, and nanoseconds stay below a thousand million.
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
