//! Dumps that were cut off on their way.

use std::fs;

use auxilio_stackwalk::Pool;
use auxilio_testkit::hostile::cuts;

use crate::cost::Cost;
use crate::ground::{Ground, only_idle};
use crate::{judge, seeds};

pub(crate) fn at_every_edge() {
    let ground = Ground::new();
    let pool = Pool::new(ground.options());
    let mut seeds = seeds::of_crashme(ground.folder.path());
    seeds.push(seeds::with_every_list());
    seeds.extend(seeds::of_firefox(ground.folder.path()));
    for (name, dump) in seeds {
        let request = ground.write("dump", &dump);
        let whole = judge::report(ground.walk(&pool, request.clone()), &name).unwrap();
        assert_eq!(whole.get("truncation"), None, "{name} is whole");
        let (mut refused, mut marked, mut equal) = (0, 0, 0);
        // The longest first: the file is cut further and further.
        let mut cuts = cuts(&dump);
        cuts.sort_by_key(|cut| std::cmp::Reverse(cut.length));
        for cut in cuts {
            let file = fs::File::options().write(true).open(&request.path).unwrap();
            file.set_len(cut.length as u64).unwrap();
            let mut request = request.clone();
            request.length = cut.length as u64;
            let of = format!("{name}, {}", cut.reason);
            match judge::report(ground.walk(&pool, request), &of) {
                None => refused += 1,
                Some(report) if report.get("truncation").is_some() => marked += 1,
                Some(report) => {
                    // Without the values: they fill pages.
                    assert!(report == whole, "{of}: a part of a report looks whole");
                    equal += 1;
                }
            }
        }
        println!("{name}: {refused} refused, {marked} marked, {equal} lost nothing");
        // A dump whose directory stands at its end is refused wherever it was cut.
        assert!(refused > 3 && (marked > 0 || name == seeds::EVERY_LIST), "{name}");
    }
    // All of them in one worker.
    let cost = Cost::of(only_idle(&pool));
    println!("all cuts: {cost}");
    assert!(cost.resident_bytes < 200_000_000, "{cost}");
}
