//! Mutants of real dumps.

use std::collections::BTreeMap;

use auxilio_stackwalk::Pool;
use auxilio_testkit::hostile::{Operation, mutant};

use crate::cost::Cost;
use crate::ground::Ground;
use crate::{judge, seeds};

/// Mutants for each case of a property test: 1,024 in all, and with `bin/test --long` 16,384.
const PER_CASE: u64 = 4;

pub(crate) fn a_thousand() {
    let count = PER_CASE * u64::from(proptest::test_runner::Config::default().cases);
    let ground = Ground::new();
    let pool = Pool::new(ground.options());
    let mut seeds = seeds::of_crashme(ground.folder.path());
    seeds.push(seeds::with_every_list());
    // A mutant of Firefox's costs as much as ten others.
    let firefox = seeds::of_firefox(ground.folder.path());
    let mut outcomes: BTreeMap<Operation, [u32; 3]> = BTreeMap::new();
    let (mut worker, mut before, mut most) = (0, Cost::default(), Cost::default());
    for seed in 0..count {
        let turn = usize::try_from(seed / 12).unwrap();
        let (name, dump) = match firefox.get(turn % 20) {
            Some(seed) => seed,
            None => &seeds[turn % seeds.len()],
        };
        let mutant = mutant(dump, seed);
        let of = format!("mutant {seed} of {name}, {:?}", mutant.operation);
        let report = judge::report(ground.walk(&pool, ground.write("dump", &mutant.bytes)), &of);
        let outcome = match report {
            None => 0,
            Some(report) if report.get("truncation").is_some() => 1,
            Some(_) => 2,
        };
        outcomes.entry(mutant.operation).or_default()[outcome] += 1;
        // A worker that has walked enough is gone; what the last walk cost is lost with it.
        let Some(now) = pool.idle_workers().first().copied() else { continue };
        let cost = Cost::of(now);
        let old = if now == worker { before } else { Cost::default() };
        let one = Cost { cpu: cost.cpu.saturating_sub(old.cpu), ..cost };
        one.assert_is_bounded(&of);
        most = most.max(one);
        (worker, before) = (now, cost);
    }
    for (operation, [refused, marked, whole]) in &outcomes {
        println!("{operation:?}: {refused} refused, {marked} marked, {whole} whole");
    }
    println!("the most that one of {count} cost: {most}");
    assert_eq!(outcomes.len(), 12);
}
