//! The crashmover: from a spool full of crashes to an empty one.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use auxilio_common::{Clock, DumpName, RawEnvelope as _, Throttle};
use auxilio_crashmover::carried_spools;
use auxilio_service::clock::{SystemClock, SystemRandom};
use auxilio_service::{Shell, Shutdown, Version};
use auxilio_spool::{Lane, Spool};
use auxilio_testkit::hbase::Hbase;
use auxilio_testkit::raw::Recipe;
use auxilio_thrift::HbaseStore;

use crate::meter::{Meter, Seconds};
use crate::{AT_ONCE, Took, Turn, arrival, seed, value};

/// Crashes that it carries side by side, over as many connections as the others have.
const WORKERS: usize = 32;

pub(crate) async fn carry(hbase: &Hbase, store: &HbaseStore, turn: Turn) -> Took {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let config = auxilio_spool::Config { dir: dir.path().join("spool"), ..Default::default() };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let spool = Spool::open(config.clone(), Arc::clone(&clock), Arc::new(SystemRandom)).unwrap();
    (0..AT_ONCE)
        .for_each(|caller| (0..turn.count).for_each(|number| fill(&spool, turn, caller, number)));
    let shutdown = Shutdown::new();
    let shell = Shell::new("crashmover", Version { version: "0", commit: "0" }, shutdown.clone());
    let mover = auxilio_crashmover::Config {
        workers: WORKERS,
        admin_address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        ..auxilio_crashmover::Config::default()
    };
    let meter = Meter::begin(hbase);
    let spools = carried_spools(&config, &mover, &clock);
    let store = Arc::new(store.clone());
    let mover = tokio::spawn(auxilio_crashmover::run(mover, spools, store, shell));
    while spool.source().depth(Lane::Standard).unwrap().count > 0 {
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
