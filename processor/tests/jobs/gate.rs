//! A real store behind a gate: the first crash that comes to a chosen step waits there until it is
//! let through.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use auxilio_common::storage::{
    ErrorClass, IndexEntry, Presence, PutRaw, StoredDump, StoredDumpBytes, WindowKey,
};
use auxilio_common::{
    CrashId, CrashStore, Day, DumpName, ProcessedDocument, RawCrash, RawEnvelope, StoreError,
    Timestamp,
};
use auxilio_disk_store::DiskStore;
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

    async fn pass(&self, step: Step, crash_id: CrashId) -> Result<(), StoreError> {
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
}

#[async_trait]
impl CrashStore for GatedStore {
    async fn put_raw(&self, envelope: Arc<dyn RawEnvelope>) -> Result<PutRaw, StoreError> {
        self.store.put_raw(envelope).await
    }

    async fn get_raw(&self, crash_id: CrashId) -> Result<Option<RawCrash>, StoreError> {
        self.store.get_raw(crash_id).await
    }

    async fn open_dump(
        &self,
        crash_id: CrashId,
        name: &DumpName,
    ) -> Result<Option<StoredDump>, StoreError> {
        self.pass(Step::Dump, crash_id).await?;
        let Some(mut dump) = self.store.open_dump(crash_id, name).await? else { return Ok(None) };
        if let (true, StoredDumpBytes::File { path, offset }) = (self.streams, &dump.bytes) {
            let mut file = std::fs::File::open(path).unwrap();
            std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(*offset)).unwrap();
            dump.bytes = StoredDumpBytes::Stream(Box::new(file));
        }
        Ok(Some(dump))
    }

    async fn put_processed(&self, document: &ProcessedDocument) -> Result<(), StoreError> {
        self.pass(Step::Put, document.envelope.crash_id).await?;
        self.store.put_processed(document).await?;
        self.pass(Step::Stored, document.envelope.crash_id).await
    }

    async fn get_processed(
        &self,
        crash_id: CrashId,
    ) -> Result<Option<ProcessedDocument>, StoreError> {
        self.pass(Step::Look, crash_id).await?;
        self.store.get_processed(crash_id).await
    }

    async fn exists(&self, crash_id: CrashId) -> Result<Presence, StoreError> {
        self.store.exists(crash_id).await
    }

    async fn remove(&self, crash_id: CrashId) -> Result<(), StoreError> {
        self.store.remove(crash_id).await
    }

    async fn list_day(
        &self,
        day: Day,
        after: Option<CrashId>,
        limit: usize,
    ) -> Result<Vec<CrashId>, StoreError> {
        self.store.list_day(day, after, limit).await
    }

    async fn list_window(
        &self,
        from: Timestamp,
        to: Timestamp,
        product: Option<&str>,
        after: Option<WindowKey>,
        limit: usize,
    ) -> Result<Vec<WindowKey>, StoreError> {
        self.store.list_window(from, to, product, after, limit).await
    }

    async fn by_hang_id(&self, hang_id: &str) -> Result<Vec<CrashId>, StoreError> {
        self.store.by_hang_id(hang_id).await
    }

    async fn read_index(
        &self,
        since: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<IndexEntry>, StoreError> {
        self.store.read_index(since, limit).await
    }

    async fn get_index(&self, entries: &[IndexEntry]) -> Result<Vec<IndexEntry>, StoreError> {
        self.store.get_index(entries).await
    }

    async fn remove_index(&self, entries: &[IndexEntry]) -> Result<(), StoreError> {
        self.store.remove_index(entries).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.store.check().await
    }
}
