//! The trait: each operation on a thread that may block.

use std::sync::Arc;

use async_trait::async_trait;
use auxilio_common::audit::{AuditPage, AuditPlace, AuditScope, Mending, Outlook, Stray};
use auxilio_common::blocking::may_block;
use auxilio_common::storage::{IndexEntry, Presence, PutRaw, StoredDump, WindowKey};
use auxilio_common::{
    CrashId, CrashStore, Day, DumpName, ProcessedDocument, Random, RawCrash, RawEnvelope,
    StoreError, Timestamp,
};

use crate::Config;
use crate::fault::Fault;
use crate::inner::Inner;
use crate::inner::is_file;
use crate::layout::Layout;
use crate::listing::names;

/// The embedded store. Any number may be open on one folder, in one process or in many.
#[derive(Clone)]
pub struct DiskStore {
    inner: Arc<Inner>,
}

impl DiskStore {
    /// A store in a folder, which is made at the first use.
    pub fn new(config: Config, random: Arc<dyn Random>) -> Self {
        Self { inner: Arc::new(Inner::new(config, random)) }
    }

    /// Whether a store is in the folder of a configuration. Nothing is made, whatever the answer: a verb
    /// of an operator is not the first use of a store.
    pub fn is_there(config: &Config) -> bool {
        Layout::new(config.dir.clone()).bases().iter().all(|folder| folder.is_dir())
    }

    /// Runs one operation. The store's folder must be there before and after it: what is not found
    /// while the disk is not mounted is not known to be absent.
    async fn run<T, O>(
        &self,
        operation: &'static str,
        object: O,
        work: impl FnOnce(&Inner) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        O: std::fmt::Display + Send,
    {
        let inner = Arc::clone(&self.inner);
        let whole = move || {
            inner.present()?;
            let result = work(&inner)?;
            inner.present()?;
            Ok(result)
        };
        let result = if may_block() {
            whole()
        } else {
            // If it fails, the task panicked, or the runtime goes down.
            tokio::task::spawn_blocking(whole).await.unwrap_or(Err(Fault::CutOff))
        };
        result.map_err(|fault| fault.while_doing(operation, &object))
    }
}

#[async_trait]
impl CrashStore for DiskStore {
    async fn put_raw(&self, envelope: Arc<dyn RawEnvelope>) -> Result<PutRaw, StoreError> {
        let crash_id = envelope.raw_crash().crash_id;
        self.run("put raw crash", crash_id, move |inner| inner.put_raw(&*envelope)).await
    }

    async fn get_raw(&self, crash_id: CrashId) -> Result<Option<RawCrash>, StoreError> {
        self.run("get raw crash", crash_id, move |inner| inner.get_raw(crash_id)).await
    }

    async fn open_dump(
        &self,
        crash_id: CrashId,
        name: &DumpName,
    ) -> Result<Option<StoredDump>, StoreError> {
        let (object, name) = (format!("\"{name}\" of {crash_id}"), name.clone());
        self.run("open dump", object, move |inner| inner.open_dump(crash_id, &name)).await
    }

    async fn put_processed(&self, document: &ProcessedDocument) -> Result<(), StoreError> {
        let (crash_id, document) = (document.envelope.crash_id, document.clone());
        self.run("put processed crash", crash_id, move |inner| inner.put_processed(&document)).await
    }

    async fn get_processed(
        &self,
        crash_id: CrashId,
    ) -> Result<Option<ProcessedDocument>, StoreError> {
        self.run("get processed crash", crash_id, move |inner| inner.get_processed(crash_id)).await
    }

    async fn exists(&self, crash_id: CrashId) -> Result<Presence, StoreError> {
        self.run("look up crash", crash_id, move |inner| inner.exists(crash_id)).await
    }

    async fn remove(&self, crash_id: CrashId) -> Result<(), StoreError> {
        self.run("remove crash", crash_id, move |inner| inner.remove(crash_id)).await
    }

    async fn list_day(
        &self,
        day: Day,
        after: Option<CrashId>,
        limit: usize,
    ) -> Result<Vec<CrashId>, StoreError> {
        self.run("list day", day, move |inner| inner.list_day(day, after, limit)).await
    }

    async fn list_window(
        &self,
        from: Timestamp,
        to: Timestamp,
        product: Option<&str>,
        after: Option<WindowKey>,
        limit: usize,
    ) -> Result<Vec<WindowKey>, StoreError> {
        let product = product.map(str::to_owned);
        self.run("list window", format!("from {from} to {to}"), move |inner| {
            inner.list_window(from, to, product.as_deref(), after.as_ref(), limit)
        })
        .await
    }

    async fn by_hang_id(&self, hang_id: &str) -> Result<Vec<CrashId>, StoreError> {
        let hang_id = hang_id.to_owned();
        self.run("list", "crashes of a hang id", move |inner| inner.by_hang_id(&hang_id)).await
    }

    async fn read_index(
        &self,
        since: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<IndexEntry>, StoreError> {
        self.run("read", "the unprocessed index", move |inner| inner.read_index(since, limit)).await
    }

    async fn get_index(&self, entries: &[IndexEntry]) -> Result<Vec<IndexEntry>, StoreError> {
        let entries = entries.to_vec();
        let object = format!("{} rows of the unprocessed index", entries.len());
        self.run("look up", object, move |inner| {
            let mut there = Vec::with_capacity(entries.len());
            for entry in entries {
                if is_file(&inner.layout.index_row(&entry).path())? {
                    there.push(entry);
                }
            }
            Ok(there)
        })
        .await
    }

    async fn remove_index(&self, entries: &[IndexEntry]) -> Result<(), StoreError> {
        let entries = entries.to_vec();
        let object = format!("{} rows of the unprocessed index", entries.len());
        self.run("remove", object, move |inner| {
            entries.iter().try_for_each(|entry| inner.remove_index(entry))
        })
        .await
    }

    async fn audit(
        &self,
        scope: AuditScope,
        from: Option<AuditPlace>,
        limit: usize,
    ) -> Result<AuditPage, StoreError> {
        self.run("audit", scope, move |inner| inner.audit(scope, from.as_ref(), limit)).await
    }

    async fn is_astray(&self, stray: &Stray) -> Result<bool, StoreError> {
        let (crash_id, stray) = (stray.crash_id, stray.clone());
        self.run("look again at", crash_id, move |inner| inner.is_astray(&stray)).await
    }

    async fn outlook(&self, stray: &Stray) -> Result<Outlook, StoreError> {
        let (crash_id, stray) = (stray.crash_id, stray.clone());
        self.run("look again at", crash_id, move |inner| inner.outlook(&stray)).await
    }

    async fn mend(&self, stray: &Stray) -> Result<Mending, StoreError> {
        let (crash_id, stray) = (stray.crash_id, stray.clone());
        self.run("mend crash", crash_id, move |inner| inner.mend(&stray)).await
    }

    async fn remove_stray(&self, stray: &Stray) -> Result<bool, StoreError> {
        let (crash_id, stray) = (stray.crash_id, stray.clone());
        self.run("remove what is left of", crash_id, move |inner| inner.remove_stray(&stray)).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.run("check", "reading and writing", |inner| {
            names(inner.layout.dir())?;
            inner.check()
        })
        .await
    }
}
