//! Duplicates: the same crash sent twice, by the rule of the original.

use super::{fixture, lines, report, with, write};
use serde_json::{Value, json};

const DAY: &str = "2012-06-15";
const FOUND: &str =
    "SELECT left(uuid, 8) AS a, left(duplicate_of, 8) AS b FROM reports_duplicates ORDER BY uuid";

/// A report that agrees with the others of this file; uptime and installation age by its minute.
fn same(number: u32, time: &str, values: Value) -> Value {
    let minutes = time[..2].parse::<i64>().unwrap() * 60 + time[3..5].parse::<i64>().unwrap();
    let ages = json!({"address": "0x0", "uptime": 600 + minutes * 60, "install_age": 9_000 + minutes * 60});
    with(with(report(number, DAY, time), ages), values)
}

async fn found(reports: &[Value]) -> Vec<String> {
    let f = fixture().await;
    write(&f, reports).await;
    f.sql("SELECT update_reports_duplicates('2012-06-15 00:00+00', '2012-06-16 00:00+00')").await;
    lines(&f, FOUND).await
}

#[tokio::test]
async fn followers_and_their_leader_stand_in_the_table() {
    let reports = [
        same(3, "01:00:00", json!({})),
        same(1, "01:10:00", json!({})),
        // Another address, and one that does not say: each a crash of its own.
        same(2, "01:11:00", json!({"address": "0x1"})),
        same(4, "01:12:00", json!({"address": null})),
        // Started long before the leader, but crashed within a minute of a start.
        same(5, "01:13:00", json!({"uptime": 59})),
        same(6, "01:14:00", json!({"uptime": 60})),
        same(7, "01:15:00", json!({"uptime": null, "install_age": null})),
        same(8, "01:16:00", json!({"install_age": 1})),
    ];
    assert_eq!(
        found(&reports).await,
        ["00000001 00000003", "00000003 00000003", "00000005 00000003", "00000007 00000003"]
    );
}

#[tokio::test]
async fn sixty_seconds_are_near_and_sixty_one_are_not() {
    for (seconds, expected) in [(60, 2), (-60, 2), (61, 0), (-61, 0)] {
        let reports = [
            same(1, "01:00:00", json!({})),
            same(2, "01:10:00", json!({"uptime": 600 + 70 * 60 + seconds})),
        ];
        assert_eq!(found(&reports).await.len(), expected, "{seconds}");
    }
}

#[tokio::test]
async fn two_that_do_not_say_a_thing_agree_in_it() {
    let reports =
        [1, 2].map(|n| same(n, &format!("01:0{n}:00"), json!({"url": null, "reason": null})));
    assert_eq!(found(&reports).await.len(), 2);
}

#[tokio::test]
async fn the_earlier_hour_s_word_holds_and_hours_have_both_ends() {
    // 01:00-02:00 names 1 the leader of 2 and 3; 01:30-02:30 names 2 that of 3 and 4.
    let reports = [
        same(1, "01:05:00", json!({})),
        same(2, "01:35:00", json!({})),
        same(3, "02:00:00", json!({})),
        same(4, "02:30:00", json!({})),
        same(5, "03:45:00", json!({})),
    ];
    assert_eq!(
        found(&reports).await,
        ["00000001 00000001", "00000002 00000001", "00000003 00000001", "00000004 00000002"]
    );
}

#[tokio::test]
async fn any_windows_in_any_order_name_the_same() {
    let f = fixture().await;
    let mut reports = Vec::new();
    for number in 0..40_u32 {
        let time = format!("{:02}:{:02}:00", number * 17 / 60, number * 17 % 60);
        reports.push(same(number, &time, json!({})));
    }
    write(&f, &reports).await;
    let run = |from: &str, to: &str| {
        format!("SELECT update_reports_duplicates('{DAY} {from}+00', '{DAY} {to}+00')")
    };
    f.sql(&run("00:00", "23:00")).await;
    let whole = lines(&f, FOUND).await;
    assert!(whole.len() > 30, "{whole:?}");
    f.sql("DELETE FROM reports_duplicates").await;
    for (from, to) in [
        ("05:10", "07:00"),
        ("00:00", "02:15"),
        ("06:00", "12:00"),
        ("02:15", "05:10"),
        ("01:00", "03:00"),
    ] {
        f.sql(&run(from, to)).await;
    }
    assert_eq!(lines(&f, FOUND).await, whole);
    let before = f.text("SELECT max(xmin::text::bigint)::text FROM reports_duplicates").await;
    f.sql(&run("00:00", "23:00")).await;
    let after = f.text("SELECT max(xmin::text::bigint)::text FROM reports_duplicates").await;
    assert_eq!(before, after, "a second run writes nothing");
}

#[tokio::test]
async fn ages_without_measure_are_no_error() {
    let ages = json!({"uptime": i64::MAX, "install_age": i64::MIN, "client_crash_date": null});
    let reports = [same(1, "01:00:00", ages.clone()), same(2, "01:01:00", ages)];
    assert_eq!(found(&reports).await, Vec::<String>::new());
}
