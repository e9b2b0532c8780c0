//! Reads, writes and deletes, as happybase's own tests try them.

use auxilio_common::storage::ErrorClass;
use auxilio_testkit::hbase::Gateway;
use auxilio_thrift::{Error, Family, Protocol, Put, Sort, Transport};

use crate::support::{Bench, cell, connect, read};

#[tokio::test]
async fn tables_are_made_listed_described_and_deleted() {
    let bench = Bench::new();
    let families = [
        Family { versions: 3, ttl_secs: 86_400, ..Family::plain("cf1") },
        Family { compression: "GZ".to_owned(), bloom: "ROWCOL".to_owned(), ..Family::plain("cf2") },
    ];
    let never = i32::MAX;
    bench.client.create_table("made", &families).await.unwrap();
    let whole = format!("{}made", bench.config.table_prefix);
    assert!(bench.client.table_names().await.unwrap().contains(&whole));
    let described = [families[0].clone(), Family { ttl_secs: never, ..families[1].clone() }];
    assert_eq!(bench.client.families("made").await.unwrap(), described);
    let again = bench.client.create_table("made", &families).await.unwrap_err();
    assert_eq!((again.name(), again.class()), ("AlreadyExists", ErrorClass::Permanent));
    let none = bench.client.create_table("none", &[]).await.unwrap_err();
    assert_eq!(none.class(), ErrorClass::Permanent, "{none}");
    bench.client.delete_table("made").await.unwrap();
    assert!(!bench.client.table_names().await.unwrap().contains(&whole));
}

#[tokio::test]
async fn a_row_gives_the_newest_cells_of_what_was_asked_for() {
    let bench = Bench::new();
    let table = bench.table().await;
    let client = &bench.client;
    client.put_row(table, b"r", &cell("old"), 1_000).await.unwrap();
    let cells = [cell("new")[0].clone(), Put::new("f:other", "o"), Put::new("g:q", "g")];
    client.put_row(table, b"r", &cells, 2_000).await.unwrap();
    client.put_row(table, b"r", &cell("older"), 1_500).await.unwrap();
    let all = client.get_row(table, b"r", &[], 1_000).await.unwrap().unwrap();
    assert_eq!((all.key.as_slice(), all.cells.len()), (b"r".as_slice(), 3));
    let newest = all.cell("f:q").unwrap();
    assert_eq!((newest.value.as_slice(), newest.timestamp), (b"new".as_slice(), 2_000));
    let family = client.get_row(table, b"r", &[b"f"], 1_000).await.unwrap().unwrap();
    assert_eq!(family.cells.len(), 2);
    let one = client.get_row(table, b"r", &[b"g:q"], 1_000).await.unwrap().unwrap();
    assert_eq!(one.cells.len(), 1);
    assert_eq!(client.get_row(table, b"r", &[b"g:never"], 1_000).await.unwrap(), None);
    assert_eq!(client.get_row(table, b"absent", &[], 1_000).await.unwrap(), None);
}

#[tokio::test]
async fn several_rows_come_by_key_and_absent_ones_are_left_out() {
    let bench = Bench::new();
    let table = bench.table().await;
    for key in ["a1", "a2", "a3"] {
        bench.client.put_row(table, key.as_bytes(), &cell(key), 1).await.unwrap();
    }
    let keys: Vec<_> = ["a3", "a9", "a1"].iter().map(|key| key.as_bytes().to_vec()).collect();
    let rows = bench.client.get_rows(table, &keys, &[b"f:q"], 1_000).await.unwrap();
    let mut found: Vec<_> = rows.iter().map(|row| row.key.clone()).collect();
    found.sort();
    assert_eq!(found, [b"a1", b"a3"]);
    assert!(bench.client.get_rows(table, &[], &[b"f:q"], 1_000).await.unwrap().is_empty());
    assert_eq!(bench.told.count("getRowsWithColumns ok"), 1, "no keys are no call");
}

#[tokio::test]
async fn deletes_reach_up_to_their_timestamp_and_a_later_write_shows() {
    let bench = Bench::new();
    let table = bench.table().await;
    let client = &bench.client;
    let cells = [cell("x")[0].clone(), Put::new("g:q", "g")];
    client.put_row(table, b"r", &cells, 100).await.unwrap();
    client.delete_cells(table, b"r", &[b"f:q"], 99).await.unwrap();
    assert!(read(client, b"r").await.is_some());
    client.delete_cells(table, b"r", &[b"f:q"], 100).await.unwrap();
    assert!(read(client, b"r").await.is_none());
    assert!(client.get_row(table, b"r", &[b"g:q"], 10).await.unwrap().is_some());
    // A write that was given up on and lands late stays hidden.
    client.put_row(table, b"r", &cell("late"), 100).await.unwrap();
    assert!(read(client, b"r").await.is_none());
    client.put_row(table, b"r", &cell("next"), 101).await.unwrap();
    assert_eq!(read(client, b"r").await.unwrap(), b"next");
    client.delete_row(table, b"r", 101).await.unwrap();
    assert_eq!(client.get_row(table, b"r", &[], 10).await.unwrap(), None);
    client.delete_row(table, b"never there", 101).await.unwrap();
}

#[tokio::test]
async fn a_cell_is_put_once_if_it_is_absent() {
    let bench = Bench::new();
    let table = bench.table().await;
    let [first, second] = [&cell("first")[0], &cell("second")[0]];
    assert!(bench.client.put_if_absent(table, b"r", first).await.unwrap());
    assert!(!bench.client.put_if_absent(table, b"r", second).await.unwrap());
    assert!(!bench.client.put_if_absent(table, b"r", first).await.unwrap());
    assert_eq!(read(&bench.client, b"r").await.unwrap(), b"first");
}

#[tokio::test]
async fn every_mode_of_gateway_carries_every_size() {
    let bench = Bench::new();
    bench.table().await;
    let modes = [
        (Gateway::default(), Transport::Buffered, Protocol::Binary),
        (Gateway::compact(), Transport::Buffered, Protocol::Compact),
        (Gateway::framed(), Transport::Framed, Protocol::Binary),
        (
            Gateway { server: Some("hsha"), compact: true, ..Gateway::default() },
            Transport::Framed,
            Protocol::Compact,
        ),
    ];
    for (number, (gateway, transport, protocol)) in modes.into_iter().enumerate() {
        let place = bench.hbase.add_gateway(gateway).unwrap();
        let mut config = bench.config.clone();
        config.gateways = vec![bench.hbase.gateways()[place].to_string()];
        (config.transport, config.protocol) = (transport, protocol);
        let (client, _) = connect(&config);
        for size in [0, 1, 99_999, 262_143, 262_144, 262_145, 1_400_000] {
            let key = format!("{number}-{size}").into_bytes();
            let value: Vec<u8> = (0..=250).cycle().take(size).collect();
            client.put_row("t", &key, &cell(value.clone()), 1).await.unwrap();
            assert!(read(&client, &key).await.unwrap() == value, "{transport:?} {size}");
        }
        let unknown = client.put_row("t", b"r", &[Put::new("nofamily:q", "x")], 1).await;
        assert_eq!(unknown.unwrap_err().sort(), Some(Sort::Installation));
        assert!(client.status().threads <= 2, "one call after another");
        bench.hbase.kill_gateway(place).unwrap();
    }
}

#[tokio::test]
async fn refusals_have_their_class_and_the_connection_stays() {
    let bench = Bench::new();
    let table = bench.table().await;
    let client = &bench.client;
    let missing = client.put_row("nosuch", b"r", &cell("x"), 1).await.unwrap_err();
    assert_eq!(
        (missing.name(), missing.sort(), missing.class()),
        ("TableNotFoundException", Some(Sort::Installation), ErrorClass::Permanent)
    );
    assert!(missing.to_string().len() < 500, "no stack trace: {missing}");
    let family = client.put_row(table, b"r", &[Put::new("x:q", "x")], 1).await.unwrap_err();
    assert_eq!(family.name(), "NoSuchColumnFamilyException");
    let family = client.get_row(table, b"r", &[b"x:q"], 1).await.unwrap_err();
    assert_eq!(family.sort(), Some(Sort::Installation), "{family}");
    assert_eq!(bench.told.count("opened"), 1);
    // A request that can't be meant so may have been changed on its way: it is made once more.
    let negative = client.put_row(table, b"r", &cell("x"), -5).await.unwrap_err();
    assert_eq!(negative.class(), ErrorClass::Permanent, "{negative}");
    assert_eq!((bench.told.count("opened"), bench.told.count("dropped")), (2, 2));
    for (result, expected) in [
        (client.put_row(table, b"", &cell("x"), 1).await, "bad_request"),
        (client.put_row(table, b"r", &[Put::new("nocolon", "x")], 1).await, "bad_request"),
        (client.put_row(table, b"r", &cell(vec![0; 65 << 20]), 1).await, "too_large"),
    ] {
        let error = result.unwrap_err();
        assert_eq!((error.name(), error.class()), (expected, ErrorClass::Permanent), "{error}");
        assert!(!matches!(error, Error::Refused { .. }), "never on the wire");
    }
}
