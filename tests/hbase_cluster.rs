//! Faults of a cluster under a stream of crashes, the ones that take seconds: a region that moves, a
//! region that splits, a gateway that stands still, a region server that is killed. There are more in
//! `hbase_faults.rs`.

use std::time::Duration;

use auxilio_testkit::hbase::{Daemon, HbaseOptions};
use auxilio_tests::cluster::Cluster;

/// The time after which a dead region server is missed; ZooKeeper grants no less.
const SESSION: [(&str, &str); 2] =
    [("zookeeper.session.timeout", "4000"), ("hbase.zookeeper.property.tickTime", "2000")];

#[test]
fn cluster_that_moves_splits_stands_still_and_dies_in_parts_loses_nothing() {
    let settings = SESSION.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let cluster =
        Cluster::start(&HbaseOptions { settings, ..HbaseOptions::distributed() }).unwrap();
    let stream = cluster.stream();
    cluster
        .recovers_from("a region moved and a region split", &stream, |hbase| {
            hbase.move_on("crash_reports", &hbase.regions("crash_reports")?[0])?;
            hbase.split("crash_reports", "88")
        })
        .unwrap();
    cluster
        .recovers_from("a gateway stopped for 3 s", &stream, |hbase| {
            hbase.freeze(Daemon::Gateway(0))?;
            std::thread::sleep(Duration::from_secs(3));
            hbase.thaw(Daemon::Gateway(0))
        })
        .unwrap();
    cluster
        .recovers_from("a region server killed", &stream, |hbase| {
            hbase.kill(Daemon::RegionServer(1))
        })
        .unwrap();
    cluster.assert_nothing_lost(&stream.stop()).unwrap();
}
