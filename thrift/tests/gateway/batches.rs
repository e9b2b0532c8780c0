//! Many rows in one call, and the one that spoils it.

use auxilio_thrift::{Put, RowPut, Scan, Sort};

use crate::support::{Bench, cell};

fn row(number: usize, timestamp: i64) -> RowPut {
    RowPut { key: format!("a{number:03}").into_bytes(), cells: cell("x").to_vec(), timestamp }
}

#[tokio::test]
async fn ninety_five_rows_go_in_two_calls_and_keep_their_timestamps() {
    let bench = Bench::new();
    let table = bench.table().await;
    let rows: Vec<_> = (0..95).map(|number| row(number, 5)).collect();
    assert!(bench.client.put_rows(table, &rows).await.is_empty());
    assert_eq!(bench.told.count("mutateRowsTs ok"), 2);
    let mixed = [row(200, 7), row(201, 8), row(202, 7)];
    assert!(bench.client.put_rows(table, &mixed).await.is_empty());
    let scan = Scan { table, start: b"a2", ..Scan::default() };
    let found = bench.client.scan_page(&scan, 10, 100).await.unwrap();
    let timestamps: Vec<_> = found.iter().map(|row| row.cell("f:q").unwrap().timestamp).collect();
    assert_eq!(timestamps, [7, 8, 7]);
    assert!(bench.client.put_rows(table, &[]).await.is_empty());
}

#[tokio::test]
async fn one_bad_row_is_named_and_all_others_are_stored() {
    let bench = Bench::new();
    let table = bench.table().await;
    let mut rows: Vec<_> = (0..20).map(|number| row(number, 5)).collect();
    rows[13].cells = vec![Put::new("nofamily:q", "x")];
    let failed = bench.client.put_rows(table, &rows).await;
    let [(place, error)] = failed.as_slice() else { panic!("{failed:?}") };
    assert_eq!((*place, error.sort()), (13, Some(Sort::Installation)));
    rows[13].cells = vec![Put::new("nocolon", "x")];
    let failed = bench.client.put_rows(table, &rows).await;
    assert_eq!(
        failed.iter().map(|(place, error)| (*place, error.name())).collect::<Vec<_>>(),
        [(13, "bad_request")]
    );
    let stored = bench.client.scan_page(&Scan { table, ..Scan::default() }, 100, 100).await;
    assert_eq!(stored.unwrap().len(), 19);
}
