//! Tables themselves: calls for operators and tests, which go to HBase's master.

use auxilio_common::limits;
use hbase_thrift::hbase::{ColumnDescriptor, THbaseSyncClient as _, TRegionInfo};

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

/// A region of a table: the rows from `start` to before `end`, empty for the table's ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its name, which calls take in the place of a table's.
    pub name: String,
    /// Its first key.
    pub start: Vec<u8>,
    /// The key before which it ends.
    pub end: Vec<u8>,
    /// The host of the region server that serves it.
    pub server: String,
}

impl Region {
    fn of(info: TRegionInfo) -> Self {
        let text = |bytes: Option<Vec<u8>>| {
            String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
        };
        Self {
            name: text(info.name),
            start: info.start_key.unwrap_or_default(),
            end: info.end_key.unwrap_or_default(),
            server: text(info.server_name),
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

    /// A table's regions, in the order of their keys.
    pub async fn regions(&self, table: &str) -> Result<Vec<Region>, Error> {
        let table = self.table(table);
        let found = self
            .table_call("getTableRegions", true, move |rpc| rpc.get_table_regions(table.clone()));
        let mut regions: Vec<_> = found.await?.into_iter().map(Region::of).collect();
        regions.sort_by(|one, other| one.start.cmp(&other.start));
        Ok(regions)
    }

    /// Whether a table is there and takes calls.
    pub async fn is_table_enabled(&self, table: &str) -> Result<bool, Error> {
        let table = self.table(table);
        let call = "isTableEnabled";
        self.table_call(call, true, move |rpc| rpc.is_table_enabled(table.clone())).await
    }

    /// Lets a table take calls, or takes it from them; what is in it stays.
    pub async fn enable_table(&self, table: &str, enable: bool) -> Result<(), Error> {
        let table = self.table(table);
        let call = if enable { "enableTable" } else { "disableTable" };
        self.table_call(call, false, move |rpc| {
            if enable { rpc.enable_table(table.clone()) } else { rpc.disable_table(table.clone()) }
        })
        .await
    }

    /// Asks for a compaction; a major one also ends what was deleted. It goes on after the answer.
    pub async fn compact_table(&self, table: &str, major: bool) -> Result<(), Error> {
        let table = self.table(table);
        let call = if major { "majorCompact" } else { "compact" };
        self.table_call(call, true, move |rpc| {
            if major { rpc.major_compact(table.clone()) } else { rpc.compact(table.clone()) }
        })
        .await
    }

    /// Makes a table of one region.
    pub async fn create_table(&self, table: &str, families: &[Family]) -> Result<(), Error> {
        let call = "createTable";
        let is_none = |name: &str| name.is_empty() || name.contains(':');
        match families.iter().find(|family| is_none(&family.name)) {
            Some(family) => return Err(Error::BadFamily { call, name: family.name.clone() }),
            None if families.is_empty() => return Err(Error::NoFamily { call }),
            None => {}
        }
        let table = self.table(table);
        let families: Vec<_> = families.iter().map(Family::descriptor).collect();
        self.table_call(call, false, move |rpc| rpc.create_table(table.clone(), families.clone()))
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
