//! An installation whose reports have stored stacks of a few kinds.

use std::collections::BTreeMap;
use std::process::{Command, Output, Stdio};

use auxilio_common::{Clock, CrashId, Day, Generation, Quality, Throttle, Timestamp};
use auxilio_database::{Config, Database, DbRole, Frames, Report};
use auxilio_service::clock::SystemClock;
use auxilio_signature::{CrashData, Lists, generate};
use auxilio_testkit::postgres;
use auxilio_tests::process::Process;
use auxilio_tests::roles::Roles;
use auxilio_tests::wait;
use serde_json::{Value, json};

use super::PATIENCE;

/// A prefix more, by which a signature splits, one less, by which two merge, and a sentinel.
const LISTS: [(&str, &str); 3] = [
    ("prefix.txt", "# ours\ndemo::shared$\n"),
    ("irrelevant.txt", "demo::twin_\n"),
    ("foreign_modules.txt", "plug\\.so$\n"),
];

pub(crate) struct Installation {
    pub(crate) roles: Roles,
    pub(crate) runtime: tokio::runtime::Runtime,
    pub(crate) database: Database,
}

impl Installation {
    pub(crate) fn new() -> Self {
        Self::of(Roles::prepare(&[]).unwrap())
    }

    pub(crate) fn of(roles: Roles) -> Self {
        let config = Config {
            port: roles.database.server.port(),
            user: postgres::USER.into(),
            database: roles.database.name.clone(),
            ..Config::default()
        };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let database = Database::connect(&config, DbRole::Owner).unwrap();
        Self { roles, runtime, database }
    }

    pub(crate) fn write(&self, rows: Vec<Report>) {
        for answer in self.runtime.block_on(self.database.write_reports(rows)).unwrap() {
            assert!(answer.unwrap());
        }
    }

    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.roles.database.client().unwrap().query_one(sql, &[]).unwrap().get(0)
    }

    /// How many reports have each signature.
    pub(crate) fn totals(&self) -> BTreeMap<String, i64> {
        let sql = "SELECT coalesce(signature, ''), count(*) FROM reports GROUP BY 1";
        let rows = self.roles.database.client().unwrap().query(sql, &[]).unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// A checksum of everything that a change may touch.
    pub(crate) fn checksum(&self) -> String {
        let sql = "SELECT concat(
            (SELECT md5(string_agg(reports::text, ' ' ORDER BY uuid)) FROM reports),
            (SELECT md5(string_agg(frames::text, ' ' ORDER BY uuid)) FROM frames))";
        self.roles.database.client().unwrap().query_one(sql, &[]).unwrap().get(0)
    }

    /// What a report's row and the middleware say of a crash: signature, generation, change, and the note
    /// of the change. Both say the same, of one run.
    pub(crate) fn shown(&self, crash: CrashId) -> (String, i64, Option<i64>, Option<String>) {
        let sql = "SELECT signature, generation, signature_change FROM reports WHERE uuid = $1";
        let crash_id = crash.to_string();
        let row = self.roles.database.client().unwrap().query_one(sql, &[&crash_id]).unwrap();
        let signature: String = row.get(0);
        let answer = wait::until("the answer of the row", PATIENCE, || {
            self.roles.processed(crash).filter(|answer| answer["signature"] == *signature)
        });
        let notes = answer["processor_notes"].as_str().unwrap();
        let note = notes.lines().find(|note| note.contains(" of the lists gave it"));
        (signature, row.get(1), row.get(2), note.map(str::to_owned))
    }

    /// Has a crash processed again by the processor that runs.
    pub(crate) fn reprocess(&self, crash: CrashId) {
        let crash = crash.to_string();
        let queued = self.roles.auxilio().args(["reprocess", &crash]).output().unwrap();
        assert!(queued.status.success(), "{}", said(&queued));
        self.roles.reports().unwrap();
    }

    pub(crate) fn lists(&self) -> String {
        let dir = self.roles.dir.path().join("lists");
        std::fs::create_dir_all(&dir).unwrap();
        for (file, text) in LISTS {
            std::fs::write(dir.join(file), text).unwrap();
        }
        dir.to_str().unwrap().to_owned()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.roles.auxilio();
        command.env("USER", "ann").arg("signature").args(arguments);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// What a verb prints with `--json` when all goes well.
    pub(crate) fn told(&self, arguments: &[&str]) -> Vec<Value> {
        let done = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(done.status.code(), Some(0), "{}", said(&done));
        let text = String::from_utf8(done.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Starts a verb and kills it once it is somewhere in the middle.
    pub(crate) fn killed_in_the_middle(
        &self,
        arguments: &[&str],
        counted: &str,
        beyond: i64,
    ) -> i64 {
        let mut command = self.command(arguments);
        let process = Process::start(command.stdout(Stdio::null())).unwrap();
        let sql = format!("SELECT coalesce(max({counted}), 0) FROM signature_changes");
        wait::until("a batch is through", PATIENCE, || (self.number(&sql) > beyond).then_some(()));
        process.kill().unwrap();
        self.number(&sql)
    }
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

pub(crate) fn today() -> Day {
    SystemClock::start().now().day().unwrap()
}

pub(crate) fn id(number: u32, day: Day) -> CrashId {
    let mut bytes = [7; 16];
    // Spread, as the ids of real crashes are.
    bytes[..4].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_be_bytes());
    CrashId::issue(bytes, 0, day)
}

/// Crashes of eight kinds of stacks, and every tenth without any.
pub(crate) fn line(number: u32) -> Option<String> {
    let frame = |function: String| json!({"function": function, "module": "demo"});
    let frames = match number % 10 {
        0 => return None,
        1..=3 => {
            vec![frame("demo::shared".to_owned()), frame(format!("demo::user_{}(int)", number % 3))]
        }
        4 | 5 => {
            vec![frame(format!("demo::twin_{}", number % 2)), frame("demo::common".to_owned())]
        }
        6 => vec![json!({"module": "plug.so", "module_offset": "0x10"})],
        kind => vec![frame(format!("demo::alone_{kind}"))],
    };
    let crash = json!({"crashing_thread": 0, "threads": [{"frames": frames}],
        "modules": [{"filename": "demo", "debug_id": "1"}]});
    Some(CrashData::from_json(&crash.to_string()).unwrap().reduced().to_json())
}

pub(crate) fn row(number: u32, day: Day, generation: i64) -> Report {
    let at = Timestamp::midnight(day);
    let generation = Generation(generation);
    let (quality, throttle) = (Quality::Clean, Throttle::Accept);
    let mut row = Report::new(id(number, day), at, generation, quality, throttle, 100.0);
    row.product = Some("Demo".to_owned());
    row.signature = Some("EMPTY: no frame data available".to_owned());
    if let Some(line) = line(number) {
        let made = generate(&CrashData::from_json(&line).unwrap(), Lists::built_in());
        row.signature = Some(made.signature);
        row.group_key = made.group_key.map(|key| key.to_string());
        row.frames = Frames::of(&line);
    }
    row
}

pub(crate) fn rows(numbers: std::ops::Range<u32>) -> Vec<Report> {
    let days = [today(), today().previous().unwrap()];
    numbers.map(|number| row(number, days[number as usize % 2], 1)).collect()
}
