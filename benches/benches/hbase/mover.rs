//! The crashmover: from a spool full of crashes to an empty one.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{DumpName, RawEnvelope as _, Throttle};
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_service::{Shell, Shutdown, Version};
use auxilio_spool::{Lane, Spool};
use auxilio_testkit::hbase::Hbase;
use auxilio_testkit::raw::Recipe;
use auxilio_thrift::HbaseStore;

use crate::meter::{Meter, Seconds};
use crate::{AT_ONCE, Took, Turn, arrival, seed, value};

pub(crate) async fn carry(hbase: &Hbase, store: &HbaseStore, turn: Turn) -> Took {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let config = auxilio_spool::Config { dir: dir.path().join("spool"), ..Default::default() };
    let spool = Spool::open(config, Arc::new(SystemClock::start()), Arc::new(SystemRandom));
    let spool = Arc::new(spool.unwrap());
    (0..AT_ONCE)
        .for_each(|caller| (0..turn.count).for_each(|number| fill(&spool, turn, caller, number)));
    let shutdown = Shutdown::new();
    let shell = Shell::new("crashmover", Version { version: "0", commit: "0" }, shutdown.clone());
    let config = auxilio_crashmover::Config {
        admin_address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        ..auxilio_crashmover::Config::default()
    };
    let meter = Meter::begin(hbase);
    let (carried, store) = (Arc::clone(&spool), Arc::new(store.clone()));
    let mover = tokio::spawn(auxilio_crashmover::run(config, carried, store, shell));
    while spool.depth(Lane::Standard).unwrap().count > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let took = meter.end();
    shutdown.begin();
    mover.await.unwrap().unwrap();
    [took, Seconds::default()]
}

fn fill(spool: &Spool, turn: Turn, caller: usize, number: usize) {
    let recipe =
        Recipe::new("20121224".parse().unwrap(), seed(turn, caller, number) + 500_000_000_000)
            .throttle(Throttle::Accept)
            .received_at(arrival(turn, caller, number))
            .without_dumps();
    let mut draft = spool.begin().unwrap();
    draft.begin_dump(DumpName::main()).unwrap();
    draft.write(&value(turn.size, caller as u64)).unwrap();
    draft.end_dump().unwrap();
    draft.commit(Lane::Standard, recipe.envelope().raw_crash().clone()).unwrap();
}
