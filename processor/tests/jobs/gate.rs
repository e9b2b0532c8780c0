//! A real store behind a gate: the first crash that comes to a chosen step waits there until it is
//! let through.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use auxilio_common::storage::{ErrorClass, StoredDump, StoredDumpBytes};
use auxilio_common::{CrashId, CrashStore, StoreError};
use auxilio_disk_store::DiskStore;
use auxilio_testkit::interposed_store::{Interposer, Moment};
use tokio::sync::Notify;

/// Where a gate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Before the dump is opened: the job is taken and not walked.
    Dump,
    /// Before the last processed crash is looked at, to be compared: the dump is walked.
    Look,
    /// Before the processed crash is stored.
    Put,
    /// After it was stored, before the row is.
    Stored,
}

impl Step {
    pub(crate) const ALL: [Self; 4] = [Self::Dump, Self::Look, Self::Put, Self::Stored];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Dump => "dump",
            Self::Look => "look",
            Self::Put => "put",
            Self::Stored => "stored",
        }
    }

    fn moment(self) -> Moment {
        match self {
            Self::Dump => Moment::OpenDump,
            Self::Look => Moment::GetProcessed,
            Self::Put => Moment::PutProcessed,
            Self::Stored => Moment::ProcessedPut,
        }
    }
}

/// A gate, seen from the test.
#[derive(Default)]
pub(crate) struct Gate {
    used: AtomicBool,
    all: AtomicBool,
    through: Mutex<Option<CrashId>>,
    pub(crate) reached: Notify,
    pub(crate) open: Notify,
}

impl Gate {
    /// Lets one crash pass without a wait.
    pub(crate) fn let_through(&self, crash_id: CrashId) {
        *self.through.lock().unwrap() = Some(crash_id);
    }

    /// Takes the gate away.
    pub(crate) fn open_for_all(&self) {
        self.all.store(true, Ordering::SeqCst);
        self.open.notify_waiters();
    }

    fn stops(&self, crash_id: CrashId, every: bool) -> bool {
        let through = *self.through.lock().unwrap() == Some(crash_id);
        let first = !self.used.swap(true, Ordering::SeqCst);
        !through && !self.all.load(Ordering::SeqCst) && (first || every)
    }
}

/// The store behind it.
pub(crate) struct GatedStore {
    pub(crate) store: DiskStore,
    pub(crate) gate: Arc<Gate>,
    /// `None` for no gate at all.
    pub(crate) step: Option<Step>,
    /// Every crash waits, not the first alone.
    pub(crate) every: bool,
    /// Dumps come as streams, as from a store on another machine.
    pub(crate) streams: bool,
    /// The step that the store refuses, and how.
    pub(crate) refuses: Option<(Step, ErrorClass)>,
}

impl GatedStore {
    pub(crate) fn new(store: DiskStore) -> Self {
        Self {
            store,
            gate: Arc::default(),
            step: None,
            every: false,
            streams: false,
            refuses: None,
        }
    }
}

#[async_trait]
impl Interposer for GatedStore {
    fn store(&self) -> &dyn CrashStore {
        &self.store
    }

    async fn pass(&self, moment: Moment, crash_id: CrashId) -> Result<(), StoreError> {
        let Some(step) = Step::ALL.into_iter().find(|step| step.moment() == moment) else {
            return Ok(());
        };
        if self.step == Some(step) && self.gate.stops(crash_id, self.every) {
            self.gate.reached.notify_one();
            self.gate.open.notified().await;
        }
        match self.refuses {
            Some((refused, class)) if refused == step => Err(StoreError {
                operation: step.name(),
                object: crash_id.to_string(),
                class,
                source: "the test says so".into(),
            }),
            _ => Ok(()),
        }
    }

    fn dump(&self, mut dump: StoredDump) -> StoredDump {
        if let (true, StoredDumpBytes::File { path, offset }) = (self.streams, &dump.bytes) {
            let mut file = std::fs::File::open(path).unwrap();
            std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(*offset)).unwrap();
            dump.bytes = StoredDumpBytes::Stream(Box::new(file));
        }
        dump
    }
}
