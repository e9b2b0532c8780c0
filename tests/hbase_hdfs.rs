//! HBase on HDFS, as operators run it, loses region servers under a stream of crashes: for
//! `bin/test --long`. On a plain folder a kill loses nothing either; here a log is safe by other
//! means, and a server that is taken for dead can't write any more.

use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;
use auxilio_testkit::hbase::{Daemon, HbaseOptions};
use auxilio_tests::cluster::Cluster;

/// Longer than the session of a region server: the cluster takes its regions away.
const STANDSTILL: Duration = Duration::from_secs(30);

#[test]
fn region_servers_on_hdfs_that_die_or_stand_still_lose_nothing() -> Result<()> {
    let options = HbaseOptions { hdfs: true, ..HbaseOptions::distributed() };
    let cluster = Cluster::start(&options)?;
    let stream = cluster.stream();
    let (one, other) = (Daemon::RegionServer(0), Daemon::RegionServer(1));
    cluster.recovers_from("on HDFS, a region server killed", &stream, |hbase| hbase.kill(one))?;
    cluster.recovers_from("on HDFS, it comes back and takes half", &stream, |hbase| {
        hbase.start_daemon(one)?;
        hbase.spread("crash_reports")
    })?;
    cluster.recovers_from("on HDFS, a region server stands still for 30 s", &stream, |hbase| {
        hbase.freeze(other)?;
        sleep(STANDSTILL);
        // It learns that it is taken for dead, and ends.
        hbase.thaw(other)?;
        sleep(Duration::from_secs(5));
        hbase.kill(other)
    })?;
    cluster.assert_nothing_lost(&stream.stop())
}
