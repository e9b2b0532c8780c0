//! The real HBase that other tests build on: starts, keeps what it acknowledged, and ends.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use auxilio_testkit::hbase::{Gateway, Hbase, RawClient};
use hbase_thrift::hbase::{Mutation, THbaseSyncClient as _};

/// Writes a cell through Thrift; returning is the acknowledgement.
fn put(client: &mut RawClient, table: &str, row: &str, value: &str) {
    let cell = Mutation {
        column: Some(b"f:q".to_vec()),
        value: Some(value.into()),
        ..Mutation::default()
    };
    client.mutate_row(table.into(), row.into(), vec![cell], BTreeMap::new()).unwrap();
}

fn get(client: &mut RawClient, table: &str, row: &str) -> Option<String> {
    let cells = client.get(table.into(), row.into(), b"f:q".to_vec(), BTreeMap::new()).unwrap();
    cells.into_iter().next().map(|cell| String::from_utf8(cell.value.unwrap()).unwrap())
}

#[test]
fn admin_makes_pre_split_tables_that_every_mode_of_gateway_serves() {
    let hbase = Hbase::shared().unwrap();
    let table = hbase.fresh_prefix() + "modes";
    hbase
        .admin(&format!(
            "create '{table}', {{NAME => 'f', IS_MOB => true, MOB_THRESHOLD => 102400, TTL => 86400, VERSIONS => 1, BLOOMFILTER => 'ROW'}},
               {{NAME => 'g', COMPRESSION => 'ZSTD'}}, SPLITS => ['1', 'f']"
        ))
        .unwrap();
    let families = hbase.admin(&format!("describe '{table}'")).unwrap().join("\n");
    for setting in ["IS_MOB => 'true'", "TTL => '86400", "COMPRESSION => 'ZSTD'"] {
        assert!(families.contains(setting), "{families}");
    }
    assert_eq!(hbase.admin(&format!("regions '{table}'")).unwrap().len(), 3);
    let modes = [
        Gateway::framed(),
        Gateway::compact(),
        Gateway { framed: true, compact: true, ..Gateway::default() },
        Gateway { server: Some("hsha"), ..Gateway::default() },
    ];
    let mut plain = hbase.client(0).unwrap();
    for mode in modes {
        let number = hbase.add_gateway(mode).unwrap();
        let row = format!("row {number}");
        put(&mut hbase.client(number).unwrap(), &table, &row, "value");
        assert_eq!(get(&mut plain, &table, &row).as_deref(), Some("value"));
        hbase.kill_gateway(number).unwrap();
    }
    assert_eq!(hbase.admin(&format!("count '{table}'")).unwrap(), ["4"]);
}
