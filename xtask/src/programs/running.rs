//! Programs at work: each writes to a file of its own, which a program that hangs leaves to be read.
//!
//! They stay in the process group of whoever started this, so that a signal to the group ends all of them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::listing::Program;
use super::schedule::Schedule;

/// A program that has ended.
#[derive(Debug)]
pub struct Ended {
    /// Which.
    pub program: Program,
    /// Its status in words.
    pub outcome: String,
    /// How long it ran.
    pub took: Duration,
    /// What it printed, to stdout and stderr, in its order.
    pub output: String,
    passed: bool,
}

impl Ended {
    /// Its exit status was zero.
    pub fn passed(&self) -> bool {
        self.passed
    }
}

/// Runs all of them as the schedule has it, and shows each when it has ended.
pub fn run_all(mut schedule: Schedule, mut show: impl FnMut(Ended)) {
    let (send, ends) = mpsc::channel();
    thread::scope(|scope| {
        loop {
            while let Some(program) = schedule.take() {
                println!("-- {program}: started");
                let send = send.clone();
                scope.spawn(move || {
                    // It is received below, as long as any runs.
                    let _ = send.send(run(program));
                });
            }
            if !schedule.is_running() {
                return;
            }
            let Ok(ended) = ends.recv() else { return };
            schedule.ended(&ended.program);
            show(ended);
        }
    });
}

fn run(program: Program) -> Ended {
    let began = Instant::now();
    let path = output_path(&program);
    let status = start_and_wait(&program, &path);
    let took = began.elapsed();
    let output = fs::read(&path).map_or_else(
        |error| format!("{}: {error}", path.display()),
        |bytes| String::from_utf8_lossy(&bytes).into_owned(),
    );
    // What can't be removed goes with the target folder.
    let _ = fs::remove_file(&path);
    let (passed, outcome) = match status {
        Ok(status) if status.success() => (true, "ok".to_owned()),
        Ok(status) => (false, format!("FAILED ({status})")),
        Err(error) => (false, format!("FAILED (can't be run: {error})")),
    };
    Ended { program, outcome, took, output, passed }
}

/// Beside the executable; two runs of this program may share a target folder.
fn output_path(program: &Program) -> PathBuf {
    program.executable.with_extension(format!("{}.output", std::process::id()))
}

/// Cargo also sets where shared libraries lie. Nothing of ours is linked to one that it builds.
fn start_and_wait(program: &Program, output: &Path) -> io::Result<ExitStatus> {
    let stdout = File::create(output)?;
    let stderr = stdout.try_clone()?;
    Command::new(&program.executable)
        .current_dir(&program.folder)
        .env("CARGO_MANIFEST_DIR", &program.folder)
        .env("CARGO_MANIFEST_PATH", program.folder.join("Cargo.toml"))
        .env("CARGO_PKG_NAME", &program.package)
        .env("CARGO_PKG_VERSION", &program.version)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .status()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::programs::costs::{Cost, Needs};

    /// A program of the machine's, as if it lay in a target folder.
    fn program(folder: &Path, name: &str) -> Program {
        symlink(Path::new("/usr/bin").join(name), folder.join(name)).unwrap();
        Program {
            source: name.to_owned(),
            executable: folder.join(name),
            folder: folder.canonicalize().unwrap(),
            package: "a-package".to_owned(),
            version: "1.2.3".to_owned(),
            cost: Cost { needs: Needs::Little, seconds: 1 },
        }
    }

    fn run_named(folder: &Path, names: &[&str]) -> Vec<Ended> {
        let programs = names.iter().map(|name| program(folder, name)).collect();
        let mut all = Vec::new();
        run_all(Schedule::new(programs, 2), |ended| all.push(ended));
        all.sort_by(|a, b| a.program.source.cmp(&b.program.source));
        all
    }

    #[test]
    fn each_has_its_own_status_and_output() {
        let folder = tempfile::tempdir().unwrap();
        // cat prints what it is given: nothing.
        let all = run_named(folder.path(), &["cat", "env", "false", "missing", "pwd"]);
        let outcomes: Vec<_> =
            all.iter().map(|ended| (ended.outcome.as_str(), ended.passed())).collect();
        assert_eq!(outcomes[..2], [("ok", true); 2]);
        assert_eq!(outcomes[2], ("FAILED (exit status: 1)", false));
        assert!(!all[3].passed() && outcomes[3].0.contains("can't be run"), "{outcomes:?}");
        assert_eq!(outcomes[4], ("ok", true));
        assert_eq!(all[0].output, "");
        assert_eq!(Path::new(all[4].output.trim_end()), all[4].program.folder);
        let left = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name());
        assert_eq!(left.count(), 5, "outputs are left");
    }

    #[test]
    fn a_program_finds_what_cargo_sets() {
        let folder = tempfile::tempdir().unwrap();
        let all = run_named(folder.path(), &["env"]);
        let lines: Vec<&str> = all[0].output.lines().collect();
        let manifest =
            format!("CARGO_MANIFEST_PATH={}/Cargo.toml", all[0].program.folder.display());
        for line in ["CARGO_PKG_NAME=a-package", "CARGO_PKG_VERSION=1.2.3", &manifest] {
            assert!(lines.contains(&line), "{line} is not in {lines:?}");
        }
    }
}
