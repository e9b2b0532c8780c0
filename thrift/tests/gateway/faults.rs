//! A network and gateways that fail, beside a real gateway.

use std::time::Duration;

use auxilio_common::storage::ErrorClass;
use auxilio_testkit::hbase::{Daemon, Gateway};
use auxilio_testkit::proxy::Mode;
use auxilio_thrift::{Client, Scan};
use futures::future::join_all;
use tokio::time::sleep;

use crate::support::{Bench, cell, connect, read};
use crate::sweep;
use crate::tamper::{Fault, Tamper, Way};

#[tokio::test]
async fn a_connection_that_ended_between_calls_is_not_noticed() {
    let bench = Bench::new();
    let table = bench.table().await;
    let (proxy, client, told) = bench.behind_proxy(|_| {});
    client.put_row(table, b"r", &cell("x"), 1).await.unwrap();
    for _ in 0..3 {
        proxy.cut_connections();
        sleep(Duration::from_millis(100)).await;
        assert_eq!(read(&client, b"r").await.unwrap(), b"x");
    }
    assert_eq!((told.count("opened"), told.count("retired")), (4, 3), "peeked before use");
    assert_eq!(told.count("getRowWithColumns repeated"), 0);
}

#[tokio::test]
async fn a_call_without_an_answer_ends_at_its_deadline_and_the_next_gets_its_own() {
    let bench = Bench::new();
    let table = bench.table().await;
    let (proxy, client, _) = bench.behind_proxy(|config| config.call_timeout_secs = 1);
    client.put_row(table, b"a", &cell("value of a"), 1).await.unwrap();
    client.put_row(table, b"b", &cell("value of b"), 1).await.unwrap();
    proxy.set(Mode::Blackhole);
    let error = client.get_row(table, b"a", &[], 10).await.unwrap_err();
    assert_eq!((error.name(), error.class()), ("timed_out", ErrorClass::Unknown));
    proxy.set(Mode::Pass);
    // The answer about "a" is on its way now; nobody must take it for that about "b".
    assert_eq!(read(&client, b"b").await.unwrap(), b"value of b");
    assert_eq!(read(&client, b"a").await.unwrap(), b"value of a");
}

#[tokio::test]
async fn without_any_gateway_calls_fail_at_once_and_go_on_when_one_is_back() {
    let bench = Bench::new();
    let table = bench.table().await;
    let (proxy, client, told) = bench.behind_proxy(|_| {});
    proxy.set(Mode::Refuse);
    let mut names = Vec::new();
    for _ in 0..6 {
        let error = client.put_row(table, b"r", &cell("x"), 1).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Retry, "{error}");
        names.push(error.name());
    }
    assert_eq!(
        names,
        ["unreachable", "unreachable", "unreachable", "resting", "resting", "resting"]
    );
    assert_eq!((told.count("failed"), told.count("breaker true")), (3, 1));
    assert_eq!(client.status().open_breakers, 1);
    proxy.set(Mode::Pass);
    eventually(async || client.put_row(table, b"r", &cell("x"), 1).await.is_ok()).await;
    assert_eq!((told.count("breaker false"), client.status().open_breakers), (1, 0));
}

#[tokio::test]
async fn with_two_gateways_one_may_die_under_load_and_nothing_acknowledged_is_lost() {
    let bench = Bench::new();
    bench.table().await;
    let place = bench.hbase.add_gateway(Gateway::default()).unwrap();
    let mut config = bench.config.clone();
    config.gateways.push(bench.hbase.gateways()[place].to_string());
    let (client, told) = connect(&config);
    let writers: Vec<_> = (0..16_u32)
        .map(|salt| {
            let client = client.clone();
            tokio::spawn(async move { write_some(&client, salt, 120).await })
        })
        .collect();
    sleep(Duration::from_millis(200)).await;
    bench.hbase.kill_gateway(place).unwrap();
    let mut acknowledged = 0;
    for writer in writers {
        acknowledged += writer.await.unwrap();
    }
    assert_eq!(acknowledged, 16 * 120, "each write was repeated on the other gateway");
    for salt in 0..16 {
        for number in 0..120 {
            assert!(read(&client, key(salt, number).as_bytes()).await.is_some());
        }
    }
    assert!(told.count("mutateRowTs ok") >= 16 * 120);
    bench.hbase.start_gateway(place).unwrap();
    bench.hbase.kill_gateway(place).unwrap();
}

#[tokio::test]
async fn ten_callers_share_three_connections_over_a_network_that_breaks() {
    let bench = Bench::new();
    bench.table().await;
    let (proxy, client, told) = bench.behind_proxy(|config| config.connections = 3);
    let callers = (0..10).map(async |salt| write_some(&client, salt, 60).await);
    let breaks = async {
        for _ in 0..8 {
            sleep(Duration::from_millis(60)).await;
            proxy.cut_connections();
        }
    };
    let (acknowledged, ()) = tokio::join!(join_all(callers), breaks);
    assert_eq!(acknowledged, [60; 10]);
    for salt in 0..10 {
        for number in 0..60 {
            assert_eq!(read(&client, key(salt, number).as_bytes()).await.unwrap(), b"x");
        }
    }
    assert!(client.status().threads <= 3, "no call hung, so no more were needed");
    assert!(told.count("opened") > 3, "connections were cut");
}

#[tokio::test]
async fn a_call_whose_turn_does_not_come_is_told_so_and_is_not_made() {
    let bench = Bench::new();
    let table = bench.table().await;
    let (proxy, client, _) = bench.behind_proxy(|config| {
        (config.call_timeout_secs, config.queue_timeout_secs) = (4, 1);
    });
    client.put_row(table, b"a0", &cell("x"), 1).await.unwrap();
    proxy.set(Mode::Blackhole);
    // One salt: four of them hang, and the others wait behind them.
    let puts = (1..=10).map(async |number| {
        let key = format!("a{number}");
        client.put_row(table, key.as_bytes(), &cell("x"), 1).await.unwrap_err()
    });
    let errors = join_all(puts).await;
    let busy = errors.iter().filter(|error| error.name() == "busy").count();
    let all_pass = errors.iter().all(|error| error.class() != ErrorClass::Permanent);
    assert!(busy >= 5 && all_pass, "{errors:?}");
    proxy.set(Mode::Pass);
    eventually(async || client.put_row(table, b"a99", &cell("x"), 1).await.is_ok()).await;
    let mut made = 0;
    for number in 1..=10 {
        made += usize::from(read(&client, format!("a{number}").as_bytes()).await.is_some());
    }
    assert!(made <= 10 - busy, "{made} of {busy} busy ones");
}

#[tokio::test]
async fn a_gateway_that_is_full_serves_through_the_connections_that_it_has() {
    let bench = Bench::new();
    let table = bench.table().await;
    let full = Gateway::default()
        .setting("hbase.thrift.minWorkerThreads", "2")
        .setting("hbase.thrift.maxWorkerThreads", "2")
        .setting("hbase.thrift.maxQueuedRequests", "2");
    let place = bench.hbase.add_gateway(full).unwrap();
    let mut config = bench.config.clone();
    config.gateways = vec![bench.hbase.gateways()[place].to_string()];
    config.connect_timeout_secs = 1;
    let (client, told) = connect(&config);
    client.put_row(table, b"r", &cell("x"), 1).await.unwrap();
    // Two connections are served, two wait mute for a place, and the rest is hung up on.
    let writers = (0..16).map(async |salt| {
        for number in 0..20 {
            let key = key(salt, number);
            client.put_row(table, key.as_bytes(), &cell("x"), 1).await.unwrap();
        }
    });
    join_all(writers).await;
    assert!(told.count("failed") > 0, "it was full");
    assert!(told.count("mutateRowTs ok") > 16 * 20);
    bench.hbase.kill_gateway(place).unwrap();
}

#[tokio::test]
async fn a_gateway_that_stands_still_is_left_alone() {
    let bench = Bench::new();
    let table = bench.table().await;
    let place = bench.hbase.add_gateway(Gateway::default()).unwrap();
    let mut config = bench.config.clone();
    config.gateways.push(bench.hbase.gateways()[place].to_string());
    (config.connect_timeout_secs, config.call_timeout_secs) = (1, 3);
    bench.hbase.freeze(Daemon::Gateway(place)).unwrap();
    let (client, told) = connect(&config);
    for number in 0..40 {
        client.put_row(table, key(3, number).as_bytes(), &cell("x"), 1).await.unwrap();
    }
    // Whether the frozen one is ever picked is chance; if it is, its probe ends the try.
    assert!(told.count("failed") <= 3 && told.count("mutateRowTs timed_out") == 0);
    bench.hbase.thaw(Daemon::Gateway(place)).unwrap();
    bench.hbase.kill_gateway(place).unwrap();
}

#[tokio::test]
async fn a_gateway_killed_in_the_middle_of_a_put_or_a_scan_is_an_error_that_passes() {
    let bench = Bench::new();
    let table = bench.table().await;
    let place = bench.hbase.add_gateway(Gateway::default()).unwrap();
    let tamper = Tamper::start(bench.hbase.gateways()[place]);
    let mut config = bench.config.clone();
    config.gateways = vec![tamper.address().to_string()];
    config.connect_timeout_secs = 1;
    let (client, told) = connect(&config);
    for number in 0..50 {
        client.put_row(table, key(5, number).as_bytes(), &cell("old"), 1).await.unwrap();
    }
    let large = vec![7; 3_000_000];
    let cells = cell(large.clone());
    let put = || client.put_row(table, b"5put", &cells, 1);
    let scan = Scan { table, start: b"50", stop: b"51", ..Scan::default() };
    for way in Way::BOTH {
        // The rest is held back: the call is under way when its gateway dies.
        tamper.arm(way, if way == Way::ToServer { 1_000_000 } else { 700 }, Fault::Hold);
        let kill = async {
            eventually(async || tamper.is_spent()).await;
            bench.hbase.kill_gateway(place).unwrap();
        };
        let (failed, ()) = match way {
            Way::ToServer => tokio::join!(put(), kill),
            Way::ToClient => {
                let scan = async { client.scan_page(&scan, 100, 100).await.map(drop) };
                tokio::join!(scan, kill)
            }
        };
        // It was made once more, and nobody was there.
        let error = failed.unwrap_err();
        assert_eq!((error.name(), error.class()), ("unreachable", ErrorClass::Retry), "{error:?}");
        bench.hbase.start_gateway(place).unwrap();
        eventually(async || put().await.is_ok()).await;
        assert!(read(&client, b"5put").await.unwrap() == large);
        assert_eq!(client.scan_page(&scan, 100, 100).await.unwrap().len(), 50);
    }
    assert_eq!((told.count("mutateRowTs repeated"), told.count("scan repeated")), (1, 1));
    bench.hbase.kill_gateway(place).unwrap();
}

#[tokio::test]
async fn a_call_harmed_at_a_byte_harms_no_other_call() {
    let bench = sweep::bench().await;
    for mode in [sweep::MODES[0], sweep::MODES[1]] {
        sweep::sweep(&bench, mode, sweep::sample, 12).await.check(100);
    }
}

#[cfg(feature = "long")]
#[tokio::test]
async fn every_byte_of_every_call_may_be_harmed_in_every_way_and_mode() {
    let bench = sweep::bench().await;
    for mode in sweep::MODES {
        let tally = sweep::sweep(&bench, mode, sweep::everything, 24).await;
        println!("{mode:?}: {tally:?}");
        tally.check(8_000);
    }
}

fn key(salt: u32, number: usize) -> String {
    format!("{salt:x}{number:05}")
}

/// Writes rows one after another and tries each again until it is acknowledged.
async fn write_some(client: &Client, salt: u32, count: usize) -> usize {
    let mut acknowledged = 0;
    for number in 0..count {
        let key = key(salt, number);
        for _ in 0..100 {
            if client.put_row("t", key.as_bytes(), &cell("x"), 1).await.is_ok() {
                acknowledged += 1;
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
    acknowledged
}

async fn eventually(mut happens: impl AsyncFnMut() -> bool) {
    for _ in 0..300 {
        if happens().await {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("it did not happen in 30 s");
}
