//! The process that crashes.

use std::hint::black_box;
use std::os::unix::net::UnixStream;

use anyhow::{Context, Result, bail};
use auxilio_testkit::crashme::{Kind, Options};
use rustix::process::Signal;

use crate::{ballast, crash, handler, wire};

/// Makes the ballast, then crashes. Returns only if it could not.
pub(crate) fn run(kind: Kind, options: Options) -> Result<()> {
    // A parent that was killed leaves no spinning child behind.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .context("ask to die with the parent")?;
    let socket = rustix::stdio::stdin().try_clone_to_owned().context("take the parent's socket")?;
    let mut stream = UnixStream::from(socket);
    ballast::start_threads(options.threads, options.stack_kb)?;
    for region in ballast::fill_memory(options.app_mb, options.app_regions) {
        wire::write_memory(&mut stream, region).context("tell the parent of the memory")?;
    }
    handler::install().context("install the signal handler")?;
    black_box(descend(options.depth, kind));
    bail!("{} did not crash", kind.name())
}

/// Calls itself `depth` times, then crashes. What it returns has no meaning.
#[inline(never)]
fn descend(depth: u32, kind: Kind) -> u32 {
    if depth == 0 {
        crash::crash(kind);
        return 0;
    }
    // Something to do afterwards, or the call would become a jump and leave no frame.
    black_box(descend(depth - 1, kind)) ^ depth
}
