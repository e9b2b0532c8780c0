//! Builds and users from folders: what goes in, what is named, and what doing it twice or at once
//! changes.

use std::path::PathBuf;
use std::time::Duration;

use auxilio_common::Day;
use auxilio_cron::Tried;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::fixture::Fixture;

const NOON: &str = "2012-06-15T12:00:00Z";

const BUILDS: &str = "product,version,channel,build_id,platform,beta_number,repository\n";

const USERS: &str = "date,product_name,product_version,product_os_platform,adu_count\n";

const ALL_USERS: &str =
    "SELECT coalesce(string_agg(concat_ws(' ', date, product_name, product_version,
    product_os_platform, adu_count), '; ' ORDER BY date, product_name, product_version,
    product_os_platform), '') FROM raw_adu";

async fn fixture() -> Fixture {
    let f = Fixture::new(NOON, |config, dir| {
        config.builds_dir = Some(dir.path().join("builds"));
        config.adu_dir = Some(dir.path().join("users"));
    })
    .await;
    std::fs::create_dir(f.dir.path().join("builds")).unwrap();
    std::fs::create_dir(f.dir.path().join("users")).unwrap();
    f
}

fn path(f: &Fixture, name: &str) -> PathBuf {
    f.dir.path().join(name)
}

fn put(f: &Fixture, name: &str, text: impl AsRef<[u8]>) {
    std::fs::write(path(f, name), text).unwrap();
}

/// Runs a job, and says its count or its error.
async fn run(f: &Fixture, job: &str) -> String {
    let day = Day::from_ymd(2012, 6, 14).unwrap();
    match f.engine.run_by_hand(job, day).await.unwrap().unwrap().tried {
        Some(Tried::Done(count)) => count.to_string(),
        Some(Tried::Failed(error)) => error,
        other => panic!("{other:?}"),
    }
}

async fn builds(f: &Fixture) -> String {
    f.text(
        "SELECT coalesce(string_agg(concat_ws(' ', product_name, version, build_type, build_id, platform,
             beta_number, repository), '; ' ORDER BY build_id, platform), '') FROM releases_raw",
    )
    .await
}

#[tokio::test]
async fn builds_go_in_once_and_each_bad_line_is_named() {
    let f = fixture().await;
    let bad = [
        ("Nobody,13.0,release,20120601030405,linux,,", "the product \"Nobody\" is not known"),
        ("Firefox,13.0,strange,20120601030405,linux,,", "the channel \"strange\" is not known"),
        ("Firefox,thirteen,release,20120601030405,linux,,", "the version \"thirteen\" is none"),
        ("Firefox,13.0,release,20121301030405,linux,,", "begins with no day"),
        (
            "Firefox,13.0,release,2012060103,linux,,nowhere",
            "the repository \"nowhere\" is not known",
        ),
        ("Firefox,13.0,release,2.012e13,linux,,", "the build id is not of 8 to 20 digits"),
        ("Firefox,13.0,beta,20120601030405,linux,0,", "the number of a beta is not 1 or more"),
        ("Firefox,13.0,beta,20120601030405,linux,many,", "its column 6 can't be read"),
        ("Firefox,13.0,release,20120601030405,\0,,", "the platform holds a control character"),
        ("Firefox,13.0", "it has 2 columns and not 7"),
    ];
    let lines = bad.map(|(line, _)| line).join("\n") + "\n";
    put(
        &f,
        "builds/1.csv",
        format!("{BUILDS}{lines}mobile,14.0,beta,20120602030405,android,3,mozilla-beta\n"),
    );
    put(
        &f,
        "builds/2.csv",
        "platform,build_id,channel,version,product\nlinux,20120601030405,Release,13.0,Firefox\n",
    );
    put(&f, "builds/3.txt", "no file of ours");
    let said = run(&f, "builds").await;
    for (line, (_, what)) in bad.iter().enumerate() {
        let named = format!("1.csv, line {}: ", line + 2);
        let at = said.find(&named).unwrap_or_else(|| panic!("{named} in {said}"));
        assert!(said[at..].split(';').next().unwrap().contains(what), "{named}{what} in {said}");
    }
    let all = "Firefox 13.0 release 20120601030405 linux release; \
               mobile 14.0 beta 20120602030405 android 3 mozilla-beta";
    assert_eq!(builds(&f).await, all, "the good lines went in");
    assert_eq!(f.text("SELECT string_agg(name, ' ') FROM cron_files").await, "2.csv");
    put(
        &f,
        "builds/1.csv",
        format!("{BUILDS}mobile,14.0,beta,20120602030405,android,3,mozilla-beta\n"),
    );
    assert_eq!(run(&f, "builds").await, "0", "a mended file ends it");
    put(
        &f,
        "builds/4.csv",
        format!("{BUILDS}Firefox,13.0,release,20120601030405,linux,,release\n"),
    );
    assert_eq!(run(&f, "builds").await, "0", "a build that is known changes nothing");
    assert_eq!(builds(&f).await, all);
    assert_eq!(
        f.text("SELECT count(*)::text FROM audit WHERE action = 'add_new_release'").await,
        "2"
    );
}

#[tokio::test]
async fn a_file_of_users_goes_in_whole_or_not_at_all_and_keeps_no_other() {
    let f = fixture().await;
    let good = "2012-06-14,Firefox,13.0,Windows,10\n";
    put(&f, "users/1.csv", format!("{USERS}{good}2012-06-14,Firefox,14.0,Windows,-1\n"));
    put(&f, "users/2.csv", format!("{USERS}{good}2012-06-14,Firefox,14.0,Windows,2"));
    put(&f, "users/3.csv", "");
    put(&f, "users/4.csv", format!("{USERS}{good}2012-06-14,Firefox,13.0,Windows,11\n"));
    put(&f, "users/5.csv", b"date,adu_count\n2012-06-14,\xff\n");
    put(&f, "users/6.csv", format!("{USERS}2012-06-14,Fennec,13.0,Android,3\n"));
    std::fs::create_dir(path(&f, "users/7.csv")).unwrap();
    let said = run(&f, "raw_adu").await;
    for what in [
        "1.csv, line 3: its column 5 can't be read",
        "2.csv: its last line has no line feed",
        "3.csv: it is empty",
        "4.csv, line 3: it is about the same users as line 2",
        "5.csv, line 2: it is not UTF-8",
        "7.csv: it is no file",
    ] {
        assert!(said.contains(what), "{what} in {said}");
    }
    assert_eq!(f.text(ALL_USERS).await, "2012-06-14 Fennec 13.0 Android 3");
    put(&f, "users/2.csv", format!("{USERS}{good}2012-06-14,Firefox,14.0,Windows,25\n"));
    run(&f, "raw_adu").await;
    let all = "2012-06-14 Fennec 13.0 Android 3; 2012-06-14 Firefox 13.0 Windows 10; \
               2012-06-14 Firefox 14.0 Windows 25";
    assert_eq!(f.text(ALL_USERS).await, all, "once it was written to its end");
}

#[tokio::test]
async fn a_file_twice_counts_once_and_a_later_one_replaces_a_products_day() {
    let f = fixture().await;
    f.sql(
        "INSERT INTO summary_days (name, day) VALUES ('adu', '2012-06-14'), ('adu', '2012-06-13')",
    )
    .await;
    let file =
        format!("{USERS}2012-06-14,Firefox,13.0,Windows,10\n2012-06-14,Fennec,13.0,Android,3\n");
    put(&f, "users/1.csv", &file);
    assert_eq!(run(&f, "raw_adu").await, "2");
    let marks = "SELECT coalesce(string_agg(day::text, ' '), '') FROM dirty_days";
    assert_eq!(f.text(marks).await, "2012-06-14", "the day is counted anew");
    assert_eq!(run(&f, "raw_adu").await, "0", "it is known");
    put(&f, "users/2.csv", &file);
    assert_eq!(run(&f, "raw_adu").await, "2");
    let all = "2012-06-14 Fennec 13.0 Android 3; 2012-06-14 Firefox 13.0 Windows 10";
    assert_eq!(f.text(ALL_USERS).await, all);
    put(&f, "users/3.csv", format!("{USERS}2012-06-14,Firefox,13.0,Windows,12\n"));
    assert_eq!(run(&f, "raw_adu").await, "1");
    let all = "2012-06-14 Fennec 13.0 Android 3; 2012-06-14 Firefox 13.0 Windows 12";
    assert_eq!(f.text(ALL_USERS).await, all);
}

/// Leases keep imports apart; one that lost its lease and did not notice meets another here.
#[tokio::test]
async fn two_imports_at_once_double_nothing() {
    let f = fixture().await;
    let row = |n: u32| json!({"date": "2012-06-14", "product_name": "Firefox", "build": n.to_string(), "adu_count": n});
    let rows = Value::Array((1..=2_000).map(row).collect());
    let mut works = Vec::new();
    for _ in 0..4 {
        works.push(f.database().long_work(Duration::from_mins(1)).await.unwrap());
    }
    for loaded in join_all(works.iter().map(|work| work.replace_raw_adu(&rows))).await {
        assert_eq!(loaded.unwrap(), 2_000);
    }
    let all = "SELECT count(*) || ' ' || sum(adu_count) FROM raw_adu";
    assert_eq!(f.text(all).await, "2000 2001000");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let f = fixture().await;
    std::fs::remove_dir(path(&f, "builds")).unwrap();
    let said = run(&f, "builds").await;
    assert!(said.starts_with("can't list \"") && said.contains("builds\""), "{said}");
}
