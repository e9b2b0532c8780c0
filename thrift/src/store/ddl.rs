//! The tables as statements of HBase's shell: what Thrift can't say (splits, large cells apart).

use std::fmt::Write;

use super::schema::{CRASHES, HANGS, TABLES};

/// What a site decides about its tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DdlOptions {
    /// Compression of what is not compressed already; the cluster must have it.
    pub compression: String,
    /// Days after which a crash expires; 0 is never.
    pub keep_days: u32,
}

/// Cells above this go into files of their own, so that compactions don't carry them along.
const MOB_THRESHOLD_BYTES: u32 = 102_400;

const DAY_SECS: u64 = 86_400;

/// The longest time that HBase keeps: for ever.
const FOR_EVER_SECS: u64 = 2_147_483_647;

/// Statements that make all tables, split at their salts.
pub fn ddl(table_prefix: &str, options: &DdlOptions) -> String {
    let mut text = String::new();
    if let Some((namespace, _)) = table_prefix.split_once(':') {
        line(&mut text, &format!("create_namespace '{namespace}'"));
    }
    for table in TABLES {
        let families = table.families.iter().map(|name| family(name, table.name, options));
        let mut parts = vec![format!("create '{table_prefix}{}'", table.name)];
        parts.extend(families);
        if table.name != HANGS {
            let salts: Vec<_> = (1..16).map(|salt| format!("'{salt:x}'")).collect();
            parts.push(format!("  SPLITS => [{}]", salts.join(", ")));
        }
        line(&mut text, &parts.join(",\n"));
    }
    text
}

fn family(name: &str, table: &str, options: &DdlOptions) -> String {
    // Index rows are too small to be compressed.
    let compression =
        if has_chunks(name) || table != CRASHES { "NONE" } else { &options.compression };
    let ttl = match u64::from(options.keep_days) * DAY_SECS {
        0 => FOR_EVER_SECS,
        secs => secs.min(FOR_EVER_SECS),
    };
    let large = if name == "raw_data" {
        format!(", IS_MOB => true, MOB_THRESHOLD => {MOB_THRESHOLD_BYTES}")
    } else {
        String::new()
    };
    format!(
        "  {{NAME => '{name}', VERSIONS => 1, BLOOMFILTER => 'ROW', COMPRESSION => '{compression}', TTL => {ttl}{large}}}"
    )
}

/// Whether a family's large cells are chunks, which are compressed one by one before they come here.
pub(super) fn has_chunks(family: &str) -> bool {
    matches!(family, "raw_data" | "processed_data")
}

fn line(text: &mut String, statement: &str) {
    // Writing to a string can't fail.
    let _ = writeln!(text, "{statement}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_say_splits_large_cells_compression_and_expiry() {
        let options = DdlOptions { compression: "SNAPPY".to_owned(), keep_days: 30 };
        let text = ddl("crashes:", &options);
        assert!(text.starts_with("create_namespace 'crashes'\ncreate 'crashes:crash_reports',\n"));
        assert_eq!(text.matches("SPLITS => ['1', '2'").count(), 3);
        assert_eq!(text.matches("TTL => 2592000").count(), 10);
        assert_eq!(text.matches("IS_MOB => true, MOB_THRESHOLD => 102400").count(), 1);
        assert_eq!(text.matches("'SNAPPY'").count(), 4);
        let text = ddl("", &DdlOptions { compression: "NONE".to_owned(), keep_days: 0 });
        assert!(text.starts_with("create 'crash_reports',"));
        assert_eq!(text.matches("TTL => 2147483647").count(), 10);
    }
}
