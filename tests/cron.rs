//! Cron as processes: kill -9 in the middle of each job, Postgres restarted in the middle, two of them
//! over one backlog; an extract cut while it is written; the night by hand.
//!
//! A job is held in its middle by locks on what it must read or write, and its process is stopped before
//! it is killed: nothing moves between the look and the kill.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "cron/cuts.rs"]
mod cuts;
#[path = "cron/forgotten.rs"]
mod forgotten;
#[path = "cron/night.rs"]
mod night;
#[path = "cron/two.rs"]
mod two;

use std::io::{Read, Write};
use std::process::{Command, Output};
use std::time::Duration;

use auxilio_tests::process::Process;
use auxilio_tests::roles::Roles;
use serde_json::Value;

/// Generous: only a failure waits so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// A system without roles, whose section `cron` has further lines.
fn system(lines: &str) -> Roles {
    let roles = Roles::prepare(&[]).unwrap();
    let mut file = std::fs::OpenOptions::new().append(true).open(roles.config_file()).unwrap();
    file.write_all(lines.as_bytes()).unwrap();
    roles
}

/// A cron process of its own address.
fn start(roles: &Roles) -> Process {
    roles.start_another("cron", &[("AUXILIO_CRON__ADMIN_ADDRESS", "127.0.0.1:0")]).unwrap()
}

fn run(roles: &Roles, arguments: &[&str]) -> Output {
    let mut command: Command = roles.auxilio();
    auxilio_tests::user::run_as(&mut command).unwrap();
    command.args(arguments).output().unwrap()
}

/// The jobs, as `cron list` names them.
fn jobs(roles: &Roles) -> Vec<String> {
    let output = run(roles, &["--json", "cron", "list"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| {
            let job: Value = serde_json::from_str(line).unwrap();
            job["job"].as_str().unwrap().to_owned()
        })
        .collect()
}

/// One text of the database.
fn text(roles: &Roles, sql: &str) -> String {
    roles.database.client().unwrap().query_one(sql, &[]).unwrap().get(0)
}

/// What a file of the extracts holds; `None` if it is not there.
fn extract(roles: &Roles, name: &str) -> Option<String> {
    let packed = std::fs::read(roles.dir.path().join("extracts").join(name)).ok()?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    Some(text)
}
