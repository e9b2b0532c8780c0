//! A processor as a process of its own, to be stopped and killed: this program once more.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;

use auxilio_testkit::interposed_store::InterposedStore;

use crate::fixture::{self, Fixture};
use crate::gate::{GatedStore, Step};

/// The argument that makes this program such a processor.
pub(crate) const VERB: &str = "processor";

/// A running one. Dropped, it is killed.
pub(crate) struct Processor(Child);

impl Processor {
    /// Starts one whose store has a gate at a step.
    pub(crate) fn start(fixture: &Fixture, step: Step) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(VERB).arg(step.name()).arg(fixture.folder.path());
        command.arg(fixture.port().to_string()).arg(&fixture.database.name);
        Self(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap())
    }

    /// Waits until a job stands before the gate.
    pub(crate) async fn reached(&mut self) {
        let stdout = self.0.stdout.take().unwrap();
        let line = tokio::task::spawn_blocking(move || BufReader::new(stdout).lines().next());
        assert_eq!(line.await.unwrap().unwrap().unwrap(), "reached");
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// Opens the gate, tells it to stop and waits until it has.
    pub(crate) async fn go_on_and_stop(mut self) -> ExitStatus {
        let mut stdin = self.0.stdin.take().unwrap();
        stdin.write_all(b"open\n").unwrap();
        drop(stdin);
        tokio::task::spawn_blocking(move || self.0.wait().unwrap()).await.unwrap()
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Processor {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// The whole of such a process.
pub(crate) async fn main(arguments: &[String]) {
    let [step, folder, port, database] = arguments else { panic!("four arguments") };
    let step = Step::ALL.into_iter().find(|known| known.name() == step);
    let folder = PathBuf::from(folder);
    let store = GatedStore { step, ..GatedStore::new(fixture::disk_store(&folder)) };
    let gate = Arc::clone(&store.gate);
    let config = fixture::database_config(port.parse().unwrap(), database);
    let running = start(&folder, &config, store);
    gate.reached.notified().await;
    println!("reached");
    let lines = tokio::task::spawn_blocking(|| std::io::stdin().lines().count());
    // One line opens the gate, the end of all lines stops it: both come together.
    lines.await.unwrap();
    gate.open.notify_one();
    running.stop().await;
}

fn start(folder: &Path, config: &auxilio_database::Config, store: GatedStore) -> fixture::Running {
    fixture::start(folder, config, Arc::new(InterposedStore(store)), "stackwalk-worker")
}
