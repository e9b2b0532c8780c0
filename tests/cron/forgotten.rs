//! A crash that the store has and nobody processes is queued again.

use auxilio_tests::{crashes, wait};

use super::{PATIENCE, run, system, text};

#[test]
fn a_raw_crash_that_was_never_processed_is_queued_in_lane_reprocess() {
    let mut roles = system("");
    for role in ["collector", "crashmover"] {
        roles.start_role(role).unwrap();
    }
    let fields = [("ProductName", "Demo"), ("Version", "1.0")];
    let id = crashes::post(roles.address("collector"), &fields, Some(&roles.crashes.segv)).unwrap();
    wait::until("an empty spool", PATIENCE, || roles.spooled().is_empty().then_some(()));
    let day = id.day().to_string();
    let look = ["cron", "run", "missing_processed", "--date", day.as_str()];
    // It stands in the index of new crashes: the monitor will queue it, and nobody else.
    assert!(run(&roles, &look).status.success());
    assert_eq!(text(&roles, "SELECT count(*)::text FROM jobs"), "0");
    std::fs::remove_dir_all(roles.dir.path().join("store/unprocessed")).unwrap();
    let found = run(&roles, &look);
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    assert!(String::from_utf8(found.stdout).unwrap().trim_end().ends_with("done 1"));
    let job = "SELECT concat_ws(' ', uuid, lane, state) FROM jobs";
    assert_eq!(text(&roles, job), format!("{id} reprocess queued"));
    let again = run(&roles, &look);
    assert!(String::from_utf8(again.stdout).unwrap().trim_end().ends_with("done 0"));
    for role in ["monitor", "processor", "middleware"] {
        roles.start_role(role).unwrap();
    }
    roles.wait_processed(&[id], PATIENCE);
}
