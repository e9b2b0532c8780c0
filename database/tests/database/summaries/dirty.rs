//! Marks: what is late or changed is counted anew; what is sealed is not.

use super::{SUMMARIES, clean, fixture, lines, releases, report, update, with, write};
use serde_json::json;

const DAY: &str = "2012-06-15";

#[tokio::test]
async fn a_late_and_a_changed_report_are_counted_by_the_refresh() {
    let f = fixture().await;
    releases(&f).await;
    write(&f, &[report(1, DAY, "01:00:00")]).await;
    clean(&f, DAY).await;
    for name in SUMMARIES {
        update(&f, name, DAY).await;
    }
    let counted = "SELECT signature AS a, report_count AS b FROM tcbs JOIN signatures USING (signature_id) ORDER BY 1";
    assert_eq!(lines(&f, counted).await, ["a::b 1"]);
    write(
        &f,
        &[
            report(2, DAY, "02:00:00"),
            with(report(1, DAY, "01:00:00"), json!({"generation": 2, "signature": "c"})),
        ],
    )
    .await;
    // A lower generation writes nothing, and marks nothing.
    while f.number("SELECT refresh_dirty_days(1)").await > 0 {}
    assert_eq!(lines(&f, counted).await, ["a::b 1", "c 1"]);
    write(&f, &[with(report(1, DAY, "01:00:00"), json!({"signature": "old"}))]).await;
    assert_eq!(f.number("SELECT count(*) FROM dirty_hours").await, 0);
    assert_eq!(f.number("SELECT refresh_dirty_days(1)").await, 0);
}

#[tokio::test]
async fn a_mark_goes_with_its_report_or_not_at_all() {
    let f = fixture().await;
    let bad = with(report(2, DAY, "02:00:00"), json!({"sample_rate": -1.0}));
    f.sql("SELECT ensure_partition('2012-06-15')").await;
    let reports = vec![report(1, DAY, "01:00:00"), bad];
    assert!(f.owner.query("SELECT write_reports($1)", &[&reports]).await.is_err());
    assert_eq!(f.number("SELECT count(*) FROM dirty_hours").await, 0);
}

#[tokio::test]
async fn a_sealed_week_is_not_counted_anew_and_says_how_often_somebody_tried() {
    let f = fixture().await;
    releases(&f).await;
    let next = "2012-06-18";
    write(&f, &[report(1, DAY, "01:00:00"), report(2, next, "00:10:00")]).await;
    assert!(
        !f.owner.query_one("SELECT drop_week('2012-06-15')", &[]).await.unwrap().get::<_, bool>(0),
        "marks are left"
    );
    while f.number("SELECT refresh_dirty_days(10)").await > 0 {}
    for day in [DAY, next] {
        update(&f, "tcbs", day).await;
    }
    assert!(
        f.owner.query_one("SELECT drop_week('2012-06-15')", &[]).await.unwrap().get::<_, bool>(0)
    );
    assert!(
        !f.owner.query_one("SELECT drop_week('2012-06-15')", &[]).await.unwrap().get::<_, bool>(0)
    );
    let counted = "SELECT report_date AS a, report_count AS b FROM tcbs ORDER BY 1";
    let before = lines(&f, counted).await;
    assert_eq!(before.len(), 2);
    // Late ones get their report, in a week made anew.
    write(&f, &[report(3, DAY, "01:00:00"), report(4, next, "00:20:00")]).await;
    assert_eq!(update(&f, "tcbs", DAY).await, 0);
    assert_eq!(clean(&f, DAY).await, 0);
    while f.number("SELECT refresh_dirty_days(10)").await > 0 {}
    assert_eq!(lines(&f, counted).await, ["2012-06-15 1", "2012-06-18 2"]);
    assert_eq!(f.number("SELECT count(*) FROM reports WHERE crash_day = '2012-06-15'").await, 1);
    assert_eq!(f.number("SELECT refused FROM sealed_weeks").await, 4);
    assert_eq!(
        f.number("SELECT count(*) FROM update_runs WHERE note = 'the week is sealed'").await,
        3
    );
}

#[tokio::test]
async fn today_may_be_counted_and_is_counted_on() {
    let f = fixture().await;
    releases(&f).await;
    write(&f, &[report(1, DAY, "01:00:00")]).await;
    clean(&f, DAY).await;
    assert_eq!(update(&f, "tcbs", DAY).await, 1);
    write(&f, &[with(report(2, DAY, "13:00:00"), json!({"signature": "z"}))]).await;
    while f.number("SELECT refresh_dirty_days(10)").await > 0 {}
    assert_eq!(f.number("SELECT count(*) FROM tcbs").await, 2);
}

#[tokio::test]
async fn users_that_come_late_are_counted_if_their_day_is_marked() {
    let f = fixture().await;
    releases(&f).await;
    update(&f, "adu", DAY).await;
    f.sql("INSERT INTO raw_adu (adu_count, date, product_name, product_os_platform, product_version, build_channel)
           VALUES (7, '2012-06-15', 'Firefox', 'Windows', '13.0', 'release')").await;
    f.sql("SELECT mark_dirty_days(ARRAY['2012-06-15', '2012-06-14']::date[])").await;
    assert_eq!(f.number("SELECT refresh_dirty_days(10)").await, 1);
    assert_eq!(f.number("SELECT sum(adu_count)::bigint FROM product_adu").await, 7);
}

#[tokio::test]
async fn a_report_that_other_lists_sign_is_counted_under_its_new_signature() {
    let f = fixture().await;
    releases(&f).await;
    let crash = report(1, DAY, "01:00:00");
    write(&f, std::slice::from_ref(&crash)).await;
    clean(&f, DAY).await;
    update(&f, "tcbs", DAY).await;
    while f.number("SELECT refresh_dirty_days(10)").await > 0 {}
    let row = json!([{"uuid": crash["uuid"], "generation": 1, "change": 1, "signature": "other"}]);
    f.sql(&format!("SELECT * FROM set_signatures('{DAY}', '{row}')")).await;
    while f.number("SELECT refresh_dirty_days(10)").await > 0 {}
    let counted = "SELECT signature AS s FROM tcbs JOIN signatures USING (signature_id)";
    assert_eq!(lines(&f, counted).await, ["other"]);
}

#[tokio::test]
async fn a_late_duplicate_changes_the_hour_of_its_leader_and_the_hour_after() {
    let f = fixture().await;
    releases(&f).await;
    let same = json!({"address": "0x0", "uptime": 10, "install_age": null});
    let late = with(report(2, DAY, "02:30:00"), same.clone());
    let others = [(1, "01:50:00"), (3, "03:05:00")]
        .map(|(n, time)| with(report(n, DAY, time), same.clone()));
    write(&f, &others).await;
    while f.number("SELECT refresh_dirty_days(10)").await > 0 {}
    let duplicates =
        "SELECT left(uuid, 8) AS a, left(duplicate_of, 8) AS b FROM reports_clean ORDER BY 1";
    assert_eq!(lines(&f, duplicates).await, ["00000001 NULL", "00000003 NULL"]);
    write(&f, &[late]).await;
    while f.number("SELECT refresh_dirty_days(10)").await > 0 {}
    assert_eq!(
        lines(&f, duplicates).await,
        ["00000001 00000001", "00000002 00000001", "00000003 00000002"]
    );
}
