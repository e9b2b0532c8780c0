//! Two processes over one backlog; an extract that is cut while it is written.

use auxilio_tests::wait;
use rustix::process::Signal;

use super::{PATIENCE, extract, run, start, system, text};

#[test]
fn two_processes_share_a_backlog_and_each_slot_is_done_once_and_in_order() {
    let roles = system("");
    // Two days behind, in the middle of an hour: at its beginning, the first slot of `duplicates` would
    // be about an hour that counts as done, and nobody would wait for it.
    roles
        .database
        .client()
        .unwrap()
        .batch_execute(
            "INSERT INTO cron_jobs (job, done_until)
             SELECT job, date_trunc('hour', now()) - interval '47 hours 30 minutes'
             FROM unnest(ARRAY['duplicates', 'reports_clean']) AS job",
        )
        .unwrap();
    let both = [start(&roles), start(&roles)];
    wait::until("both up to now", PATIENCE, || {
        let sql = "SELECT (bool_and(done_until > now() - interval '2 hours'))::text FROM cron_jobs
                   WHERE job IN ('duplicates', 'reports_clean')";
        (text(&roles, sql) == "true").then_some(())
    });
    for process in both {
        assert!(process.terminate(PATIENCE).unwrap().success());
    }
    let done = "FROM cron_runs WHERE outcome = 'done' AND job IN ('duplicates', 'reports_clean')";
    let twice = format!(
        "SELECT count(*)::text FROM (SELECT {done} GROUP BY job, slot HAVING count(*) > 1) AS t"
    );
    assert_eq!(text(&roles, &twice), "0");
    let holes = format!(
        "SELECT count(*)::text FROM (
             SELECT slot - lag(slot) OVER (PARTITION BY job ORDER BY token) AS step {done}) AS t
         WHERE step <> interval '1 hour'"
    );
    assert_eq!(text(&roles, &holes), "0");
    let early = "SELECT count(*)::text FROM cron_runs AS clean
                 JOIN cron_runs AS duplicates ON duplicates.job = 'duplicates'
                     AND duplicates.slot = clean.slot - interval '10 minutes'
                     AND duplicates.outcome = 'done'
                 WHERE clean.job = 'reports_clean' AND clean.outcome = 'done'
                     AND clean.token < duplicates.token";
    assert_eq!(text(&roles, early), "0");
}

#[test]
fn an_extract_that_is_cut_appears_under_no_name_and_is_whole_the_next_time() {
    const REPORTS: usize = 40_000;
    let roles = system("");
    roles
        .database
        .client()
        .unwrap()
        .batch_execute(&format!(
            "SELECT ensure_partition('2012-06-15');
             INSERT INTO reports (uuid, crash_day, date_processed, generation, quality, throttle,
                 sample_rate, product, signature, user_comments)
             SELECT lpad(to_hex(n), 8, '0') || '-0000-4000-8000-000000120615', '2012-06-15',
                 '2012-06-15 01:00+00', 1, 2, 'accept', 100, 'Firefox', md5(n::text),
                 repeat(md5((n + 1)::text), 4)
             FROM generate_series(1, {REPORTS}) AS n"
        ))
        .unwrap();
    let dir = roles.dir.path().join("extracts");
    let unfinished = dir.join("20120615-crashdata.csv.gz.unfinished");
    let mut command = roles.auxilio();
    auxilio_tests::user::run_as(&mut command).unwrap();
    command.args(["cron", "run", "extracts", "--date", "2012-06-15"]);
    command.stdout(std::process::Stdio::null());
    let process = auxilio_tests::process::Process::start(&mut command).unwrap();
    wait::until("an extract in its middle", PATIENCE, || {
        (std::fs::metadata(&unfinished).ok()?.len() > 0).then_some(())
    });
    process.signal(Signal::STOP).unwrap();
    assert!(unfinished.is_file(), "it was quicker than we were: more reports are needed");
    process.kill().unwrap();
    for name in ["20120615-crashdata.csv.gz", "20120615-pub-crashdata.csv.gz"] {
        assert_eq!(extract(&roles, name), None, "{name}");
    }
    let run = run(&roles, &["cron", "run", "extracts", "--date", "2012-06-15"]);
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    for name in ["20120615-crashdata.csv.gz", "20120615-pub-crashdata.csv.gz"] {
        assert_eq!(extract(&roles, name).unwrap().lines().count(), 1 + REPORTS, "{name}");
    }
    assert!(!unfinished.exists());
    let runs = "SELECT string_agg(outcome, ' ' ORDER BY token) FROM cron_runs";
    assert_eq!(text(&roles, runs), "lost done");
}
