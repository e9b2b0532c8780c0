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
async fn the_clusters_limit_of_a_cell_is_a_refusal_that_says_so() {
    let bench = Bench::new();
    let table = bench.table().await;
    let limited = Gateway::default().setting("hbase.client.keyvalue.maxsize", "10485760");
    let place = bench.hbase.add_gateway(limited).unwrap();
    let mut config = bench.config.clone();
    config.gateways = vec![bench.hbase.gateways()[place].to_string()];
    let (client, told) = connect(&config);
    let large = vec![7; 10_000_000];
    client.put_row(table, b"r", &cell(large.clone()), 1).await.unwrap();
    assert!(read(&client, b"r").await.unwrap() == large);
    let error = client.put_row(table, b"r", &cell(vec![8; 11_000_000]), 2).await.unwrap_err();
    assert_eq!((error.name(), error.class()), ("KeyValueTooLarge", ErrorClass::Permanent));
    assert!(read(&client, b"r").await.unwrap() == large);
    assert_eq!(told.count("opened"), 1);
    bench.hbase.kill_gateway(place).unwrap();
}
