//! Compares the tables of a cluster with those that the store needs.

use super::HbaseStore;
use super::schema::{TABLES, Table};
use crate::error::Error;
use crate::exception::Sort;
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
    /// Looks at all tables through a gateway. An error is trouble with the gateway or the cluster.
    pub async fn survey(&self) -> Result<Vec<Finding>, Error> {
        let mut findings = Vec::new();
        for table in TABLES {
            match self.client.families(table.name).await {
                Ok(families) if families.is_empty() => findings.push(missing(table)),
                Ok(families) => findings.extend(compare(table, &families)),
                Err(error) if error.sort() == Some(Sort::Installation) => {
                    findings.push(missing(table));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(findings)
    }
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
        if *name == "meta_data" && family.compression == "NONE" {
            find(format!("family {name} is not compressed"), false);
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
        assert_eq!(found.len(), 1, "{found:?}");
        let old = Family { versions: 3, bloom: "NONE".to_owned(), ..plain[4].clone() };
        let found = compare(crashes, &[&plain[..3], &[old]].concat());
        let faults: Vec<_> = found.iter().filter(|finding| finding.is_fault).collect();
        assert_eq!(faults.len(), 2, "{faults:?}");
        assert!(found.iter().any(|finding| finding.what.contains("3 versions")));
        assert!(found.iter().any(|finding| finding.what.contains("bloom")));
    }
}
