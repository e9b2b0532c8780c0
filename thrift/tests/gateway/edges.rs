//! Bytes and sizes at their edges.

use auxilio_common::storage::ErrorClass;
use auxilio_testkit::hbase::Gateway;
use auxilio_thrift::{Put, Scan, after, behind_prefix};

use crate::support::{Bench, cell, connect, read};

#[tokio::test]
async fn keys_qualifiers_and_values_may_be_any_bytes() {
    let bench = Bench::new();
    let table = bench.table().await;
    let keys = [vec![0xff, 0xfe, 0], vec![b'0', 0x80], vec![b'f'; 32_767], b"\0".to_vec()];
    for key in &keys {
        let cells = [
            Put::new("f:", "empty qualifier"),
            Put::new([b"f:".as_slice(), &[0, 0xc3, b':']].concat(), vec![0xff, 0]),
            Put::new("f:empty", ""),
        ];
        bench.client.put_row(table, key, &cells, 1).await.unwrap();
        let row = bench.client.get_row(table, key, &[b"f"], 1_000).await.unwrap().unwrap();
        assert_eq!(&row.key, key);
        for put in &cells {
            assert_eq!(row.cell(&put.column).unwrap().value, put.value);
        }
    }
    let scan = Scan { table, start: &[0xff], ..Scan::default() };
    let rows = bench.client.scan_page(&scan, 10, 100).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(behind_prefix(&[0xff, 0xff]), b"");
    let scan = Scan { table, start: &after(&keys[0]), ..Scan::default() };
    assert!(bench.client.scan_page(&scan, 10, 100).await.unwrap().is_empty());
}

#[tokio::test]
async fn large_cells_come_back_from_memory_and_from_files_of_their_own() {
    let bench = Bench::new();
    let whole = format!("{}t", bench.config.table_prefix);
    let family = "{NAME => 'f', IS_MOB => true, MOB_THRESHOLD => 102400}";
    bench.hbase.admin(&format!("create '{whole}', {family}")).unwrap();
    // Around what goes into a file of its own, and around the usual limit of a cell.
    let sizes = [102_399, 102_400, 102_401, 10_380_902, 10 << 20, 20 << 20];
    let value = |size: usize| (0..=250_u8).cycle().take(size).collect::<Vec<_>>();
    for flush in [false, true] {
        for size in sizes {
            let key = format!("{size}").into_bytes();
            if flush {
                assert!(read(&bench.client, &key).await.unwrap() == value(size), "{size}");
            } else {
                bench.client.put_row("t", &key, &cell(value(size)), 1).await.unwrap();
                assert!(read(&bench.client, &key).await.unwrap() == value(size), "{size}");
            }
        }
        bench.hbase.admin(&format!("flush '{whole}'")).unwrap();
    }
    assert_eq!(bench.told.count("opened"), 1);
}

#[tokio::test]
async fn a_prefix_of_the_highest_bytes_has_its_rows_and_no_others() {
    let bench = Bench::new();
    let table = bench.table().await;
    let keys = [vec![0xfe, 0xff], vec![0xff], vec![0xff, 0], vec![0xff, 0xff], vec![0xff; 3]];
    for key in &keys {
        bench.client.put_row(table, key, &cell("x"), 1).await.unwrap();
    }
    for (prefix, expected) in [
        (vec![0xff], &keys[1..]),
        (vec![0xff, 0xff], &keys[3..]),
        (vec![0xfe], &keys[..1]),
        (vec![0xff; 4], &[]),
    ] {
        let behind = behind_prefix(&prefix);
        let scan = Scan { table, start: &prefix, stop: &behind, ..Scan::default() };
        let rows = bench.client.scan_page(&scan, 10, 100).await.unwrap();
        assert!(rows.iter().map(|row| &row.key).eq(expected), "{prefix:?}: {rows:?}");
    }
}

#[tokio::test]
async fn the_clusters_limit_of_a_cell_is_a_refusal_that_says_so() {
    let bench = Bench::new();
    let table = bench.table().await;
    let limited = Gateway::default().setting("hbase.client.keyvalue.maxsize", "10485760");
    let place = bench.hbase.add_gateway(limited).unwrap();
    let mut config = bench.config.clone();
    config.gateways = vec![bench.hbase.gateways()[place].to_string()];
    let (client, told) = connect(&config);
    let large = vec![7; 10_380_902];
    client.put_row(table, b"r", &cell(large.clone()), 1).await.unwrap();
    assert!(read(&client, b"r").await.unwrap() == large);
    let error = client.put_row(table, b"r", &cell(vec![8; 10 << 20]), 2).await.unwrap_err();
    assert_eq!((error.name(), error.class()), ("KeyValueTooLarge", ErrorClass::Permanent));
    assert!(read(&client, b"r").await.unwrap() == large);
    assert_eq!(told.count("opened"), 1);
    bench.hbase.kill_gateway(place).unwrap();
}
