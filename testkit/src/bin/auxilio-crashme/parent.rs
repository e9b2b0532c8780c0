//! The process that writes the dump: it starts the child, waits for its crash and reads it by ptrace.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use auxilio_testkit::crashme::{Kind, Options};
use minidump_writer::CrashContextExt;
use minidump_writer::app_memory::AppMemoryList;
use minidump_writer::minidump_writer::MinidumpWriterConfig;
use rustix::process::{Resource, Rlimit};

use crate::wire::{self, Message};

/// How long the child may take to crash; filling 300 MiB on a busy machine takes a few seconds.
const PATIENCE: Duration = Duration::from_mins(1);

/// The stack that `stack-overflow` uses up, whatever limit the caller has: Linux's usual one.
const STACK_BYTES: u64 = 8 * 1024 * 1024;

/// Crashes a child and writes its dump to `out`.
pub(crate) fn run(kind: Kind, options: Options, out: &Path) -> Result<()> {
    let mut file = File::create(out).with_context(|| format!("create {}", out.display()))?;
    let (mut stream, theirs) = UnixStream::pair().context("make a socket pair")?;
    stream.set_read_timeout(Some(PATIENCE)).context("bound the wait for the child")?;
    let mut child = start(kind, options, theirs).context("start the child")?;
    let dumped = dump(&mut child, &mut stream, &mut file);
    if dumped.is_err() || kind == Kind::Spin {
        // It may be gone already: then there is nothing left to kill.
        let _ = child.kill();
    }
    // The end of the stream lets a crashed child go on to its death.
    drop(stream);
    let status = child.wait().context("wait for the child")?;
    dumped.with_context(|| format!("dump the child, which ended with {status}"))?;
    let expected = kind.expectation().signal;
    if status.signal() != Some(expected) {
        bail!("the child ended with {status} and not by signal {expected}");
    }
    Ok(())
}

/// Starts this program as the child, with nothing of our environment.
fn start(kind: Kind, options: Options, theirs: UnixStream) -> Result<Child> {
    let maximum = rustix::process::getrlimit(Resource::Stack).maximum;
    let stack = Rlimit { current: Some(STACK_BYTES), maximum };
    rustix::process::setrlimit(Resource::Stack, stack).context("set the stack's limit")?;
    Command::new(std::env::current_exe()?)
        .arg0("auxilio-crashme")
        .args(["--child", kind.name()])
        .args(options.to_arguments())
        .env_clear()
        .current_dir("/")
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(Into::into)
}

/// Reads what the child says up to its crash, then writes the dump.
fn dump(child: &mut Child, stream: &mut UnixStream, file: &mut File) -> Result<()> {
    // A process id of Linux is a positive i32.
    let process = child.id().cast_signed();
    let mut memory = AppMemoryList::new();
    let context = loop {
        match wire::read(stream).context("hear from the child")? {
            Message::Memory(region) => memory.push(region),
            Message::Crash(context) => break Some(context),
            Message::Spinning => break None,
        }
    };
    let blamed = context.as_ref().map_or(process, |context| context.tid);
    let mut config = MinidumpWriterConfig::new(process, blamed);
    config.set_app_memory(memory);
    if let Some(context) = context {
        config.set_crash_context(CrashContextExt { inner: *context });
    }
    config.write(file).context("write the dump")?;
    Ok(())
}
