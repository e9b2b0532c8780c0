//! Users, and what is reckoned from them.

use super::{clean, fixture, lines, releases, report, update, with, write};
use serde_json::json;

#[tokio::test]
async fn users_are_counted_by_version_channel_and_build() {
    let f = fixture().await;
    releases(&f).await;
    f.sql(
        "INSERT INTO raw_adu (adu_count, date, product_name, product_os_platform, product_version, build, build_channel, product_guid)
         VALUES (1, '2012-06-15', 'x', 'Windows', '13.0', '20120601000000', 'release', 'ec8030f7-c20a-464f-9b0e-13a3a9e97384'),
                (2, '2012-06-15', 'Firefox', 'Windows', '13.0', '1', 'default', NULL),
                (4, '2012-06-15', 'Firefox', 'Darwin', '13.0', '20120601000000', 'release', ''),
                (8, '2012-06-15', 'Firefox', NULL, '13.0', '20120601000000', 'release', ''),
                (16, '2012-06-15', 'Firefox', 'Linux', '13.0', '20120508000000', 'beta', ''),
                (32, '2012-06-15', 'Firefox', 'Linux', '13.0', '7', 'beta', ''),
                (64, '2012-06-15', 'Firefox', 'Linux', '13.0', '20120601000000', NULL, ''),
                (128, '2012-06-15', 'Other', 'Linux', '13.0', '20120601000000', 'release', ''),
                (256, '2012-06-16', 'Firefox', 'Linux', '13.0', '20120601000000', 'release', '')",
    )
    .await;
    assert_eq!(update(&f, "adu", "2012-06-15").await, 5 * 3 + 1);
    let rows = "SELECT concat_ws('|', version_string, os_name, adu_count) AS line FROM product_adu
        JOIN product_versions USING (product_version_id) WHERE adu_count > 0 ORDER BY version_sort, os_name";
    assert_eq!(lines(&f, rows).await, ["13.0b5|Linux|16", "13.0|Unknown|12", "13.0|Windows|3"]);
    // Until the day after the sunset, and no longer.
    f.sql("UPDATE product_versions SET sunset_date = '2012-06-14'").await;
    assert_eq!(update(&f, "adu", "2012-06-15").await, 5 * 3 + 1);
    f.sql("UPDATE product_versions SET sunset_date = '2012-06-13'").await;
    assert_eq!(update(&f, "adu", "2012-06-15").await, 0);
}

#[tokio::test]
async fn crash_ratio_is_per_hundred_users_and_reckons_the_throttle_in() {
    let f = fixture().await;
    releases(&f).await;
    let day = "2012-06-15";
    f.sql("INSERT INTO raw_adu (adu_count, date, product_name, product_os_platform, product_version, build, build_channel)
           VALUES (400, '2012-06-15', 'Firefox', 'Windows', '13.0', '', 'release')").await;
    let kinds = [
        ("browser", None),
        ("plugin", None),
        ("content", None),
        ("plugin", Some("h")),
        ("browser", Some("h")),
    ];
    let reports: Vec<_> = (0..)
        .zip(kinds)
        .map(|(n, (kind, hang))| {
            with(report(n, day, "01:00:00"), json!({"process_type": kind, "hangid": hang}))
        })
        .collect();
    write(&f, &reports).await;
    clean(&f, day).await;
    update(&f, "adu", day).await;
    update(&f, "daily_crashes", day).await;
    let rows = "SELECT concat_ws('|', version_string, crashes, adu_count, adjusted_crashes, crash_ratio) AS line FROM ";
    for view in ["product_crash_ratio", "product_os_crash_ratio"] {
        assert_eq!(lines(&f, &format!("{rows} {view}")).await, ["13.0|4|400|40|10.000"]);
    }
}

#[tokio::test]
async fn explosiveness_is_the_original_s() {
    let f = fixture().await;
    releases(&f).await;
    let last = "2012-06-20";
    // A million users a day: a crash is a rate of 1, the least measure 30.
    f.sql(
        "INSERT INTO product_adu SELECT product_version_id, 'Windows', day, 1000000
           FROM product_versions, generate_series('2012-06-11'::date, '2012-06-20', '1 day') AS day
           WHERE version_string = '13.0'",
    )
    .await;
    f.sql("INSERT INTO signatures (signature) VALUES ('steady'), ('new'), ('rare'), ('three')")
        .await;
    f.sql("INSERT INTO tcbs
           SELECT signature_id, day, product_version_id, 'browser', 'Release', CASE
               WHEN signature = 'steady' THEN 100
               WHEN signature = 'new' THEN 90
               WHEN signature = 'rare' THEN 10
               ELSE 20 END, 0, 0, 0, 0, 0
           FROM product_versions, signatures, generate_series('2012-06-11'::date, '2012-06-20', '1 day') AS day
           WHERE version_string = '13.0' AND (signature = 'steady'
               OR (signature IN ('new', 'rare') AND day = '2012-06-20')
               OR (signature = 'three' AND day >= '2012-06-18'))").await;
    assert_eq!(update(&f, "explosiveness", last).await, 3);
    let rows = "SELECT concat_ws('|', signature, oneday, threeday, round(day0), round(day1), round(day9)) AS line
        FROM explosiveness JOIN signatures USING (signature_id) ORDER BY 1";
    assert_eq!(
        lines(&f, rows).await,
        [
            // (90 - 0) / 30, and (30 - 0) / 30.
            "new|3.00|1.00|90|0|0",
            "steady|0.00|0.00|100|100|100",
            // (20 - 40/9) / 30, where the worst day is 20 - 40/9 above the mean; and (20 - 0) / 30.
            "three|0.52|0.67|20|20|0",
        ]
    );
    f.sql("DELETE FROM product_adu WHERE adu_date = '2012-06-11'").await;
    assert_eq!(update(&f, "explosiveness", last).await, 0, "users are known for nine days only");
}
