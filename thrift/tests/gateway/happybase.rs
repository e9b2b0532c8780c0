//! The cases of happybase 1.3.0's `tests/test_api.py` on our layer, and where each one is shown.
//!
//! | case | here |
//! | --- | --- |
//! | connection_compat | a protocol or transport that is none: `a_mode_that_is_none_is_refused` |
//! | timeout_arg | deadlines are settings: `a_mode_that_is_none_is_refused`; `faults::a_call_without_an_answer_ends_at_its_deadline_and_the_next_gets_its_own` |
//! | enabling | `a_table_is_disabled_and_enabled` |
//! | compaction | `a_table_is_compacted` |
//! | prefix | `tables_have_the_prefix_or_none` |
//! | stringify | what there is to print: `a_mode_that_is_none_is_refused`, and errors in `hostile::a_wrong_peer_is_told_in_words` |
//! | table_listing, families | `calls::tables_are_made_listed_described_and_deleted` |
//! | table_regions | `regions_are_listed_in_the_order_of_their_keys` |
//! | invalid_table_create | `a_table_without_a_family_is_refused_before_the_wire` |
//! | put | `cells_are_written_at_several_timestamps` |
//! | atomic_counters | by comparison, because an increment can't be repeated: `counters_count_exactly_by_comparison` |
//! | batch | `batches_write_and_delete_rows_that_are_there_or_not`; a batch of mixed kinds can't be said |
//! | batch_context_managers | `a_batch_is_sent_whole_or_not_at_all`, `batches::ninety_five_rows_go_in_two_calls_and_keep_their_timestamps` |
//! | row | `a_row_is_read_by_family_column_and_time`, `calls::a_row_gives_the_newest_cells_of_what_was_asked_for` |
//! | rows | `rows_are_read_now_and_as_they_were`, `calls::several_rows_come_by_key_and_absent_ones_are_left_out` |
//! | cells | `versions_come_newest_first` |
//! | scan | `scans::two_thousand_rows_come_in_order_in_pages_of_any_size`, `scans_have_columns_limits_and_a_time` |
//! | scan_sorting | `columns_come_sorted` |
//! | scan_reverse | `a_scan_goes_backwards` |
//! | scan_filter_and_batch_size | `a_filter_that_lets_little_through_is_no_end` |
//! | delete | `deletes_take_versions_columns_and_rows`, `calls::deletes_reach_up_to_their_timestamp_and_a_later_write_shows` |
//! | connection_pool_construction | `a_mode_that_is_none_is_refused` |
//! | connection_pool | `faults::ten_callers_share_three_connections_over_a_network_that_breaks` |
//! | pool_exhaustion | `faults::a_call_whose_turn_does_not_come_is_told_so_and_is_not_made` |
//!
//! What hbase.md adds to them: bytes of any kind, empty values and qualifiers, 0xff prefixes and the sizes
//! in `edges`; `checkAndPut` in `a_cell_changes_only_if_it_is_as_expected`; the scanner that is left
//! alone in `scans`; gateways that are killed, full and mute, late and exchanged answers in `faults`;
//! dripping, garbage, HTTP, TLS and wrong framing in `hostile`, and made for real in
//! `tests/hbase_verbs.rs`; a region server that is killed in `outage`.

use std::collections::BTreeSet;

use auxilio_common::storage::ErrorClass;
use auxilio_thrift::{Client, Config, Course, Family, Put, RowPut, Scan, behind_prefix};
use futures::future::join_all;

use crate::support::{Bench, cell, connect, read};

/// A table with three families, of which the last keeps one version.
async fn table(bench: &Bench) -> &'static str {
    let family = |name, versions| Family { versions, ..Family::plain(name) };
    let families = [family("cf1", 3), family("cf2", 3), family("cf3", 1)];
    bench.client.create_table("t", &families).await.unwrap();
    "t"
}

fn row(key: &str, cells: &[(&str, &str)], timestamp: i64) -> RowPut {
    let cells = cells.iter().map(|(column, value)| Put::new(*column, (*value).to_owned()));
    RowPut { key: key.into(), cells: cells.collect(), timestamp }
}

async fn put(client: &Client, rows: &[RowPut]) {
    let failed = client.put_rows("t", rows).await;
    assert!(failed.is_empty(), "{failed:?}");
}

/// A row's columns and values; none if it is not there.
fn texts(row: Option<auxilio_thrift::Row>) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let cells = row.map(|row| row.cells).unwrap_or_default();
    cells.iter().map(|(column, cell)| (text(column), text(&cell.value))).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(column, value)| ((*column).to_owned(), (*value).to_owned())).collect()
}

async fn whole_row(client: &Client, key: &str) -> Vec<(String, String)> {
    texts(client.get_row("t", key.as_bytes(), &[], 1_000).await.unwrap())
}

#[test]
fn a_mode_that_is_none_is_refused() {
    let read = serde_json::from_str::<Config>;
    assert!(read(r#"{"protocol": "0.1.invalid"}"#).is_err());
    assert!(read(r#"{"transport": "http"}"#).is_err());
    assert!(read(r#"{"call_timeout_secs": "soon"}"#).is_err());
    assert!(read(r#"{"table_prefix": 123}"#).is_err());
    assert!(read(r#"{"connections": "abc"}"#).is_err());
    let config = read(r#"{"connections": 0}"#).unwrap();
    assert!(config.check().unwrap_err().to_string().contains("hbase.connections"));
    let config = read(r#"{"call_timeout_secs": 5, "protocol": "compact"}"#).unwrap();
    config.check().unwrap();
    assert!(format!("{config:?}").contains("call_timeout_secs: 5"));
}

#[tokio::test]
async fn a_table_is_disabled_and_enabled() {
    let bench = Bench::new();
    let (table, client) = (table(&bench).await, &bench.client);
    assert!(client.is_table_enabled(table).await.unwrap());
    client.enable_table(table, false).await.unwrap();
    assert!(!client.is_table_enabled(table).await.unwrap());
    let error = client.put_row(table, b"r", &[Put::new("cf1:q", "x")], 1).await.unwrap_err();
    assert_eq!(error.name(), "TableNotEnabledException", "{error}");
    client.enable_table(table, true).await.unwrap();
    assert!(client.is_table_enabled(table).await.unwrap());
    client.put_row(table, b"r", &[Put::new("cf1:q", "x")], 1).await.unwrap();
}

#[tokio::test]
async fn a_table_is_compacted() {
    let bench = Bench::new();
    let table = table(&bench).await;
    put(&bench.client, &[row("r", &[("cf1:q", "kept")], 5)]).await;
    for major in [false, true] {
        bench.client.compact_table(table, major).await.unwrap();
    }
    assert_eq!(whole_row(&bench.client, "r").await, pairs(&[("cf1:q", "kept")]));
    assert!(bench.client.compact_table("nosuch", false).await.is_err());
}

#[tokio::test]
async fn tables_have_the_prefix_or_none() {
    let bench = Bench::new();
    let table = table(&bench).await;
    let whole = format!("{}{table}", bench.config.table_prefix);
    assert!(bench.client.table_names().await.unwrap().contains(&whole));
    let mut config = bench.config.clone();
    config.table_prefix = String::new();
    let (client, _) = connect(&config);
    client.put_row(&whole, b"r", &[Put::new("cf1:q", "x")], 1).await.unwrap();
    assert!(client.get_row(table, b"r", &[], 10).await.is_err(), "without it that is no table");
    assert_eq!(whole_row(&bench.client, "r").await, pairs(&[("cf1:q", "x")]));
}

#[tokio::test]
async fn regions_are_listed_in_the_order_of_their_keys() {
    let bench = Bench::new();
    let name = format!("{}split", bench.config.table_prefix);
    bench.hbase.admin(&format!("create '{name}', 'f', SPLITS => ['8', '4']")).unwrap();
    let regions = bench.client.regions("split").await.unwrap();
    let starts: Vec<_> = regions.iter().map(|region| region.start.as_slice()).collect();
    assert_eq!(starts, [b"".as_slice(), b"4", b"8"]);
    assert!(regions.iter().zip(&regions[1..]).all(|(one, next)| one.end == next.start));
    assert!(regions.iter().all(|region| region.name.starts_with(&name)), "{regions:?}");
    assert!(regions.iter().all(|region| !region.server.is_empty()), "{regions:?}");
}

#[tokio::test]
async fn a_table_without_a_family_is_refused_before_the_wire() {
    let bench = Bench::new();
    for families in [Vec::new(), vec![Family::plain("")], vec![Family::plain("a:b")]] {
        let error = bench.client.create_table("none", &families).await.unwrap_err();
        assert_eq!((error.name(), error.class()), ("bad_request", ErrorClass::Permanent));
    }
    assert_eq!(bench.told.count("opened"), 0);
}

#[tokio::test]
async fn cells_are_written_at_several_timestamps() {
    let bench = Bench::new();
    let (table, client) = (table(&bench).await, &bench.client);
    let first = [("cf1:c1", "v1"), ("cf1:c2", "v2"), ("cf2:c3", "v3")];
    put(client, &[row("r1", &first, 1_369_168_852_000)]).await;
    put(client, &[row("r1", &[("cf1:c4", "old")], 2_345_678)]).await;
    put(client, &[row("r1", &[("cf1:c4", "new")], 1_369_168_852_994)]).await;
    let versions = client.get_versions(table, b"r1", b"cf1:c4", 5, None, 100).await.unwrap();
    let times: Vec<_> = versions.iter().map(|cell| cell.timestamp).collect();
    assert_eq!(times, [1_369_168_852_994, 2_345_678]);
    assert_eq!(whole_row(client, "r1").await.len(), 4);
}

/// A counter as HBase's own: eight bytes, the highest first. What was expected may have changed
/// meanwhile; then it is tried anew.
async fn count(client: &Client, key: &[u8], by: i64) -> i64 {
    loop {
        let before = read_column(client, key).await;
        let now = before.as_deref().map_or(0, number) + by;
        let put = Put::new("cf1:n", now.to_be_bytes().to_vec());
        let expected = before.unwrap_or_default();
        if client.put_if_equal("t", key, &expected, &put).await.unwrap() {
            return now;
        }
    }
}

async fn read_column(client: &Client, key: &[u8]) -> Option<Vec<u8>> {
    let row = client.get_row("t", key, &[b"cf1:n"], 100).await.unwrap()?;
    row.cell("cf1:n").map(|cell| cell.value.clone())
}

fn number(bytes: &[u8]) -> i64 {
    i64::from_be_bytes(bytes.try_into().unwrap())
}

#[tokio::test]
async fn counters_count_exactly_by_comparison() {
    let bench = Bench::new();
    table(&bench).await;
    let client = &bench.client;
    let key = b"row-with-counter";
    assert_eq!(read_column(client, key).await, None);
    for (by, expected) in [(10, 10), (-10, 0), (1, 1), (3, 4), (-1, 3), (5, 8), (-2, 6), (7, 13)] {
        assert_eq!(count(client, key, by).await, expected);
    }
    join_all((0..8).map(async |_| {
        for _ in 0..10 {
            count(client, key, 1).await;
        }
    }))
    .await;
    assert_eq!(read_column(client, key).await.as_deref().map(number), Some(93));
}

#[tokio::test]
async fn a_cell_changes_only_if_it_is_as_expected() {
    let bench = Bench::new();
    let table = bench.table().await;
    let client = &bench.client;
    let change = async |expected: &str, value: &str| {
        let put = &cell(value.to_owned())[0];
        client.put_if_equal(table, b"r", expected.as_bytes(), put).await.unwrap()
    };
    assert!(!change("absent", "a").await, "there is none");
    assert!(change("", "a").await);
    assert!(!change("", "b").await && !change("b", "c").await && !change("aa", "c").await);
    assert_eq!(read(client, b"r").await.unwrap(), b"a");
    assert!(change("a", "").await);
    assert_eq!(read(client, b"r").await.unwrap(), b"");
    assert!(change("", "x").await, "an empty one counts as none");
    let error = client.put_if_equal("nosuch", b"r", b"", &cell("x")[0]).await.unwrap_err();
    assert_eq!(error.name(), "TableNotFoundException");
}

#[tokio::test]
async fn batches_write_and_delete_rows_that_are_there_or_not() {
    let bench = Bench::new();
    let (table, client) = (table(&bench).await, &bench.client);
    let three = [("cf1:col1", "value1"), ("cf1:col2", "value2"), ("cf1:col3", "value3")];
    put(client, &[row("row1", &three[..2], 9), row("row2", &three, 9)]).await;
    client.delete_cells(table, b"row1", &[b"cf1:col4"], 9).await.unwrap();
    client.delete_row(table, b"another-row", 9).await.unwrap();
    put(client, &[row("row1", &[("cf1:col5", "value5")], 1_234_567)]).await;
    assert_eq!(whole_row(client, "row1").await.len(), 3);
    assert_eq!(whole_row(client, "row2").await, pairs(&three));
    // Both kinds for one row: two calls, each with its own moment, in the order in which they are made.
    put(client, &[row("row", &[("cf1:col1", "value1")], 10)]).await;
    client.delete_cells(table, b"row", &[b"cf1:col1", b"cf1:col4"], 10).await.unwrap();
    put(client, &[row("row", &[("cf1:col2", "value2"), ("cf1:col4", "late")], 11)]).await;
    let left = [("cf1:col2", "value2"), ("cf1:col4", "late")];
    assert_eq!(whole_row(client, "row").await, pairs(&left));
}

#[tokio::test]
async fn a_batch_is_sent_whole_or_not_at_all() {
    let bench = Bench::new();
    let table = table(&bench).await;
    let client = &bench.client;
    let rows: Vec<_> =
        (0..95).map(|number| row(&format!("batch-{number:03}"), &[("cf1:", "x")], 5)).collect();
    // A batch whose future is dropped before it is polled sends nothing.
    drop(client.put_rows(table, &rows));
    assert_eq!(bench.told.count("mutateRowsTs ok"), 0);
    for some in rows.chunks(20) {
        put(client, some).await;
    }
    assert_eq!(bench.told.count("mutateRowsTs ok"), 5);
    let behind = behind_prefix(b"batch-");
    let scan = Scan { table, start: b"batch-", stop: &behind, ..Scan::default() };
    assert_eq!(client.scan_page(&scan, 1_000, 10).await.unwrap().len(), 95);
    join_all(rows.iter().map(async |row| client.delete_row(table, &row.key, 5).await.unwrap()))
        .await;
    assert!(client.scan_page(&scan, 1_000, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_row_is_read_by_family_column_and_time() {
    let bench = Bench::new();
    let (table, client) = (table(&bench).await, &bench.client);
    put(client, &[row("r", &[("cf1:col1", "v1old")], 1_234)]).await;
    put(client, &[row("r", &[("cf1:col1", "v1new")], 3_456)]).await;
    put(client, &[row("r", &[("cf1:col2", "v2"), ("cf2:col1", "v3")], 9_999)]).await;
    put(client, &[row("r", &[("cf2:col2", "v4")], 1_234)]).await;
    let all = [("cf1:col1", "v1new"), ("cf1:col2", "v2"), ("cf2:col1", "v3"), ("cf2:col2", "v4")];
    assert_eq!(whole_row(client, "r").await, pairs(&all));
    let get =
        async |columns: &[&[u8]]| texts(client.get_row(table, b"r", columns, 9).await.unwrap());
    assert_eq!(get(&[b"cf1"]).await, pairs(&all[..2]));
    assert_eq!(get(&[b"cf1:col1", b"cf2:col2"]).await, pairs(&[all[0], all[3]]));
    let was =
        async |moment| texts(client.get_row_before(table, b"r", &[], moment, 9).await.unwrap());
    assert_eq!(was(2_345).await, pairs(&[("cf1:col1", "v1old"), ("cf2:col2", "v4")]));
    assert_eq!(was(1_234).await, pairs(&[]), "the moment itself is left out");
    assert_eq!(was(123).await, pairs(&[]));
}

#[tokio::test]
async fn rows_are_read_now_and_as_they_were() {
    let bench = Bench::new();
    let (table, client) = (table(&bench).await, &bench.client);
    let keys = ["a1", "a2", "a3"];
    let rows = |value, at| keys.map(|key| row(key, &[("cf1:col1", value)], at));
    put(client, &rows("old", 4_000)).await;
    put(client, &rows("new", 6_000)).await;
    let bytes = keys.map(|key| key.as_bytes().to_vec());
    let now = client.get_rows(table, &bytes, &[], 1_000).await.unwrap();
    assert_eq!(now.len(), 3);
    assert!(now.iter().all(|row| row.cell("cf1:col1").unwrap().value == b"new"));
    for key in &bytes {
        let was = client.get_row_before(table, key, &[], 5_000, 100).await.unwrap().unwrap();
        assert_eq!(was.cell("cf1:col1").unwrap().value, b"old");
    }
}

#[tokio::test]
async fn versions_come_newest_first() {
    let bench = Bench::new();
    let (table, client) = (table(&bench).await, &bench.client);
    for (value, at) in [("old", 1_234), ("new", 5_678)] {
        put(client, &[row("cell", &[("cf1:col1", value), ("cf3:col1", value)], at)]).await;
    }
    let versions = async |column: &str, count, before| {
        let column = column.as_bytes();
        let cells = client.get_versions(table, b"cell", column, count, before, 100).await.unwrap();
        cells.into_iter().map(|cell| (cell.value, cell.timestamp)).collect::<Vec<_>>()
    };
    let (old, new) = ((b"old".to_vec(), 1_234), (b"new".to_vec(), 5_678));
    assert_eq!(versions("cf1:col1", 0, None).await, []);
    assert_eq!(versions("cf1:col1", 1, None).await, std::slice::from_ref(&new));
    assert_eq!(versions("cf1:col1", 3, None).await, [new.clone(), old.clone()]);
    assert_eq!(versions("cf1:col1", 3, Some(2_345)).await, [old]);
    assert_eq!(versions("cf3:col1", 3, None).await, [new], "this family keeps one");
    assert_eq!(versions("cf1:never", 3, None).await, []);
}

#[tokio::test]
async fn scans_have_columns_limits_and_a_time() {
    let bench = Bench::new();
    let (table, client) = (table(&bench).await, &bench.client);
    let both = [("cf1:col1", "v1"), ("cf1:col2", "v2"), ("cf2:col2", "v2")];
    let rows: Vec<_> =
        (0..300).map(|number| row(&format!("scan-a{number:03}"), &both, 5_000)).collect();
    put(client, &rows).await;
    put(client, &[row("scan-b", &both[..1], 5_000)]).await;
    let columns: &[&[u8]] = &[b"cf1:col1", b"cf2:col2"];
    let scan = Scan { table, start: b"scan-", stop: b"scan-b", columns, ..Scan::default() };
    let found = client.scan_page(&scan, 1_000, 100).await.unwrap();
    assert_eq!(found.len(), 300);
    assert_eq!(found[0].key, b"scan-a000");
    assert_eq!(texts(found.into_iter().next()), pairs(&[both[0], both[2]]));
    for limit in [1, 10, 299] {
        assert_eq!(client.scan_page(&scan, limit, 100).await.unwrap().len(), limit);
    }
    for (moment, count) in [(123, 0), (5_000, 0), (5_001, 300)] {
        let course = Course { before: Some(moment), ..Course::default() };
        let found = client.scan_course(&scan, course, 1_000, 100).await.unwrap();
        assert_eq!(found.len(), count, "before {moment}");
    }
}

#[tokio::test]
async fn columns_come_sorted() {
    let bench = Bench::new();
    let (table, client) = (table(&bench).await, &bench.client);
    let names: BTreeSet<_> = (0..100).map(|number| format!("cf1:col-{number:03}")).collect();
    let cells: Vec<_> = names.iter().rev().map(|name| Put::new(name.as_str(), "")).collect();
    client.put_row(table, b"sorted", &cells, 1).await.unwrap();
    let scan = Scan { table, start: b"sorted", ..Scan::default() };
    let [found] = client.scan_page(&scan, 1, 10_000).await.unwrap().try_into().unwrap();
    assert!(found.cells.keys().eq(names.iter().map(String::as_bytes)));
}

#[tokio::test]
async fn a_scan_goes_backwards() {
    let bench = Bench::new();
    let (table, client) = (table(&bench).await, &bench.client);
    let keys: Vec<_> = (0..500).map(|number| format!("back-{number:04}")).collect();
    let rows: Vec<_> = keys.iter().map(|key| row(key, &[("cf1:c", "v")], 5)).collect();
    put(client, &rows).await;
    let high = RowPut { key: vec![0xff, 0xff, 7], ..rows[0].clone() };
    put(client, std::slice::from_ref(&high)).await;
    let course = Course { reversed: true, ..Course::default() };
    let back = async |start: &[u8], stop: &[u8], limit| {
        let scan = Scan { table, start, stop, ..Scan::default() };
        let rows = client.scan_course(&scan, course, limit, 100).await.unwrap();
        rows.into_iter().map(|row| row.key).collect::<Vec<_>>()
    };
    let found = back(b"back-0499", b"back-0000", 1_000).await;
    let expected = keys[1..].iter().rev().map(|key| key.as_bytes().to_vec());
    assert!(found.into_iter().eq(expected), "the start is in it and the stop is not");
    assert_eq!(back(b"back-0300", b"", 10).await.len(), 10);
    // Nothing lies behind a prefix of 0xff: the scan begins at the table's end.
    assert_eq!(back(&behind_prefix(&[0xff, 0xff]), b"", 1).await, [high.key]);
    // All with a prefix, from the key behind it, which itself is not there.
    assert_eq!(back(&behind_prefix(b"back-"), b"back-", 1_000).await.len(), 500);
}

#[tokio::test]
async fn a_filter_that_lets_little_through_is_no_end() {
    let bench = Bench::new();
    let (table, client) = (table(&bench).await, &bench.client);
    let value = |number: usize| if number % 100 == 99 { "val1" } else { "other" };
    let rows: Vec<_> = (0..1_000)
        .map(|number| row(&format!("f{number:04}"), &[("cf1:qual1", value(number))], 5))
        .collect();
    put(client, &rows).await;
    let filter = "SingleColumnValueFilter ('cf1', 'qual1', =, 'binary:val1')";
    let scan = Scan { table, filter, ..Scan::default() };
    for limit in [3, 10, 500] {
        let found = client.scan_page(&scan, limit, 100).await.unwrap();
        assert_eq!(found.len(), limit.min(10));
    }
}

#[tokio::test]
async fn deletes_take_versions_columns_and_rows() {
    let bench = Bench::new();
    let (table, client) = (table(&bench).await, &bench.client);
    let data = [("cf1:col1", "v1"), ("cf1:col2", "v2"), ("cf1:col3", "v3")];
    put(client, &[row("r", &[("cf1:col2", "v2old")], 1_234)]).await;
    put(client, &[row("r", &data, 90_000)]).await;
    let versions =
        async || client.get_versions(table, b"r", b"cf1:col2", 2, None, 100).await.unwrap().len();
    assert_eq!(versions().await, 2);
    client.delete_cells(table, b"r", &[b"cf1:col2"], 2_345).await.unwrap();
    assert_eq!(versions().await, 1);
    assert_eq!(whole_row(client, "r").await, pairs(&data));
    client.delete_cells(table, b"r", &[b"cf1:col1"], 90_000).await.unwrap();
    assert_eq!(whole_row(client, "r").await, pairs(&data[1..]));
    client.delete_row(table, b"r", 12_345).await.unwrap();
    assert_eq!(whole_row(client, "r").await, pairs(&data[1..]));
    client.delete_row(table, b"r", 90_000).await.unwrap();
    assert_eq!(whole_row(client, "r").await, pairs(&[]));
}
