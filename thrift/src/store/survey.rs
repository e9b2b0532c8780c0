//! Compares the tables of a cluster with those that the store needs.

use super::ddl::has_chunks;
use super::remove::{CHECK_KEY, CHECK_TIME};
use super::schema::{CRASHES, HANGS, TABLES, Table};
use super::{HbaseStore, columns};
use crate::error::Error;
use crate::exception::Sort;
use crate::row::Put;
use crate::table::Family;

/// Something about a table that should be otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The table, without its prefix.
    pub table: &'static str,
    /// What it is, in words.
    pub what: String,
    /// Whether the store can't work with it; else it costs room or time.
    pub is_fault: bool,
}

impl HbaseStore {
    /// Looks at all tables through a gateway, and writes and deletes a value as large as they come.
    /// An error is trouble with the gateway or the cluster.
    pub async fn survey(&self) -> Result<Vec<Finding>, Error> {
        let mut findings = Vec::new();
        for table in TABLES {
            match self.client.families(table.name).await {
                Ok(families) if families.is_empty() => findings.push(missing(table)),
                Ok(families) => {
                    findings.extend(compare(table, &families));
                    findings.extend(self.state(table).await?);
                }
                Err(error) if is_missing(&error) => findings.push(missing(table)),
                Err(error) => return Err(error),
            }
        }
        if !findings.iter().any(|finding| finding.is_fault) {
            findings.extend(self.largest().await?);
        }
        Ok(findings)
    }

    /// Whether a table takes calls, and how many servers can share them.
    async fn state(&self, table: Table) -> Result<Option<Finding>, Error> {
        if !self.client.is_table_enabled(table.name).await? {
            let what = "is disabled: enable it in HBase's shell".to_owned();
            return Ok(Some(Finding { table: table.name, what, is_fault: true }));
        }
        let is_whole = self.client.regions(table.name).await?.len() < 2;
        Ok((is_whole && table.name != HANGS).then(|| {
            let what = "is one region, so that one server has all the work: see auxilio hbase ddl";
            Finding { table: table.name, what: what.to_owned(), is_fault: false }
        }))
    }

    /// Whether a value goes through that is as large as the configuration lets them become.
    async fn largest(&self) -> Result<Option<Finding>, Error> {
        let bytes = self.chunk_bytes();
        let put = Put::new(columns::CHECK_LARGE, vec![0; bytes]);
        let what = match self.client.put_row(CRASHES, CHECK_KEY, &[put], CHECK_TIME).await {
            Ok(()) => {
                let columns: &[&[u8]] = &[columns::CHECK_LARGE];
                self.client.delete_cells(CRASHES, CHECK_KEY, columns, CHECK_TIME).await?;
                return Ok(None);
            }
            Err(Error::Refused { exception, .. }) if exception.sort() == Sort::Payload => format!(
                "takes no value of {bytes} bytes, as hbase.request_bytes_max allows: {exception}; \
                 hbase.client.keyvalue.maxsize and hbase.server.keyvalue.maxsize limit it"
            ),
            Err(Error::Broken { .. }) => format!(
                "takes no request of {bytes} bytes, as hbase.request_bytes_max allows: the gateway \
                 hangs up; hbase.regionserver.thrift.framed.max_frame_size_in_mb limits it"
            ),
            Err(error) => return Err(error),
        };
        Ok(Some(Finding { table: CRASHES, what, is_fault: true }))
    }
}

/// What a table that is not there is told by. Other trouble of the installation has its own words.
fn is_missing(error: &Error) -> bool {
    matches!(
        error.name(),
        "TableNotFoundException" | "TableNotFound" | "NamespaceNotFoundException" | "NoServerNamed"
    )
}

fn missing(table: Table) -> Finding {
    let what = "is missing: see auxilio hbase ddl, or auxilio hbase create".to_owned();
    Finding { table: table.name, what, is_fault: true }
}

fn compare(table: Table, families: &[Family]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |what, is_fault| findings.push(Finding { table: table.name, what, is_fault });
    for name in table.families {
        let Some(family) = families.iter().find(|family| family.name == *name) else {
            find(format!("lacks the family {name}"), true);
            continue;
        };
        if family.versions > 1 {
            let versions = family.versions;
            find(format!("family {name} keeps {versions} versions, of which one is read"), false);
        }
        if family.bloom == "NONE" {
            find(format!("family {name} has no bloom filter: look-ups read more"), false);
        }
        let compression = &family.compression;
        if has_chunks(name) && compression != "NONE" {
            let what = "what is in it is compressed already";
            find(format!("family {name} is compressed by {compression}: {what}"), false);
        }
        if *name == "meta_data" && compression == "NONE" {
            find(format!("family {name} is not compressed"), false);
        }
        if *name == "raw_data" {
            let what = "a gateway does not show whether its large cells lie apart (IS_MOB): see \
                        describe in HBase's shell";
            find(format!("family {name}: {what}"), false);
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_socorros_tables_cost_is_said_and_only_what_lacks_is_a_fault() {
        let [crashes, ..] = TABLES;
        let plain: Vec<_> = crashes.families.iter().map(|name| Family::plain(name)).collect();
        let found = compare(crashes, &plain);
        assert_eq!(found.len(), 2, "{found:?}");
        let twice = Family { compression: "GZ".to_owned(), ..Family::plain("processed_data") };
        let found = compare(crashes, &[&plain[..3], &[twice], &plain[4..]].concat());
        assert!(found.iter().any(|finding| finding.what.contains("compressed already")));
        let old = Family { versions: 3, bloom: "NONE".to_owned(), ..plain[4].clone() };
        let found = compare(crashes, &[&plain[..3], &[old]].concat());
        let faults: Vec<_> = found.iter().filter(|finding| finding.is_fault).collect();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(found.iter().any(|finding| finding.what.contains("3 versions")));
        assert!(found.iter().any(|finding| finding.what.contains("bloom")));
    }
}
