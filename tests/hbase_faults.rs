//! Faults of a cluster under a stream of crashes, all of them, one after another: for
//! `bin/test --long`.

use std::io::Read as _;
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Result, ensure};
use auxilio_testkit::hbase::{Daemon, Gateway, Hbase, HbaseOptions};
use auxilio_tests::cluster::Cluster;
use auxilio_tests::stream::Stream;

/// The gateway that suffers; the other one is well.
const VICTIM: usize = 0;

const TABLE: &str = "crash_reports";

#[test]
fn each_part_of_a_cluster_that_fails_delays_crashes_and_loses_none() {
    let cluster = Cluster::start(&HbaseOptions::distributed()).unwrap();
    let stream = cluster.stream();
    regions(&cluster, &stream).unwrap();
    servers(&cluster, &stream).unwrap();
    gateways(&cluster, &stream).unwrap();
    cluster.assert_nothing_lost(&stream.stop()).unwrap();
}

fn regions(cluster: &Cluster, stream: &Stream) -> Result<()> {
    cluster.recovers_from("every region moved", stream, |hbase| hbase.move_all(TABLE))?;
    cluster.recovers_from("a region split", stream, |hbase| hbase.split(TABLE, "88"))
}

fn servers(cluster: &Cluster, stream: &Stream) -> Result<()> {
    let (one, other) = (Daemon::RegionServer(0), Daemon::RegionServer(1));
    cluster.recovers_from("a region server killed", stream, |hbase| hbase.kill(one))?;
    cluster.recovers_from("it comes back and takes half of the regions", stream, |hbase| {
        hbase.start_daemon(one)?;
        hbase.spread(TABLE)
    })?;
    cluster.recovers_from("a region server killed and started at once", stream, |hbase| {
        hbase.kill(other)?;
        hbase.start_daemon(other)
    })?;
    cluster.recovers_from("the regions spread anew", stream, |hbase| hbase.spread(TABLE))?;
    cluster.recovers_from("the master killed, and started after 10 s", stream, |hbase| {
        hbase.kill(Daemon::Master)?;
        sleep(Duration::from_secs(10));
        hbase.start_daemon(Daemon::Master)
    })?;
    cluster.recovers_from("ZooKeeper stopped, and started after 15 s", stream, |hbase| {
        hbase.stop(Daemon::ZooKeeper)?;
        sleep(Duration::from_secs(15));
        hbase.start_daemon(Daemon::ZooKeeper)
    })?;
    cluster.recovers_from("ZooKeeper killed and started at once", stream, |hbase| {
        hbase.kill(Daemon::ZooKeeper)?;
        hbase.start_daemon(Daemon::ZooKeeper)
    })
}

/// While a gateway fails, the cluster is well: the time runs from the failure.
fn gateways(cluster: &Cluster, stream: &Stream) -> Result<()> {
    let victim = Daemon::Gateway(VICTIM);
    cluster.recovers_from("a gateway killed", stream, |hbase| hbase.kill(victim))?;
    cluster.lives_with("a gateway dead", Duration::from_secs(10))?;
    cluster.recovers_from("it comes back", stream, |hbase| hbase.start_daemon(victim))?;

    cluster.recovers_from("a gateway stands still", stream, |hbase| hbase.freeze(victim))?;
    cluster.lives_with("a gateway that stands still", Duration::from_secs(60))?;
    cluster.recovers_from("it goes on after 60 s", stream, |hbase| hbase.thaw(victim))?;

    for (name, waiting) in [("a gateway is full and mute", "1000"), ("a gateway is full", "1")] {
        let mut idle = Vec::new();
        cluster.recovers_from(name, stream, |hbase| {
            idle = fill(hbase, waiting)?;
            Ok(())
        })?;
        cluster.lives_with(name, Duration::from_secs(20))?;
        drop(idle);
        cluster.recovers_from("it has threads again", stream, |hbase| {
            hbase.replace_gateway(VICTIM, Gateway::default())?;
            hbase.kill(victim)?;
            hbase.start_daemon(victim)
        })?;
    }
    Ok(())
}

/// A gateway of two threads, which idle connections take, as they take all the places in its
/// queue.
fn fill(hbase: &Hbase, waiting: &str) -> Result<Vec<TcpStream>> {
    let small = Gateway::default()
        .setting("hbase.thrift.minWorkerThreads", "2")
        .setting("hbase.thrift.maxWorkerThreads", "2")
        .setting("hbase.thrift.maxQueuedRequests", waiting);
    hbase.replace_gateway(VICTIM, small)?;
    let address = hbase.gateways()[VICTIM];
    let idle = (0..200).map(|_| TcpStream::connect(address)).collect::<std::io::Result<_>>()?;
    ensure!(!answers(address)?, "the gateway has a thread left");
    Ok(idle)
}

/// Whether a gateway says anything to a question within two seconds.
fn answers(address: SocketAddr) -> Result<bool> {
    use std::io::Write as _;
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    // getTableNames: version and type of call, length and name, sequence number, no arguments.
    let question = b"\x80\x01\x00\x01\x00\x00\x00\x0dgetTableNames\x00\x00\x00\x01\x00";
    let asked = stream.write_all(question).and_then(|()| stream.read(&mut [0; 64]));
    Ok(asked.is_ok_and(|read| read > 0))
}
