//! The storage trait: what the system asks of the place where crashes live.
//!
//! Two engines implement it, the embedded disk store and HBase, and both pass one conformance
//! suite (`testkit::store_conformance`). Look-ups answer `None` for what is not there; an error is
//! for trouble only. A put returns only when what it wrote is durable.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use crate::audit::{AuditPage, AuditPlace, AuditScope, Mending, Outlook, Stray};
use crate::{CrashId, Day, DumpName, Generation, ProcessedDocument, RawCrash, Timestamp};

/// What to do about a store's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// It will pass: try again later, for ever.
    Retry,
    /// Trying again changes nothing: a person must look.
    Permanent,
    /// It may have happened or not: try again, every write is idempotent.
    Unknown,
}

/// What went wrong in a store. The text names the operation and the object.
#[derive(Debug, thiserror::Error)]
#[error("{operation} {object} in the store")]
pub struct StoreError {
    /// What was tried, as a verb.
    pub operation: &'static str,
    /// What it was tried on.
    pub object: String,
    /// What to do about it.
    pub class: ErrorClass,
    /// The cause.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// A raw crash on its way into a store, its dumps still in the spooled file.
pub trait RawEnvelope: Send + Sync {
    /// The crash.
    fn raw_crash(&self) -> &RawCrash;

    /// Opens a dump's bytes; `None` if the crash has no such dump.
    fn open_dump(&self, name: &DumpName) -> io::Result<Option<Box<dyn Read + Send>>>;

    /// The whole file, if it is one: a store on the same file system may link it.
    fn path(&self) -> Option<&Path>;
}

/// How a put of a raw crash ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutRaw {
    /// The store holds it; it may have held it before from an earlier try of the same file.
    Stored,
    /// Another submission with the same id and the same content was there first.
    Duplicate,
    /// Another crash has this id. Nothing was changed.
    IdTaken,
}

/// Where a stored dump's bytes are.
pub enum StoredDumpBytes {
    /// In a file on this machine, from an offset on: a reader may map it.
    File {
        /// The file.
        path: PathBuf,
        /// Where the dump begins.
        offset: u64,
    },
    /// Behind a reader.
    Stream(Box<dyn Read + Send>),
}

/// A dump in a store.
pub struct StoredDump {
    /// How many bytes it has.
    pub length: u64,
    /// Where they are.
    pub bytes: StoredDumpBytes,
}

/// What a store has of a crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// The raw crash with all its dumps.
    pub raw: bool,
    /// The newest processed crash's generation.
    pub processed: Option<Generation>,
}

/// A row of the unprocessed index: a crash that the monitor has not queued yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IndexEntry {
    /// When the crash arrived at the collector: the order of the index within a salt.
    pub received_at: Timestamp,
    /// The crash.
    pub crash_id: CrashId,
}

/// A place in a window's listing from which it can go on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WindowKey {
    /// `submitted_timestamp`.
    pub submitted_at: Timestamp,
    /// The crash.
    pub crash_id: CrashId,
}

/// The store of all crashes.
#[async_trait]
pub trait CrashStore: Send + Sync {
    /// Stores a raw crash with its dumps and, if it was accepted, its row of the unprocessed index,
    /// and reads it back before it says so: whoever carried it here deletes his own copy next. A row
    /// of the index that was removed before may stay away when the crash is put once more.
    async fn put_raw(&self, envelope: Arc<dyn RawEnvelope>) -> Result<PutRaw, StoreError>;

    /// A raw crash without its dumps' bytes.
    async fn get_raw(&self, crash_id: CrashId) -> Result<Option<RawCrash>, StoreError>;

    /// One dump's bytes.
    async fn open_dump(
        &self,
        crash_id: CrashId,
        name: &DumpName,
    ) -> Result<Option<StoredDump>, StoreError>;

    /// Stores a processed crash. Readers see the highest generation; lower ones go away.
    async fn put_processed(&self, document: &ProcessedDocument) -> Result<(), StoreError>;

    /// The processed crash of the highest generation.
    async fn get_processed(
        &self,
        crash_id: CrashId,
    ) -> Result<Option<ProcessedDocument>, StoreError>;

    /// What there is of a crash, without reading it.
    async fn exists(&self, crash_id: CrashId) -> Result<Presence, StoreError>;

    /// Removes all of a crash, its index rows included. Not there is fine.
    async fn remove(&self, crash_id: CrashId) -> Result<(), StoreError>;

    /// Ids of a day in the order of ids, after `after`, at most `limit`.
    async fn list_day(
        &self,
        day: Day,
        after: Option<CrashId>,
        limit: usize,
    ) -> Result<Vec<CrashId>, StoreError>;

    /// Crashes submitted in `[from, to)`, in order of time and id, after `after`, at most `limit`;
    /// of one product if it is given.
    async fn list_window(
        &self,
        from: Timestamp,
        to: Timestamp,
        product: Option<&str>,
        after: Option<WindowKey>,
        limit: usize,
    ) -> Result<Vec<WindowKey>, StoreError>;

    /// Crashes that carry a hang id, in the order of ids.
    async fn by_hang_id(&self, hang_id: &str) -> Result<Vec<CrashId>, StoreError>;

    /// Rows of the unprocessed index that arrived at or after `since`, oldest first, at most `limit`.
    async fn read_index(
        &self,
        since: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<IndexEntry>, StoreError>;

    /// Those rows of the unprocessed index with exactly these keys that are there, in the order
    /// given.
    async fn get_index(&self, entries: &[IndexEntry]) -> Result<Vec<IndexEntry>, StoreError>;

    /// Removes rows of the unprocessed index. Not there is fine. After an error some may be gone.
    async fn remove_index(&self, entries: &[IndexEntry]) -> Result<(), StoreError>;

    /// Looks at the next crashes or rows of a scope, at most `limit`, from a place on that an
    /// earlier page answered. Changes nothing. What is being written or removed at this moment may
    /// look astray; what was left alone for a while does not.
    async fn audit(
        &self,
        scope: AuditScope,
        from: Option<AuditPlace>,
        limit: usize,
    ) -> Result<AuditPage, StoreError>;

    /// Looks again whether a stray still is one. Changes nothing.
    async fn is_astray(&self, stray: &Stray) -> Result<bool, StoreError>;

    /// What mending or removing a stray would come to. Changes nothing.
    async fn outlook(&self, stray: &Stray) -> Result<Outlook, StoreError>;

    /// Puts back what a stray lacks, if that can be made from what is there.
    async fn mend(&self, stray: &Stray) -> Result<Mending, StoreError>;

    /// Removes an unfinished crash, or a row of an index that has no crash, if it still is one; says
    /// whether it did. Nothing else is ever removed by it. A crash that comes at the same time, or
    /// later, ends whole.
    async fn remove_stray(&self, stray: &Stray) -> Result<bool, StoreError>;

    /// Whether the store can be read and written now; the error says why not.
    async fn check(&self) -> Result<(), StoreError>;
}
