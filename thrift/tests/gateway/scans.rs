//! Scans in pages.

use auxilio_thrift::{Client, RowPut, Scan, after, behind_prefix};

use crate::support::{Bench, cell};

async fn fill(client: &Client, table: &str, keys: impl Iterator<Item = String>) {
    let rows: Vec<_> = keys
        .map(|key| RowPut { cells: cell(key.clone()).to_vec(), key: key.into(), timestamp: 1 })
        .collect();
    assert!(client.put_rows(table, &rows).await.is_empty());
}

async fn all(client: &Client, scan: Scan<'_>, page: usize) -> Vec<String> {
    let mut found = Vec::new();
    let mut next = scan.start.to_vec();
    loop {
        let rest = Scan { start: &next, ..scan.clone() };
        let rows = client.scan_page(&rest, page, 100).await.unwrap();
        assert!(rows.len() <= page);
        let ended = rows.len() < page;
        found.extend(rows.iter().map(|row| String::from_utf8(row.key.clone()).unwrap()));
        match rows.last() {
            Some(last) if !ended => next = after(&last.key),
            _ => return found,
        }
    }
}

#[tokio::test]
async fn two_thousand_rows_come_in_order_in_pages_of_any_size() {
    let bench = Bench::new();
    let table = bench.table().await;
    let keys: Vec<_> = (0..2_000).map(|number| format!("a{number:05}")).collect();
    fill(&bench.client, table, keys.iter().cloned()).await;
    let columns: &[&[u8]] = &[b"f:q"];
    let scan = Scan { table, columns, ..Scan::default() };
    for page in [7, 1_000, 2_000, 5_000] {
        assert_eq!(all(&bench.client, scan.clone(), page).await, keys, "pages of {page}");
    }
    let scan = Scan { start: b"a00010", stop: b"a00020", ..scan };
    assert_eq!(all(&bench.client, scan.clone(), 3).await, keys[10..20]);
    let behind = behind_prefix(b"a0001");
    let scan = Scan { start: b"a0001", stop: &behind, ..scan };
    assert_eq!(all(&bench.client, scan.clone(), 100).await, keys[10..20]);
    let scan = Scan { start: b"b", stop: b"", ..scan };
    assert!(all(&bench.client, scan, 100).await.is_empty());
    let scan = Scan { table, filter: "PrefixFilter('a0199')", ..Scan::default() };
    assert_eq!(all(&bench.client, scan, 4).await, keys[1_990..]);
    let scan = Scan { table, filter: "KeyOnlyFilter()", ..Scan::default() };
    let rows = bench.client.scan_page(&scan, 3, 10).await.unwrap();
    assert!(rows.iter().all(|row| row.cell("f:q").unwrap().value.is_empty()));
    assert!(bench.client.scan_page(&scan, 0, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_scan_that_is_refused_leaves_the_connection_good_unless_the_gateway_made_no_sense_of_it()
{
    let bench = Bench::new();
    let table = bench.table().await;
    let scan = Scan { table: "nosuch", ..Scan::default() };
    let error = bench.client.scan_page(&scan, 10, 10).await.unwrap_err();
    assert_eq!(error.name(), "TableNotFoundException", "{error}");
    let scan = Scan { table, filter: "NoSuchFilter()", ..Scan::default() };
    let error = bench.client.scan_page(&scan, 10, 10).await.unwrap_err();
    assert_eq!((error.name(), bench.told.count("scan repeated")), ("InternalError", 1));
    fill(&bench.client, table, std::iter::once("a".to_owned())).await;
    assert_eq!(all(&bench.client, Scan { table, ..Scan::default() }, 10).await, ["a"]);
    assert_eq!((bench.told.count("opened"), bench.told.count("dropped")), (3, 2));
}

#[cfg(feature = "long")]
#[tokio::test]
async fn a_scan_that_was_left_alone_for_longer_than_a_gateway_remembers_goes_on() {
    use hbase_thrift::hbase::THbaseSyncClient as _;

    let bench = Bench::new();
    let table = bench.table().await;
    let keys: Vec<_> = (0..30).map(|number| format!("a{number:05}")).collect();
    fill(&bench.client, table, keys.iter().cloned()).await;
    // What a scanner is that somebody keeps open.
    let mut raw = bench.hbase.client(0).unwrap();
    let whole = format!("{}{table}", bench.config.table_prefix).into_bytes();
    let scanner =
        raw.scanner_open(whole, b"a".to_vec(), Vec::new(), std::collections::BTreeMap::new());
    let scanner = scanner.unwrap();
    assert_eq!(raw.scanner_get_list(scanner, 10).unwrap().len(), 10);
    let scan = Scan { table, ..Scan::default() };
    let first = bench.client.scan_page(&scan, 10, 100).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(125)).await;
    let gone = bench.hbase.client(0).unwrap().scanner_get_list(scanner, 10);
    assert!(format!("{:?}", gone.unwrap_err()).contains("invalid"), "it forgot the scanner");
    let next = after(&first.last().unwrap().key);
    assert_eq!(all(&bench.client, Scan { start: &next, ..scan }, 10).await, keys[10..]);
}
