//! What makes a dump larger: threads, their stacks, and heap.

use std::hint::black_box;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use auxilio_testkit::splitmix::SplitMix;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Stack of a thread beyond what it is told to use: for its start and its sleep.
const STACK_SPARE: usize = 128 * KIB;

/// Bytes that each frame keeps; with what the compiler adds, a frame takes about one KiB.
const FRAME_FILL: usize = 960;

/// Starts `count` threads that sleep under `stack_kb` frames of one KiB, and waits until they do.
pub(crate) fn start_threads(count: u32, stack_kb: u32) -> Result<()> {
    let asleep = Arc::new(Barrier::new(count as usize + 1));
    for number in 1..=count {
        let asleep = Arc::clone(&asleep);
        thread::Builder::new()
            .name(format!("worker-{number}"))
            // A debug build's frames are up to twice as large.
            .stack_size(2 * KIB * stack_kb as usize + STACK_SPARE)
            .spawn(move || sleep_under(stack_kb, &asleep))
            .with_context(|| format!("start thread {number}"))?;
    }
    asleep.wait();
    Ok(())
}

#[inline(never)]
fn sleep_under(frames: u32, asleep: &Barrier) {
    let fill = [frames.to_le_bytes()[0]; FRAME_FILL];
    black_box(&fill);
    if frames > 0 {
        sleep_under(frames - 1, asleep);
    } else {
        asleep.wait();
        loop {
            thread::sleep(Duration::from_hours(1));
        }
    }
    black_box(&fill);
}

/// `megabytes` MiB of heap in `regions` pieces, each half noise and half zero, never freed.
pub(crate) fn fill_memory(megabytes: u32, regions: u32) -> Vec<&'static [u8]> {
    let regions = regions.max(1) as usize;
    let length = megabytes as usize * MIB / regions;
    if length == 0 {
        return Vec::new();
    }
    let mut random = SplitMix::new(u64::from(megabytes));
    let region = |_| {
        let mut bytes = vec![0; length];
        random.fill(&mut bytes[..length / 2]);
        &*Vec::leak(bytes)
    };
    (0..regions).map(region).collect()
}
