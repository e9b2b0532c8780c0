//! The crash store in HBase: Socorro's tables and row keys, values in chunks behind a manifest.
//!
//! # A crash's row
//!
//! Table `crash_reports`, key `<first digit of the id><YYMMDD><id>`. Every cell's timestamp is the
//! collector's clock at the crash's arrival (`received_at`) in milliseconds; that of processed
//! cells is the run's generation. So a repeated or late write changes nothing.
//!
//! | column | what |
//! |---|---|
//! | `flags:format` | `1`: the row is of this format; written with the first chunk |
//! | `raw_data:<dump>#<n>.<hash>` | a chunk of a dump: zstd unless that gains nothing; `hash` is the first 16 digits of the SHA-256 of the dump's plain bytes up to its end |
//! | `meta_data:json` | the raw crash as the API shows it; in chunks `meta_data:json#<n>.<hash>` if it is long |
//! | `meta_data:manifest` | which chunks make up which value, with the CRC-32 of each one's plain bytes; **the raw crash is there if and only if this is** |
//! | `ids:ooid`, `ids:hang`, `timestamps:submitted`, `flags:processed` | as Socorro has them |
//! | `ids:claim` | who came first under an id that a submitter chose; the one cell with the server's timestamp |
//! | `processed_data:json#<n>.<hash>` | a chunk of the processed crash with its envelope |
//! | `processed_data:manifest` | its chunks; the newest timestamp is the highest generation |
//! | `processed_data:signature`, `timestamps:processed`, `flags:processed` = `Y` | as Socorro has them |
//!
//! The manifest, and all that stands beside it, is written by one call for the row, after all chunks.
//! A row with `flags:format` and without a manifest is *not there yet*. A row without either that
//! has `meta_data:json` was written by Socorro: its dump is `raw_data:dump`.
//!
//! # Index rows
//!
//! | table | key | columns |
//! |---|---|---|
//! | `crash_reports_index_submitted_time` | `<first digit><submitted time><id>` | `ids:ooid`, `ids:product` |
//! | `crash_reports_index_unprocessed_flag` | `<first digit><time of arrival><id>` | `ids:ooid` |
//! | `crash_reports_index_hang_id` | the hang id, or `sha256:` and its hash if it is long | `ids:ooid:<process type>:<id>` |
//!
//! Times in keys are texts as `2012-12-24T18:00:00.123456`. Their cells have the minute of the crash's
//! arrival as timestamp: one call carries rows of one timestamp only. They come after the manifest.
//!
//! # Deleting
//!
//! A deleted cell hides later writes up to its timestamp, so a crash that comes again after it was
//! removed, or an index row that is put again, would not show. Every cell is deleted at its own
//! timestamp, and a put that does not see what it wrote writes it one, three, seven ... milliseconds
//! later.
//!
//! An *empty* manifest is the mark of a removal under way: a row with one is not there (yet).

mod audit;
mod blob;
mod chunk;
mod claim;
mod columns;
mod compressors;
mod ddl;
mod document;
mod fault;
mod index;
mod keys;
mod manifest;
mod old_row;
mod processed;
mod put_raw;
mod raw;
mod remove;
mod schema;
mod survey;
mod value;
mod visible;

use std::sync::Arc;

use async_trait::async_trait;
use auxilio_common::audit::{AuditPage, AuditPlace, AuditScope, Mending, Outlook, Stray};
use auxilio_common::storage::{IndexEntry, Presence, PutRaw, StoredDump, WindowKey};
use auxilio_common::{
    CrashId, CrashStore, Day, DumpName, ProcessedDocument, RawCrash, RawEnvelope, StoreError,
    Timestamp,
};
use futures::{StreamExt, TryStreamExt};

use crate::client::Client;
use compressors::Compressors;
pub use ddl::{DdlOptions, ddl};
use manifest::RawManifest;
use quick_cache::sync::Cache;
pub use schema::{TABLES, Table};
pub use survey::Finding;

/// The store of crashes in HBase.
#[derive(Clone)]
pub struct HbaseStore {
    client: Client,
    /// Manifests of raw crashes that were read lately: who reads a crash opens its dumps next. They
    /// never change while the crash is there.
    manifests: Arc<Cache<CrashId, Arc<RawManifest>>>,
    compressors: Arc<Compressors>,
}

/// Manifests that are remembered, of some hundred bytes each.
const MANIFESTS_MAX: usize = 1_024;

impl HbaseStore {
    /// A store over a client. Its tables must be there.
    pub fn new(client: Client) -> Self {
        let manifests = Arc::new(Cache::new(MANIFESTS_MAX));
        Self { client, manifests, compressors: Arc::default() }
    }

    /// The client below it.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

#[async_trait]
impl CrashStore for HbaseStore {
    async fn put_raw(&self, envelope: Arc<dyn RawEnvelope>) -> Result<PutRaw, StoreError> {
        let crash_id = envelope.raw_crash().crash_id;
        let put = self.put_raw_crash(&envelope).await;
        put.map_err(|fault| fault.while_doing("put raw crash", &crash_id))
    }

    async fn get_raw(&self, crash_id: CrashId) -> Result<Option<RawCrash>, StoreError> {
        let got = self.raw_crash(crash_id).await;
        got.map_err(|fault| fault.while_doing("get raw crash", &crash_id))
    }

    async fn open_dump(
        &self,
        crash_id: CrashId,
        name: &DumpName,
    ) -> Result<Option<StoredDump>, StoreError> {
        let opened = self.dump(crash_id, name).await;
        opened.map_err(|fault| fault.while_doing("open dump", &format!("\"{name}\" of {crash_id}")))
    }

    async fn put_processed(&self, document: &ProcessedDocument) -> Result<(), StoreError> {
        let put = self.put_processed_crash(document).await;
        put.map_err(|fault| fault.while_doing("put processed crash", &document.envelope.crash_id))
    }

    async fn get_processed(
        &self,
        crash_id: CrashId,
    ) -> Result<Option<ProcessedDocument>, StoreError> {
        let got = self.processed_crash(crash_id).await;
        got.map_err(|fault| fault.while_doing("get processed crash", &crash_id))
    }

    async fn exists(&self, crash_id: CrashId) -> Result<Presence, StoreError> {
        let found = self.presence(crash_id).await;
        found.map_err(|fault| fault.while_doing("look up crash", &crash_id))
    }

    async fn remove(&self, crash_id: CrashId) -> Result<(), StoreError> {
        let removed = self.remove_crash(crash_id).await;
        removed.map_err(|fault| fault.while_doing("remove crash", &crash_id))
    }

    async fn list_day(
        &self,
        day: Day,
        after: Option<CrashId>,
        limit: usize,
    ) -> Result<Vec<CrashId>, StoreError> {
        let listed = self.crashes_of_day(day, after, limit).await;
        listed.map_err(|fault| fault.while_doing("list day", &day))
    }

    async fn list_window(
        &self,
        from: Timestamp,
        to: Timestamp,
        product: Option<&str>,
        after: Option<WindowKey>,
        limit: usize,
    ) -> Result<Vec<WindowKey>, StoreError> {
        let listed = self.window(from, to, product, after, limit).await;
        listed.map_err(|fault| fault.while_doing("list window", &format!("from {from} to {to}")))
    }

    async fn by_hang_id(&self, hang_id: &str) -> Result<Vec<CrashId>, StoreError> {
        let listed = self.crashes_of_hang(hang_id).await;
        listed.map_err(|fault| fault.while_doing("list", &"crashes of a hang id"))
    }

    async fn read_index(
        &self,
        since: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<IndexEntry>, StoreError> {
        let read = self.unprocessed(since, limit).await;
        read.map_err(|fault| fault.while_doing("read", &"the unprocessed index"))
    }

    async fn get_index(&self, entries: &[IndexEntry]) -> Result<Vec<IndexEntry>, StoreError> {
        let look = |entry: IndexEntry| async move {
            let found = self.unprocessed_row(&entry).await;
            found
                .map(|row| row.map(|_there| entry.clone()))
                .map_err(|fault| fault.while_doing("look up the index row of", &entry.crash_id))
        };
        let looks = futures::stream::iter(entries.to_vec()).map(look);
        let there: Vec<_> = looks.buffered(index::ROWS_AT_ONCE).try_collect().await?;
        Ok(there.into_iter().flatten().collect())
    }

    async fn remove_index(&self, entries: &[IndexEntry]) -> Result<(), StoreError> {
        let remove = |entry: IndexEntry| async move {
            let removed = self.remove_unprocessed_row(&entry).await;
            removed.map_err(|fault| fault.while_doing("remove the index row of", &entry.crash_id))
        };
        let removals = futures::stream::iter(entries.to_vec()).map(remove);
        removals.buffered(index::ROWS_AT_ONCE).try_collect().await
    }

    async fn audit(
        &self,
        scope: AuditScope,
        from: Option<AuditPlace>,
        limit: usize,
    ) -> Result<AuditPage, StoreError> {
        let page = self.audit_page(scope, from, limit).await;
        page.map_err(|fault| fault.while_doing("audit", &scope))
    }

    async fn is_astray(&self, stray: &Stray) -> Result<bool, StoreError> {
        let looked = self.is_still_astray(stray).await;
        looked.map_err(|fault| fault.while_doing("look again at", &stray.crash_id))
    }

    async fn outlook(&self, stray: &Stray) -> Result<Outlook, StoreError> {
        let outlook = self.outlook_of(stray).await;
        outlook.map_err(|fault| fault.while_doing("look again at", &stray.crash_id))
    }

    async fn mend(&self, stray: &Stray) -> Result<Mending, StoreError> {
        let mended = self.mend_stray(stray).await;
        mended.map_err(|fault| fault.while_doing("mend crash", &stray.crash_id))
    }

    async fn remove_stray(&self, stray: &Stray) -> Result<bool, StoreError> {
        let removed = self.remove_orphan(stray).await;
        removed.map_err(|fault| fault.while_doing("remove what is left of", &stray.crash_id))
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.check_tables()
            .await
            .map_err(|fault| fault.while_doing("check", &"reading and writing"))
    }
}
