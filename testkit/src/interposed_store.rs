//! A real store with somebody between it and its users, who may hold a call up, refuse it, or change
//! how a dump comes. All else goes through as it is.

use std::sync::Arc;

use async_trait::async_trait;
use auxilio_common::audit::{AuditPage, AuditPlace, AuditScope, Mending, Outlook, Stray};
use auxilio_common::storage::{IndexEntry, Presence, PutRaw, StoredDump, WindowKey};
use auxilio_common::{
    CrashId, CrashStore, Day, DumpName, ProcessedDocument, RawCrash, RawEnvelope, StoreError,
    Timestamp,
};

/// A moment at which somebody may step in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before a raw crash is put.
    PutRaw,
    /// Before a dump is opened.
    OpenDump,
    /// Before the processed crash is read.
    GetProcessed,
    /// Before a processed crash is put.
    PutProcessed,
    /// After it was put, before the caller knows.
    ProcessedPut,
}

/// Who stands between.
#[async_trait]
pub trait Interposer: Send + Sync {
    /// The store behind it.
    fn store(&self) -> &dyn CrashStore;

    /// Called at each moment: it may wait, or refuse the call.
    async fn pass(&self, moment: Moment, crash_id: CrashId) -> Result<(), StoreError>;

    /// The dump as the caller gets it.
    fn dump(&self, dump: StoredDump) -> StoredDump {
        dump
    }
}

/// The store as its users see it.
pub struct InterposedStore<T>(pub T);

#[async_trait]
impl<T: Interposer> CrashStore for InterposedStore<T> {
    async fn put_raw(&self, envelope: Arc<dyn RawEnvelope>) -> Result<PutRaw, StoreError> {
        self.0.pass(Moment::PutRaw, envelope.raw_crash().crash_id).await?;
        self.0.store().put_raw(envelope).await
    }

    async fn get_raw(&self, crash_id: CrashId) -> Result<Option<RawCrash>, StoreError> {
        self.0.store().get_raw(crash_id).await
    }

    async fn open_dump(
        &self,
        crash_id: CrashId,
        name: &DumpName,
    ) -> Result<Option<StoredDump>, StoreError> {
        self.0.pass(Moment::OpenDump, crash_id).await?;
        Ok(self.0.store().open_dump(crash_id, name).await?.map(|dump| self.0.dump(dump)))
    }

    async fn put_processed(&self, document: &ProcessedDocument) -> Result<(), StoreError> {
        self.0.pass(Moment::PutProcessed, document.envelope.crash_id).await?;
        self.0.store().put_processed(document).await?;
        self.0.pass(Moment::ProcessedPut, document.envelope.crash_id).await
    }

    async fn get_processed(
        &self,
        crash_id: CrashId,
    ) -> Result<Option<ProcessedDocument>, StoreError> {
        self.0.pass(Moment::GetProcessed, crash_id).await?;
        self.0.store().get_processed(crash_id).await
    }

    async fn exists(&self, crash_id: CrashId) -> Result<Presence, StoreError> {
        self.0.store().exists(crash_id).await
    }

    async fn remove(&self, crash_id: CrashId) -> Result<(), StoreError> {
        self.0.store().remove(crash_id).await
    }

    async fn list_day(
        &self,
        day: Day,
        after: Option<CrashId>,
        limit: usize,
    ) -> Result<Vec<CrashId>, StoreError> {
        self.0.store().list_day(day, after, limit).await
    }

    async fn list_window(
        &self,
        from: Timestamp,
        to: Timestamp,
        product: Option<&str>,
        after: Option<WindowKey>,
        limit: usize,
    ) -> Result<Vec<WindowKey>, StoreError> {
        self.0.store().list_window(from, to, product, after, limit).await
    }

    async fn by_hang_id(&self, hang_id: &str) -> Result<Vec<CrashId>, StoreError> {
        self.0.store().by_hang_id(hang_id).await
    }

    async fn read_index(
        &self,
        since: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<IndexEntry>, StoreError> {
        self.0.store().read_index(since, limit).await
    }

    async fn get_index(&self, entries: &[IndexEntry]) -> Result<Vec<IndexEntry>, StoreError> {
        self.0.store().get_index(entries).await
    }

    async fn remove_index(&self, entries: &[IndexEntry]) -> Result<(), StoreError> {
        self.0.store().remove_index(entries).await
    }

    async fn audit(
        &self,
        scope: AuditScope,
        from: Option<AuditPlace>,
        limit: usize,
    ) -> Result<AuditPage, StoreError> {
        self.0.store().audit(scope, from, limit).await
    }

    async fn is_astray(&self, stray: &Stray) -> Result<bool, StoreError> {
        self.0.store().is_astray(stray).await
    }

    async fn outlook(&self, stray: &Stray) -> Result<Outlook, StoreError> {
        self.0.store().outlook(stray).await
    }

    async fn mend(&self, stray: &Stray) -> Result<Mending, StoreError> {
        self.0.store().mend(stray).await
    }

    async fn remove_stray(&self, stray: &Stray) -> Result<bool, StoreError> {
        self.0.store().remove_stray(stray).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.0.store().check().await
    }
}
