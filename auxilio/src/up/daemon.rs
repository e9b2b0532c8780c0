//! A server that is one program with its arguments, and is known by one of them.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::sidecar::Sidecar;

/// Between two looks at whether a process still runs.
const LOOK: Duration = Duration::from_millis(50);

/// Time that an earlier one may take to end before it is killed.
const LEFTOVER_TIME_MAX: Duration = Duration::from_secs(10);

/// How to start it, and how to find one that an earlier start left behind.
#[derive(Clone, Debug)]
pub(crate) struct Daemon {
    /// What messages call it.
    pub(crate) name: &'static str,
    /// Its program.
    pub(crate) program: PathBuf,
    /// All arguments, among them the mark.
    pub(crate) arguments: Vec<OsString>,
    /// The argument that no other process has: it names a path in the data folder.
    pub(crate) mark: OsString,
    /// Where its output goes.
    pub(crate) words: PathBuf,
    /// Time that a stop may take before it is killed.
    pub(crate) stop_time_max: Duration,
}

impl Daemon {
    /// Ends those that an earlier `up` on this folder left behind.
    pub(crate) fn end_leftovers(&self) -> anyhow::Result<()> {
        for pid in self.leftovers()? {
            let number = pid.as_raw_nonzero();
            tracing::warn!(
                pid = number,
                "an earlier {} of this folder still runs: stopping it",
                self.name
            );
            for (signal, time_max) in
                [(Signal::TERM, LEFTOVER_TIME_MAX), (Signal::KILL, LEFTOVER_TIME_MAX)]
            {
                if !self.is_marked(pid) {
                    break;
                }
                // It may end by itself just now.
                let _ = kill_process(pid, signal);
                let mut waited = Duration::ZERO;
                while self.is_marked(pid) && waited < time_max {
                    std::thread::sleep(LOOK);
                    waited += LOOK;
                }
            }
            if self.is_marked(pid) {
                bail!("the earlier {} of this folder (process {number}) can't be ended", self.name);
            }
        }
        Ok(())
    }

    fn leftovers(&self) -> anyhow::Result<Vec<Pid>> {
        let processes = std::fs::read_dir("/proc").context("can't list the processes")?;
        let numbers = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        Ok(numbers.filter_map(Pid::from_raw).filter(|pid| self.is_marked(*pid)).collect())
    }

    /// Whether a process has the mark. One that has ended and waits for its parent has no arguments.
    fn is_marked(&self, pid: Pid) -> bool {
        let line = std::fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero()));
        line.is_ok_and(|line| line.split(|byte| *byte == 0).any(|it| it == self.mark.as_bytes()))
    }
}

impl Sidecar for Daemon {
    fn name(&self) -> &'static str {
        self.name
    }

    fn words(&self) -> String {
        self.words.display().to_string()
    }

    fn start(&self) -> anyhow::Result<Child> {
        let words = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.words)
            .with_context(|| format!("can't open \"{}\"", self.words.display()))?;
        Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(words.try_clone()?)
            .stderr(words)
            .process_group(0)
            .spawn()
            .with_context(|| format!("can't run \"{}\"", self.program.display()))
    }

    fn stop(&self, child: &mut Child) -> anyhow::Result<()> {
        if child.try_wait()?.is_some() {
            return Ok(());
        }
        let _ = kill_process(Pid::from_child(child), Signal::TERM);
        let mut waited = Duration::ZERO;
        while waited < self.stop_time_max {
            if child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(LOOK);
            waited += LOOK;
        }
        child.kill()?;
        child.wait()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_process_with_exactly_the_mark_is_ended() {
        let folder = tempfile::tempdir().unwrap();
        let daemon = |mark: &str| Daemon {
            name: "sleeper",
            program: "sh".into(),
            arguments: ["-c", "while :; do sleep 0.1; done", mark].map(Into::into).to_vec(),
            mark: mark.into(),
            words: folder.path().join("words"),
            stop_time_max: Duration::from_secs(10),
        };
        let mark = folder.path().display().to_string();
        let (ours, other) = (daemon(&mark), daemon(&format!("{mark}/more")));
        let mut child = ours.start().unwrap();
        let mut others = other.start().unwrap();
        while ours.leftovers().unwrap().is_empty() || other.leftovers().unwrap().is_empty() {
            std::thread::sleep(LOOK);
        }
        ours.end_leftovers().unwrap();
        assert!(child.wait().unwrap().code().is_none());
        assert!(others.try_wait().unwrap().is_none());
        other.stop(&mut others).unwrap();
        assert!(other.leftovers().unwrap().is_empty());
    }
}
