//! A server that is one program with its arguments, and is known by one of them.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::log_watch::Log;
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
    /// What it logs when all that it held is safe, if it is slow to end after that.
    pub(crate) last_words: Option<LastWords>,
    /// Time that a stop may take before it is killed.
    pub(crate) stop_time_max: Duration,
}

/// Lines after all of which a server has nothing left to do.
#[derive(Clone, Debug)]
pub(crate) struct LastWords {
    /// Where it logs.
    pub(crate) log: PathBuf,
    /// What stands in the lines.
    pub(crate) lines: Vec<String>,
}

/// Time that a server has to end by itself after its last words.
const END_TIME_MAX: Duration = Duration::from_secs(3);

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
                while (self.is_marked(pid) || is_ending(pid)) && waited < time_max {
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

/// Whether a process has given up its memory, its arguments with it, but not its sockets yet: these
/// are closed when it is a zombie whose other threads are gone as well, or gone itself. (Its first
/// thread may be a zombie before the others have ended.)
fn is_ending(pid: Pid) -> bool {
    let proc = |file| std::fs::read(format!("/proc/{}/{file}", pid.as_raw_nonzero()));
    let (Ok(line), Ok(stat)) = (proc("cmdline"), proc("stat")) else { return false };
    line.is_empty() && !has_ended(&stat)
}

/// Whether a line of `/proc/PID/stat` (proc(5)) is that of a process which holds nothing any more.
fn has_ended(stat: &[u8]) -> bool {
    // The state stands behind the name, which is in parentheses and may hold any byte; the number of
    // threads is the 18th field from there on.
    let name_end = stat.iter().rposition(|byte| *byte == b')');
    let behind = name_end.and_then(|end| stat.get(end + 1..)).unwrap_or_default();
    let mut fields = behind.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty());
    let state = fields.next();
    let threads = fields.nth(16);
    matches!(state, Some(b"Z" | b"X")) && threads.is_none_or(|threads| threads <= b"1".as_slice())
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
        let last_words =
            self.last_words.as_ref().map(|words| (Log::from_here(words.log.clone()), &words.lines));
        let _ = kill_process(Pid::from_child(child), Signal::TERM);
        let (mut waited, mut time_max) = (Duration::ZERO, self.stop_time_max);
        while waited < time_max {
            if child.try_wait()?.is_some() {
                return Ok(());
            }
            let is_said = |(log, lines): &(Log, &Vec<String>)| lines.iter().all(|it| log.says(it));
            if time_max == self.stop_time_max && last_words.as_ref().is_some_and(is_said) {
                time_max = time_max.min(waited + END_TIME_MAX);
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
            last_words: None,
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

    #[test]
    fn a_zombie_with_threads_that_still_end_holds_its_sockets() {
        let stat = |state: char, threads: u32| {
            let line = format!(
                "14337 (mem) Z) {state} 1 14337 14337 0 -1 4194316 1 2 3 4 5 6 7 8 20 0 {threads} 0 9"
            );
            has_ended(line.as_bytes())
        };
        assert!(!stat('S', 1) && !stat('S', 10));
        assert!(!stat('Z', 10) && !stat('Z', 2));
        assert!(stat('Z', 1) && stat('Z', 0) && stat('X', 0));
    }

    #[test]
    fn a_server_that_has_said_its_last_words_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        std::fs::write(&log, "an earlier life: all is safe, and so is this\n").unwrap();
        let script = format!(
            "trap 'echo all is safe >>{0}; sleep 0.3; echo and so is this >>{0}' TERM; \
             echo up >>{0}; while :; do sleep 0.1; done",
            log.display()
        );
        let daemon = Daemon {
            name: "talker",
            program: "sh".into(),
            arguments: ["-c", &script].map(Into::into).to_vec(),
            mark: "none".into(),
            words: folder.path().join("words"),
            last_words: Some(LastWords {
                log: log.clone(),
                lines: vec!["all is safe".to_owned(), "so is this".to_owned()],
            }),
            // Longer than any test may take: only the last words end it.
            stop_time_max: Duration::from_secs(3_600),
        };
        let mut child = daemon.start().unwrap();
        while !std::fs::read_to_string(&log).unwrap().contains("up") {
            std::thread::sleep(LOOK);
        }
        daemon.stop(&mut child).unwrap();
        assert!(std::fs::read_to_string(&log).unwrap().ends_with("and so is this\n"));
    }
}
