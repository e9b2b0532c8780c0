//! A real HBase of several processes loses one: the rows of the others go on, and no acknowledged row
//! is lost.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_testkit::hbase::{Daemon, Hbase, HbaseOptions};
use auxilio_thrift::{Client, Config, Put};
use tokio::time::sleep;

/// A writer of the rows of one salt.
struct Writer {
    acknowledged: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

fn client(hbase: &Hbase) -> Client {
    let config = Config {
        gateways: hbase.gateways().iter().map(ToString::to_string).collect(),
        connections: 4,
        call_timeout_secs: 20,
        connect_timeout_secs: 2,
        ..Config::default()
    };
    let (clock, random) = (Arc::new(SystemClock::start()), Arc::new(SystemRandom));
    Client::new(&config, clock, random, Arc::new(())).unwrap()
}

fn key(salt: usize, number: u64) -> Vec<u8> {
    format!("{salt:x}{number:08}").into_bytes()
}

fn write(client: &Client, salt: usize, stop: &Arc<AtomicBool>) -> Writer {
    let (client, stop) = (client.clone(), Arc::clone(stop));
    let acknowledged = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&acknowledged);
    let task = tokio::spawn(async move {
        while !stop.load(Ordering::Relaxed) {
            let key = key(salt, count.load(Ordering::Relaxed));
            let cell = [Put::new("f:q", vec![7; 1_000])];
            match client.put_row("t", &key, &cell, 1).await {
                Ok(()) => {
                    count.fetch_add(1, Ordering::Relaxed);
                    // Sixteen writers shall not be the load that is measured.
                    sleep(Duration::from_millis(10)).await;
                }
                Err(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    });
    Writer { acknowledged, task }
}

fn counts(writers: &[Writer]) -> Vec<u64> {
    writers.iter().map(|writer| writer.acknowledged.load(Ordering::Relaxed)).collect()
}

/// How many of the writers wrote at least `least` rows since `before`.
fn wrote(writers: &[Writer], before: &[u64], least: u64) -> usize {
    counts(writers).iter().zip(before).filter(|(now, before)| **now >= **before + least).count()
}

async fn until(what: &str, mut happens: impl FnMut() -> bool) {
    for _ in 0..600 {
        if happens() {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("not in 60 s: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_a_living_region_server_go_on_while_another_is_dead() {
    let hbase = Hbase::with(&HbaseOptions::distributed()).unwrap();
    let splits: Vec<_> = (1..16).map(|salt| format!("'{salt:x}'")).collect();
    hbase.admin(&format!("create 't', 'f', SPLITS => [{}]", splits.join(", "))).unwrap();
    let client = client(&hbase);
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..16).map(|salt| write(&client, salt, &stop)).collect();
    // Both gateways know every region before one goes.
    until("all salts are written", || wrote(&writers, &[0; 16], 50) == 16).await;

    hbase.kill(Daemon::RegionServer(0)).unwrap();
    // Calls that were on their way have hung for long enough to be told from the others.
    sleep(Duration::from_millis(3_000)).await;
    let before = counts(&writers);
    sleep(Duration::from_secs(4)).await;
    // The cluster needs ten seconds to notice: till then half of the rows is served by nobody.
    let alive = wrote(&writers, &before, 20);
    let dead = 16 - wrote(&writers, &before, 1);
    assert!(alive >= 6, "{alive} salts went on, {before:?} then {:?}", counts(&writers));
    assert!(dead >= 1, "nothing was dead: the kill showed nothing");

    let before = counts(&writers);
    until("all salts are written again", || wrote(&writers, &before, 5) == 16).await;
    // A gateway that stands still takes nothing along either.
    hbase.freeze(Daemon::Gateway(0)).unwrap();
    sleep(Duration::from_secs(8)).await;
    let before = counts(&writers);
    until("all salts are written past a gateway", || wrote(&writers, &before, 5) == 16).await;
    hbase.thaw(Daemon::Gateway(0)).unwrap();

    stop.store(true, Ordering::Relaxed);
    let counts = counts(&writers);
    for writer in writers {
        writer.task.await.unwrap();
    }
    for (salt, count) in counts.into_iter().enumerate() {
        for numbers in (0..count).collect::<Vec<_>>().chunks(500) {
            let keys: Vec<_> = numbers.iter().map(|number| key(salt, *number)).collect();
            let rows = client.get_rows("t", &keys, &[b"f:q"], 1_000_000).await.unwrap();
            assert_eq!(rows.len(), keys.len(), "rows of salt {salt:x} are missing");
        }
    }
    assert!(client.status().threads <= 4 + 17);
}
