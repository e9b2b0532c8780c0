//! `auxilio signature try|apply|undo` over the real binary: every crash is counted once, whatever is
//! killed and whatever else is written meanwhile.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "signature_changes/installation.rs"]
mod installation;
#[cfg(feature = "long")]
#[path = "signature_changes/trial.rs"]
mod trial;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use auxilio_common::Generation;
use auxilio_database::Report;
use auxilio_tests::crashes;
use auxilio_tests::process::Process;
use auxilio_tests::roles::Roles;
use serde_json::{Value, json};

use installation::{Installation, id, rows, said, today};

/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

fn sum(record: &Value, parts: &[&str]) -> i64 {
    parts.iter().map(|part| record[part].as_i64().unwrap()).sum()
}

fn looked_at(record: &Value) -> i64 {
    sum(record, &["changed", "rekeyed", "unchanged", "without_frames", "overtaken"])
}

#[test]
fn a_change_is_tried_applied_and_undone_and_the_totals_stay() {
    let system = Installation::new();
    system.write(rows(0..1_000));
    let lists = system.lists();
    let (before, untouched) = (system.totals(), system.checksum());

    // The lists that signed them change nothing.
    let [same] = &system.told(&["try"])[..] else { panic!("nothing moves") };
    assert_eq!((&same["crashes"], &same["unchanged"]), (&json!(1_000), &json!(900)));
    assert_eq!((&same["changed"], &same["without_frames"]), (&json!(0), &json!(100)));

    // Others split, merge and rename; trying changes nothing.
    let mut moves = system.told(&["try", "--lists", &lists]);
    let whole = moves.pop().unwrap();
    assert_eq!(sum(&whole, &["changed", "rekeyed", "unchanged", "without_frames"]), 1_000);
    assert_eq!(whole["rekeyed"], 100, "{whole}");
    let crashes: Vec<i64> = moves.iter().map(|way| way["crashes"].as_i64().unwrap()).collect();
    assert_eq!(crashes.iter().sum::<i64>(), whole["changed"].as_i64().unwrap());
    assert!(crashes.is_sorted_by(|one, other| one >= other), "largest first: {crashes:?}");
    let kinds = |from: &str| -> Vec<&str> {
        let ways = moves.iter().filter(|way| way["from"].as_str().unwrap().starts_with(from));
        ways.map(|way| way["kind"].as_str().unwrap()).collect()
    };
    assert_eq!(kinds("demo::shared"), ["split"; 3], "{moves:?}");
    assert_eq!(kinds("demo::twin_"), ["merged"; 2], "{moves:?}");
    assert_eq!(system.checksum(), untouched);
    assert_eq!(system.number("SELECT count(*) FROM signature_changes"), 0);
    let text = system.run(&["try", "--lists", &lists, "--limit", "1"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("and 4 smaller ones") && text.contains("1000 crashes"), "{text}");

    // What trying said is what applying does.
    let [applied] = &system.told(&["apply", "--lists", &lists])[..] else { panic!("a record") };
    assert_eq!((&applied["state"], &applied["applied_by"]), (&json!("applied"), &json!("ann")));
    assert_eq!(looked_at(applied), 1_000);
    for count in ["changed", "rekeyed", "unchanged", "without_frames"] {
        assert_eq!(applied[count], whole[count], "{count}");
    }
    let mut expected = before.clone();
    for way in &moves {
        let crashes = way["crashes"].as_i64().unwrap();
        *expected.get_mut(way["from"].as_str().unwrap()).unwrap() -= crashes;
        *expected.entry(way["to"].as_str().unwrap().to_owned()).or_default() += crashes;
    }
    expected.retain(|_, crashes| *crashes > 0);
    assert_eq!(system.totals(), expected);
    assert_eq!(expected.values().sum::<i64>(), 1_000);
    let again = system.told(&["try", "--lists", &lists]).pop().unwrap();
    assert_eq!((&again["changed"], &again["rekeyed"]), (&json!(0), &json!(0)));

    let id = applied["id"].to_string();
    let [undone] = &system.told(&["undo", &id])[..] else { panic!("a record") };
    assert_eq!(undone["state"], "undone");
    assert_eq!(undone["restored"], sum(applied, &["changed", "rekeyed"]));
    assert_eq!(system.checksum(), untouched, "to the last bit");
    let refused = system.run(&["undo", &id]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("is undone already"), "{}", said(&refused));
    assert_eq!(system.told(&["changes"]).first(), Some(undone));
}

#[test]
fn killed_in_the_middle_nothing_is_counted_twice() {
    let system = Installation::new();
    system.write(rows(0..3_000));
    let lists = system.lists();
    let before = system.totals();
    let apply = ["apply", "--lists", &lists, "--rate", "1000"];
    let mut came_to = 0;
    for _ in 0..2 {
        let was = came_to;
        came_to = system.killed_in_the_middle(&apply, "looked_at", was);
        assert!(came_to > was && came_to < 3_000, "{came_to}");
    }
    // Others don't go on with it.
    let other = system.run(&["apply"]);
    assert_eq!(other.status.code(), Some(1));
    assert!(said(&other).contains("by other lists (built-in, "), "{}", said(&other));
    // Some crashes of either half are processed again meanwhile, and one comes anew.
    let again: Vec<Report> = (0..3_000)
        .step_by(300)
        .map(|number| {
            let mut row = rows(number..number + 1).remove(0);
            row.signature = Some("again".to_owned());
            (row.generation, row.frames) = (Generation(2), None);
            row
        })
        .collect();
    let reprocessed = again.len();
    system.write(again);
    let [applied] = &system.told(&["apply", "--lists", &lists])[..] else { panic!("a record") };
    assert_eq!((looked_at(applied), &applied["looked_at"]), (3_000, &json!(3_000)));
    let recorded = system.number("SELECT count(*) FROM changed_signatures");
    assert_eq!(recorded, sum(applied, &["changed", "rekeyed"]));
    let differing = system.number(
        "SELECT count(*) FROM reports JOIN changed_signatures USING (crash_day, uuid, generation)
         WHERE signature IS DISTINCT FROM new_signature OR signature_change <> change",
    );
    assert_eq!(differing, 0);

    let id = applied["id"].to_string();
    let undo = ["undo", &id, "--rate", "1000"];
    let came_to = system.killed_in_the_middle(&undo, "restored", 0);
    assert!(came_to < recorded, "{came_to} of {recorded}");
    let [undone] = &system.told(&["undo", &id])[..] else { panic!("a record") };
    let left = sum(undone, &["restored", "reprocessed", "rewritten", "gone"]);
    assert_eq!(left, recorded);
    let mut expected = before;
    for number in (0..3_000).step_by(300) {
        *expected.get_mut(&rows(number..number + 1)[0].signature.clone().unwrap()).unwrap() -= 1;
    }
    expected.insert("again".to_owned(), i64::try_from(reprocessed).unwrap());
    expected.retain(|_, crashes| *crashes > 0);
    assert_eq!(system.totals(), expected);
}

#[test]
fn crashes_are_saved_and_processed_again_while_a_change_is_applied() {
    let system = Installation::new();
    system.write(rows(0..2_000));
    let lists = system.lists();
    let mut apply = Process::start(
        system.command(&["apply", "--lists", &lists, "--rate", "1500"]).stdout(Stdio::null()),
    )
    .unwrap();
    let (mut generation, mut new) = (2, 2_000);
    while apply.ended().unwrap().is_none() {
        let again = (0..2_000).step_by(37).map(|number| {
            let mut row = rows(number..number + 1).remove(0);
            row.generation = Generation(generation);
            row
        });
        system.write(again.collect());
        system.write(rows(new..new + 20));
        (generation, new) = (generation + 1, new + 20);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(apply.wait(PATIENCE).unwrap().success());
    assert!(generation > 3, "it was applied too fast for anything to come between");
    let record = system.told(&["changes"]).remove(0);
    assert_eq!(looked_at(&record), record["looked_at"].as_i64().unwrap());
    assert!(record["looked_at"].as_i64() >= Some(2_000), "{record}");
    assert_eq!(system.number("SELECT count(*) FROM reports"), i64::from(new));
    // Whoever was processed again after its turn has what that gave it; the next change finds it.
    let rest = system.told(&["apply", "--lists", &lists]).remove(0);
    assert_eq!(rest["looked_at"], new);
    let tried = system.told(&["try", "--lists", &lists]).pop().unwrap();
    assert_eq!((&tried["changed"], &tried["rekeyed"]), (&json!(0), &json!(0)));
}

#[test]
fn a_crash_that_is_processed_again_has_what_its_processors_lists_say() {
    let mut system = Installation::of(Roles::start(&[]).unwrap());
    let fields = [("ProductName", "Demo"), ("Version", "1.0")];
    let post = |roles: &Roles| {
        crashes::post(roles.address("collector"), &fields, Some(&roles.crashes.segv)).unwrap()
    };
    let [by_new, by_old, untouched] = std::array::from_fn(|_| post(&system.roles));
    system.roles.wait_processed(&[by_new, by_old, untouched], PATIENCE);
    assert_eq!(system.roles.reports().unwrap().len(), 3);
    let (old, first_run, ..) = system.shown(by_new);
    assert_eq!(system.totals(), BTreeMap::from([(old.clone(), 3)]));

    // The function in which it crashed becomes a prefix: all three are called otherwise.
    let lists = system.lists();
    std::fs::write(format!("{lists}/prefix.txt"), ".*inlined_inner\n").unwrap();
    let [applied] = &system.told(&["apply", "--lists", &lists])[..] else { panic!("a record") };
    assert_eq!((&applied["changed"], &applied["looked_at"]), (&json!(3), &json!(3)));
    let (new, generation, change, note) = system.shown(by_new);
    assert!(new.starts_with(&format!("{old} | ")), "{old:?} became {new:?}");
    assert_eq!((generation, change), (first_run, applied["id"].as_i64()));
    let expected = format!(
        "signature: change {} of the lists gave it this signature; was \"{old}\"",
        applied["id"]
    );
    assert_eq!(note, Some(expected));

    // By processors that have the new lists it comes out the same, as what the run itself says.
    let taken = system.roles.take("processor").unwrap();
    taken.terminate(PATIENCE).unwrap();
    let setting = ("AUXILIO_PROCESSOR__SIGNATURE__LISTS_DIR", &*lists);
    let processor = system.roles.start_another("processor", &[setting]).unwrap();
    system.reprocess(by_new);
    processor.terminate(PATIENCE).unwrap();
    let (signature, generation, change, note) = system.shown(by_new);
    assert_eq!((signature, change, note), (new.clone(), None, None));
    assert!(generation > first_run);
    assert_eq!(system.totals(), BTreeMap::from([(new.clone(), 3)]));

    // By those that still have the old ones, the old one comes back.
    system.roles.start_role("processor").unwrap();
    system.reprocess(by_old);
    let (signature, _, change, note) = system.shown(by_old);
    assert_eq!((signature, change, note), (old.clone(), None, None));
    assert_eq!(system.totals(), BTreeMap::from([(old.clone(), 1), (new.clone(), 2)]));
    assert_eq!(system.told(&["changes"]).first(), Some(applied), "it says what was done");

    // Whoever was processed again keeps what that gave it.
    let id = applied["id"].to_string();
    let [undone] = &system.told(&["undo", &id])[..] else { panic!("a record") };
    let counts = ["restored", "reprocessed", "rewritten", "gone"].map(|part| undone[part].clone());
    assert_eq!(counts, [1, 2, 0, 0].map(Value::from));
    for (crash, expected) in [(by_new, &new), (by_old, &old), (untouched, &old)] {
        let (signature, _, change, note) = system.shown(crash);
        assert_eq!((&signature, change, note), (expected, None, None), "{crash}");
    }
    assert_eq!(
        system.shown(untouched).1,
        system.number(&format!(
            "SELECT generation FROM changed_signatures WHERE uuid = '{untouched}'"
        ))
    );
    assert_eq!(system.totals(), BTreeMap::from([(old, 2), (new, 1)]));
}

#[test]
fn a_damaged_row_is_named_and_hides_no_other() {
    let system = Installation::new();
    system.write(rows(1..4));
    let damaged = id(2, today());
    let sql = format!("UPDATE frames SET data = 'rubbish' WHERE uuid = '{damaged}'");
    system.roles.database.client().unwrap().batch_execute(&sql).unwrap();
    let tried = system.run(&["try", "--json"]);
    assert!(said(&tried).contains(&format!("bp-{damaged}: ")), "{}", said(&tried));
    let sum: Value = serde_json::from_slice(&tried.stdout).unwrap();
    assert_eq!((&sum["unchanged"], &sum["without_frames"]), (&json!(2), &json!(1)), "{sum}");
}

#[test]
fn a_bad_list_is_named_and_nothing_is_begun() {
    let system = Installation::new();
    let lists = PathBuf::from(system.lists());
    std::fs::write(lists.join("prefix.txt"), "fine\n(\n").unwrap();
    let lists = lists.to_str().unwrap();
    for verb in ["try", "apply"] {
        let refused = system.run(&[verb, "--lists", lists]);
        assert_eq!(refused.status.code(), Some(1));
        let expected = "prefix.txt\": line 2 of the prefix list is no pattern";
        assert!(said(&refused).contains(expected), "{}", said(&refused));
        let refused = system.run(&[verb, "--lists", "/nowhere"]);
        assert!(said(&refused).contains("can't read \"/nowhere\""), "{}", said(&refused));
    }
    assert_eq!(system.number("SELECT count(*) FROM signature_changes"), 0);
    let unknown = system.run(&["undo", "5"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(said(&unknown).contains("there is no change 5"), "{}", said(&unknown));
    assert_eq!(system.run(&["--explain", "try"]).status.code(), Some(2));
}
