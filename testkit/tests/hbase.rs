//! The real HBase that other tests build on: starts, keeps what it acknowledged, and ends.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::time::Duration;

use auxilio_testkit::hbase::{Daemon, Gateway, Hbase, HbaseOptions, RawClient, raw_client};
use hbase_thrift::hbase::{Mutation, THbaseSyncClient as _};

/// Writes a cell through Thrift; returning is the acknowledgement.
fn put(client: &mut RawClient, table: &str, row: &str, value: &str) {
    let cell = Mutation {
        column: Some(b"f:q".to_vec()),
        value: Some(value.into()),
        is_delete: Some(false),
        // The crate's default is false, which HBase takes as "may be lost".
        write_to_w_a_l: Some(true),
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

#[test]
fn acknowledged_rows_outlive_kill_nine_of_the_whole_server_and_of_the_gateway() {
    let hbase = Hbase::start().unwrap();
    hbase.admin("create 'kept', 'f', SPLITS => ['5']").unwrap();
    let mut client = hbase.client(0).unwrap();
    for row in 0..200 {
        put(&mut client, "kept", &format!("{row}"), &format!("value {row}"));
    }
    let address = hbase.gateways();
    hbase.kill(Daemon::Master).unwrap();
    hbase.kill_gateway(0).unwrap();
    assert!(hbase.client(0).is_err());
    hbase.start_daemon(Daemon::Master).unwrap();
    hbase.start_gateway(0).unwrap();
    assert_eq!(hbase.gateways(), address);
    let mut client = hbase.client(0).unwrap();
    for row in 0..200 {
        assert_eq!(get(&mut client, "kept", &format!("{row}")), Some(format!("value {row}")));
    }
}

#[test]
fn distributed_hbase_goes_on_after_kill_nine_of_a_region_server_and_a_gateway() {
    let hbase = Hbase::with(&HbaseOptions::distributed()).unwrap();
    hbase.admin("create 'kept', 'f', SPLITS => ['2', '4', '6', '8']").unwrap();
    assert_eq!(hbase.admin("servers").unwrap().len(), 2);
    let mut client = hbase.client(0).unwrap();
    for row in 0..100 {
        put(&mut client, "kept", &format!("{row}"), "value");
    }
    hbase.kill(Daemon::RegionServer(0)).unwrap();
    hbase.kill_gateway(0).unwrap();
    let mut client = hbase.client(1).unwrap();
    for row in 0..100 {
        assert_eq!(get(&mut client, "kept", &format!("{row}")).as_deref(), Some("value"));
    }
    assert_eq!(hbase.admin("servers").unwrap().len(), 1);
    put(&mut client, "kept", "another", "value");
}

#[test]
fn frozen_gateway_accepts_and_answers_nothing_until_it_thaws() {
    let hbase = Hbase::shared().unwrap();
    let number = hbase.add_gateway(Gateway::default()).unwrap();
    hbase.freeze(Daemon::Gateway(number)).unwrap();
    let address = hbase.address(Daemon::Gateway(number)).unwrap();
    let mut mute = raw_client(address, &Gateway::default(), Duration::from_secs(1)).unwrap();
    assert!(mute.get_table_names().is_err());
    hbase.thaw(Daemon::Gateway(number)).unwrap();
    hbase.client(number).unwrap().get_table_names().unwrap();
    hbase.kill_gateway(number).unwrap();
}

#[test]
fn refused_statement_says_why_and_leaves_the_admin_usable() {
    let hbase = Hbase::shared().unwrap();
    let refused = hbase.admin("create 'none', {NAME => 'f', TYPO => 1}").unwrap_err();
    assert!(refused.to_string().contains("TYPO"), "{refused}");
    let refused = hbase.admin("disable 'nosuch'").unwrap_err();
    assert!(refused.to_string().contains("TableNotFoundException"), "{refused}");
    assert!(!hbase.admin("list").unwrap().contains(&"none".to_owned()));
}
