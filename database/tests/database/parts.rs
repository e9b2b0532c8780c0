//! What stands beside a report: add-ons, a plugin and modules, of the run that wrote the row.

use auxilio_common::Generation;
use auxilio_common::limits::EXTENSIONS_COUNT_MAX;
use auxilio_database::{Database, DbRole, Extension, HostedPlugin, Report, StackModule};

use crate::fixture::{Fixture, day, id, report};

const EXTENSIONS: &str = "SELECT coalesce(string_agg(left(uuid, 2) || ' ' || extension_key || ' '
        || extension_id || ' ' || extension_version || ' ' || (extensions.date_processed = reports.date_processed),
        ', ' ORDER BY uuid, extension_key), 'none')
    FROM extensions JOIN reports ON reports.id = report_id AND reports.crash_day = extensions.crash_day";

const PLUGINS: &str = "SELECT coalesce(string_agg(left(uuid, 2) || ' ' || filename || ' ' || name || ' '
        || plugins_reports.version, ', ' ORDER BY uuid), 'none')
    FROM plugins_reports JOIN plugins ON plugins.id = plugin_id JOIN reports ON reports.id = report_id";

const MODULES: &str =
    "SELECT coalesce(string_agg(filename || ' ' || version || ' ' || debug_file || ' '
        || debug_id, ', ' ORDER BY filename), 'none') FROM modules";

fn with_parts(number: u8, generation: i64, addons: &[(&str, &str)], plugin: &str) -> Report {
    let mut row = report(id(number), Generation(generation));
    let addon =
        |&(id, version): &(&str, &str)| Extension { id: id.into(), version: version.into() };
    row.extensions = addons.iter().map(addon).collect();
    row.plugin = (!plugin.is_empty()).then(|| HostedPlugin {
        filename: format!("{plugin}.dll"),
        name: plugin.into(),
        version: "1".into(),
    });
    row
}

fn module(name: &str) -> StackModule {
    StackModule {
        filename: name.into(),
        version: "7".into(),
        debug_file: format!("{name}.pdb"),
        debug_id: "AB1".into(),
    }
}

async fn writer(f: &Fixture) -> Database {
    let cron = Database::connect(&f.config, DbRole::Cron).unwrap();
    cron.ensure_partition(day()).await.unwrap();
    cron
}

#[tokio::test]
async fn parts_are_those_of_the_run_that_wrote_the_row() {
    let f = Fixture::new().await;
    let cron = writer(&f).await;
    let first = with_parts(1, 5, &[("b", "2"), ("a", ""), ("b", "2")], "flash");
    let second = with_parts(2, 5, &[("c", "3")], "flash");
    cron.write_reports(vec![first, second, report(id(3), Generation(1))]).await.unwrap();
    let of_one = "01 0 b 2 true, 01 1 a  true, 01 2 b 2 true, ";
    assert_eq!(f.text(EXTENSIONS).await, format!("{of_one}02 0 c 3 true"));
    assert_eq!(f.text(PLUGINS).await, "01 flash.dll flash 1, 02 flash.dll flash 1");
    assert_eq!(f.number("SELECT count(*) FROM plugins").await, 1);
    // An older run changes nothing, a newer one replaces, of two in a batch the later one counts.
    cron.write_reports(vec![with_parts(1, 4, &[("x", "9")], "java")]).await.unwrap();
    assert!(f.text(EXTENSIONS).await.starts_with(of_one));
    let runs = [6, 8, 7].map(|run| with_parts(1, run, &[("d", &run.to_string())], "java"));
    cron.write_reports(runs.to_vec()).await.unwrap();
    assert_eq!(f.text(EXTENSIONS).await, "01 0 d 8 true, 02 0 c 3 true");
    assert_eq!(f.text(PLUGINS).await, "01 java.dll java 1, 02 flash.dll flash 1");
    cron.write_reports(vec![report(id(1), Generation(9))]).await.unwrap();
    assert_eq!(f.text(EXTENSIONS).await, "02 0 c 3 true");
    assert_eq!(f.text(PLUGINS).await, "02 flash.dll flash 1");
}

#[tokio::test]
async fn a_module_stands_once_for_all_crashes() {
    let f = Fixture::new().await;
    let cron = writer(&f).await;
    let mut rows = [1, 2].map(|number| report(id(number), Generation(1)));
    rows[0].modules = vec![module("b"), module("a")];
    rows[1].modules = vec![module("a"), StackModule { version: "8".into(), ..module("c") }];
    for row in rows.clone() {
        cron.write_reports(vec![row]).await.unwrap();
    }
    rows[1].generation = Generation(2);
    cron.write_reports(rows.to_vec()).await.unwrap();
    assert_eq!(f.text(MODULES).await, "a 7 a.pdb AB1, b 7 b.pdb AB1, c 8 c.pdb AB1");
}

#[tokio::test]
async fn odd_and_many_parts_are_kept_as_far_as_they_fit_with_a_note() {
    let f = Fixture::new().await;
    let cron = writer(&f).await;
    let long = "\u{1f980}".repeat(100_000);
    let mut row = with_parts(1, 1, &[("a\0", "1"), (&long, &long)], &long);
    row.extensions.extend(vec![row.extensions[1].clone(); EXTENSIONS_COUNT_MAX]);
    row.modules =
        vec![StackModule { version: long.clone(), debug_id: long.clone(), ..module(&long) }];
    cron.write_reports(vec![row, with_parts(2, 1, &[("b", "1")], "p")]).await.unwrap();
    let kept = "SELECT count(*) FROM extensions WHERE length(extension_id) IN (1, 255)";
    assert_eq!(f.number(kept).await, i64::try_from(EXTENSIONS_COUNT_MAX).unwrap() + 1);
    assert_eq!(f.number("SELECT count(*) FROM plugins_reports").await, 2);
    assert_eq!(f.number("SELECT count(*) FROM modules").await, 1);
    let notes = f.text("SELECT processor_notes FROM reports WHERE processor_notes <> ''").await;
    for note in ["200 of 202 add-ons were kept", "200 add-ons were cut", "plugin's", "1 modules"] {
        assert!(notes.contains(note), "{notes}");
    }
}
