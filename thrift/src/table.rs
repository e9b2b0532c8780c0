//! Tables themselves: calls for operators and tests, which go to HBase's master.

use auxilio_common::limits;
use hbase_thrift::hbase::{ColumnDescriptor, THbaseSyncClient as _};

use crate::client::Client;
use crate::connection::Rpc;
use crate::error::Error;
use crate::job::Spec;
use crate::lane::Lane;

/// A column family's settings as a gateway shows and takes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name, without the colon.
    pub name: String,
    /// Versions that are kept of each cell.
    pub versions: i32,
    /// `NONE`, `GZ`, `SNAPPY`, `ZSTD`, ...
    pub compression: String,
    /// `NONE`, `ROW` or `ROWCOL`.
    pub bloom: String,
    /// Seconds until a cell expires; 0 and 2147483647 are never.
    pub ttl_secs: i32,
}

impl Family {
    /// A family with one version, a bloom filter over rows, no compression and no expiry.
    pub fn plain(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            versions: 1,
            compression: "NONE".to_owned(),
            bloom: "ROW".to_owned(),
            ttl_secs: 0,
        }
    }

    fn descriptor(&self) -> ColumnDescriptor {
        ColumnDescriptor {
            name: Some(format!("{}:", self.name).into_bytes()),
            max_versions: Some(self.versions),
            compression: Some(self.compression.clone()),
            bloom_filter_type: Some(self.bloom.clone()),
            block_cache_enabled: Some(true),
            time_to_live: Some(self.ttl_secs),
            ..ColumnDescriptor::default()
        }
    }

    fn of(descriptor: ColumnDescriptor) -> Self {
        let name = descriptor.name.unwrap_or_default();
        let name = name.strip_suffix(b":").unwrap_or(&name);
        Self {
            name: String::from_utf8_lossy(name).into_owned(),
            versions: descriptor.max_versions.unwrap_or_default(),
            compression: descriptor.compression.unwrap_or_default(),
            bloom: descriptor.bloom_filter_type.unwrap_or_default(),
            ttl_secs: descriptor.time_to_live.unwrap_or_default(),
        }
    }
}

impl Client {
    /// The names of all tables of the cluster, whole.
    pub async fn table_names(&self) -> Result<Vec<String>, Error> {
        let names = self.table_call("getTableNames", true, Rpc::get_table_names).await?;
        Ok(names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect())
    }

    /// A table's families, in the order of their names.
    pub async fn families(&self, table: &str) -> Result<Vec<Family>, Error> {
        let table = self.table(table);
        let found = self.table_call("getColumnDescriptors", true, move |rpc| {
            rpc.get_column_descriptors(table.clone())
        });
        Ok(found.await?.into_values().map(Family::of).collect())
    }

    /// Makes a table of one region.
    pub async fn create_table(&self, table: &str, families: &[Family]) -> Result<(), Error> {
        let table = self.table(table);
        let families: Vec<_> = families.iter().map(Family::descriptor).collect();
        self.table_call("createTable", false, move |rpc| {
            rpc.create_table(table.clone(), families.clone())
        })
        .await
    }

    /// Disables and deletes a table with all that is in it.
    pub async fn delete_table(&self, table: &str) -> Result<(), Error> {
        let table = self.table(table);
        self.table_call("deleteTable", false, move |rpc| {
            rpc.disable_table(table.clone())?;
            rpc.delete_table(table.clone())
        })
        .await
    }

    async fn table_call<T: Send + 'static>(
        &self,
        call: &'static str,
        repeatable: bool,
        work: impl FnMut(&mut Rpc) -> thrift::Result<T> + Send + 'static,
    ) -> Result<T, Error> {
        let reply_bytes = limits::HBASE_REPLY_BYTES_MAX;
        self.call(Spec { call, lane: Lane::OTHER, repeatable, reply_bytes }, 1, work).await
    }
}
