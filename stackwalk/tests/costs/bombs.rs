//! Bombs, each in a worker of its own.

use auxilio_stackwalk::Pool;
use auxilio_testkit::crashme::{self, Kind, Options};
use auxilio_testkit::hostile::{BOMBS, Effect};

use serde_json::Value;

use crate::cost::Cost;
use crate::ground::{Ground, only_idle};
use crate::judge;

pub(crate) fn all() {
    println!("bomb                     |      bytes |    memory |         CPU | bytes of JSON");
    let ground = Ground::new();
    for bomb in BOMBS {
        let json = walk_in_a_new_worker(&ground, bomb.name, &bomb.build());
        let is_marked = json.get("truncation").is_some();
        assert_eq!(is_marked, bomb.effect == Effect::Truncated, "{}", bomb.name);
    }
}

pub(crate) fn a_real_stack_overflow() {
    let ground = Ground::new();
    let path = ground.folder.path().join("real");
    crashme::dump(Kind::StackOverflow, Options::default(), &path).unwrap();
    crashme::write_symbols(&ground.folder.path().join("symbols")).unwrap();
    let dump = std::fs::read(path).unwrap();
    assert!(dump.len() > 8_000_000, "{} bytes", dump.len());
    // The first worker makes the indexes of the symbols, which is no dump's doing.
    let first = Pool::new(ground.options());
    judge::report(ground.walk(&first, ground.write("dump", &dump)), "the first walk").unwrap();
    let json = walk_in_a_new_worker(&ground, "a real stack overflow", &dump);
    assert_eq!(json["truncation"]["stacks_cut"], 1);
    assert!(json["truncation"]["stack_bytes_dropped"].as_u64().unwrap() > 8_000_000);
    assert!(json["crash_info"]["type"].as_str().unwrap().starts_with("SIGSEGV"));
    let frames = json["crashing_thread"]["frames"].as_array().unwrap();
    assert_eq!(frames.len(), 500);
    assert!(json["crashing_thread"]["frame_count"].as_u64().unwrap() > 500);
    let recursive =
        |frame: &Value| frame["function"].as_str().is_some_and(|f| f.contains("overflow"));
    assert!(frames.iter().filter(|frame| recursive(frame)).count() > 490);
}

/// The report of a dump whose worker cost no more than is promised, its start included.
fn walk_in_a_new_worker(ground: &Ground, name: &str, dump: &[u8]) -> Value {
    let pool = Pool::new(ground.options());
    let result = ground.walk(&pool, ground.write("dump", dump));
    let bytes = result.as_ref().map_or(0, |walk| walk.json_dump.get().len());
    let json = judge::report(result, name).unwrap_or_else(|| panic!("{name} gives no report"));
    let cost = Cost::of(only_idle(&pool));
    println!("{name:24} | {:10} | {cost} | {bytes:10}", dump.len());
    cost.assert_is_bounded(name);
    json
}
