//! kill -9 and a restart of Postgres in the middle of every job.

use std::fmt::Write as _;

use auxilio_tests::process::Process;
use auxilio_tests::roles::Roles;
use auxilio_tests::{user, wait};
use postgres::Client;
use rustix::process::Signal;

use super::{PATIENCE, extract, jobs, start, text};

/// What stands in the way of each job: the lock of all counting, that of users, and the tables that the
/// others read and write.
const HOLD: &str = "
    BEGIN;
    SELECT pg_advisory_xact_lock(hashtext('auxilio summaries')),
           pg_advisory_xact_lock(hashtext('auxilio raw_adu'));
    LOCK TABLE reports, job_outcomes, server_status, update_runs, releases_raw
        IN ACCESS EXCLUSIVE MODE;";

/// Days that are dealt with: those before the slots on New Year's Day.
const DAYS: [&str; 3] = ["20231231", "20241231", "20251231"];

#[test]
fn a_kill_in_the_middle_of_each_job_and_a_restart_of_postgres_lose_no_slot_and_do_none_twice() {
    let roles = yearly();
    let all = jobs(&roles);
    let mut holder = roles.database.client().unwrap();
    holder.batch_execute(HOLD).unwrap();

    // Two processes share the jobs between them, and both are killed.
    let both = [start(&roles), start(&roles)];
    let first = held(&roles, &all, &both, &[]);
    for process in both {
        process.kill().unwrap();
    }
    // Two more take them over, and meet the end of Postgres in the same places. It takes the locks, too.
    let both = [start(&roles), start(&roles)];
    let second = held(&roles, &all, &both, &first);
    roles.database.server.stop().unwrap();
    drop(holder);
    for process in &both {
        process.signal(Signal::CONT).unwrap();
    }
    roles.database.server.start().unwrap();

    wait::until("the last slot of each job", PATIENCE, || {
        let behind = "SELECT count(*) FROM cron_jobs WHERE done_until < '2026-01-01'";
        let mut client = roles.database.client().ok()?;
        (client.query_one(behind, &[]).ok()?.get::<_, i64>(0) == 0).then_some(())
    });
    for process in both {
        assert!(process.terminate(PATIENCE).unwrap().success());
    }
    every_slot_was_done_once(&roles, &all);
    assert_eq!(cut(&roles, &first), all.len());
    // The end of Postgres is not one moment for all of its connections.
    let cut = cut(&roles, &second);
    assert!(cut * 2 > all.len(), "{cut}");
    for day in DAYS {
        for kind in ["crashdata", "pub-crashdata"] {
            let name = format!("{day}-{kind}.csv.gz");
            assert_eq!(extract(&roles, &name).unwrap().lines().count(), 1, "{name}");
        }
    }
    let left: Vec<_> = std::fs::read_dir(roles.dir.path().join("extracts"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().ends_with(".unfinished"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    // What was read in stands there once.
    assert_eq!(text(&roles, "SELECT count(*)::text FROM releases_raw"), "1");
    assert_eq!(text(&roles, "SELECT sum(adu_count)::text FROM raw_adu"), "7");
}

/// A system whose jobs all are due on New Year's Day, at the same moment and without waiting for each
/// other, and have three of them to do.
fn yearly() -> Roles {
    let roles = Roles::prepare(&[]).unwrap();
    let names = jobs(&roles);
    let list = |value: &str| {
        names.iter().fold(String::new(), |mut list, name| {
            write!(list, "\"{name} = {value}\", ").unwrap();
            list
        })
    };
    let folder = |name: &str, text: &str| {
        let dir = roles.dir.path().join(name);
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("a.csv"), text).unwrap();
        user::give_all(&dir).unwrap();
        dir.display().to_string()
    };
    let builds = folder(
        "builds",
        "product,version,channel,build_id,platform\nFirefox,13.0,release,20120601000000,win\n",
    );
    let adu = folder("adu", "adu_count,date,product_name\n7,2012-06-15,Firefox\n");
    let mut config = std::fs::read_to_string(roles.config_file()).unwrap();
    write!(
        config,
        "slots = 100\nschedules = [{}]\ndepends_on = [{}]\nbuilds_dir = \"{builds}\"\nadu_dir = \"{adu}\"\n",
        list("0 0 1 1 *"),
        list("")
    )
    .unwrap();
    std::fs::write(roles.config_file(), config).unwrap();
    let mut client = roles.database.client().unwrap();
    for name in &names {
        client
            .execute("INSERT INTO cron_jobs (job, done_until) VALUES ($1, '2023-06-01')", &[name])
            .unwrap();
    }
    roles
}

/// Stops the processes when every job is in its middle: leased, running, and waiting for a lock, and all
/// by new leases. Returns their proofs.
fn held(roles: &Roles, all: &[String], processes: &[Process], old: &[i64]) -> Vec<i64> {
    let mut client = roles.database.client().unwrap();
    wait::until("every job in its middle", PATIENCE, || {
        if waiting(&mut client) < all.len() {
            return None;
        }
        for process in processes {
            process.signal(Signal::STOP).unwrap();
        }
        let mut tokens = running(&mut client);
        tokens.retain(|token| !old.contains(token));
        if tokens.len() == all.len() && waiting(&mut client) >= all.len() {
            return Some(tokens);
        }
        for process in processes {
            process.signal(Signal::CONT).unwrap();
        }
        None
    })
}

/// Statements that wait for a lock.
fn waiting(client: &mut Client) -> usize {
    let sql = "SELECT count(*) FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock'";
    usize::try_from(client.query_one(sql, &[]).unwrap().get::<_, i64>(0)).unwrap()
}

/// Runs that have not ended and hold their job.
fn running(client: &mut Client) -> Vec<i64> {
    let sql = "SELECT token FROM cron_runs JOIN cron_jobs USING (token, job)
               WHERE outcome = 'running' AND lease_until > now()";
    client.query(sql, &[]).unwrap().iter().map(|row| row.get(0)).collect()
}

fn every_slot_was_done_once(roles: &Roles, all: &[String]) {
    let mut client = roles.database.client().unwrap();
    let sql =
        "SELECT job, string_agg(to_char(slot AT TIME ZONE 'UTC', 'YYYYMMDD'), ' ' ORDER BY token)
               FROM cron_runs WHERE outcome = 'done' GROUP BY job";
    let done = client.query(sql, &[]).unwrap();
    assert_eq!(done.len(), all.len());
    for row in done {
        let (job, slots): (String, String) = (row.get(0), row.get(1));
        assert_eq!(slots, "20240101 20250101 20260101", "{job}");
    }
    let open = "SELECT count(*) FROM cron_runs WHERE outcome = 'running'";
    assert_eq!(client.query_one(open, &[]).unwrap().get::<_, i64>(0), 0);
}

/// How many of these runs did not come to their end.
fn cut(roles: &Roles, tokens: &[i64]) -> usize {
    let sql = "SELECT count(*) FROM cron_runs
               WHERE token = ANY ($1) AND outcome IN ('lost', 'failed')";
    let row = roles.database.client().unwrap().query_one(sql, &[&tokens]).unwrap();
    usize::try_from(row.get::<_, i64>(0)).unwrap()
}
