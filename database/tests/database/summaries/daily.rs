//! The summaries of one day, reckoned by hand.

use super::{clean, fixture, lines, releases, report, sorted_lines, update, with, write};
use crate::fixture::Fixture;
use serde_json::json;

const DAY: &str = "2012-06-15";

/// Nine reports of three versions, and one of the next day.
async fn some_reports() -> Fixture {
    let f = fixture().await;
    releases(&f).await;
    let beta = json!({"release_channel": "beta", "build": "20120508000000"});
    let nightly =
        json!({"release_channel": "nightly", "version": "15.0a1", "build": "20120610000000"});
    let mac = json!({"os_name": "Mac OS X", "os_version": "10.7.4"});
    write(
        &f,
        &[
            report(1, DAY, "00:00:00"),
            with(report(2, DAY, "01:00:00"), json!({"uptime": 59, "url": "http://x.org/p?q"})),
            with(report(3, DAY, "02:00:00"), json!({"uptime": 60, "url": "http://x.org/p#r"})),
            with(with(report(4, DAY, "03:00:00"), mac.clone()), json!({"signature": "c::d"})),
            with(
                report(5, DAY, "04:00:00"),
                json!({"process_type": "plugin", "flash_version": "10"}),
            ),
            with(report(6, DAY, "05:00:00"), json!({"process_type": "content", "uptime": null})),
            with(
                with(report(7, DAY, "06:00:00"), beta),
                json!({"url": "https://y.org/", "cpu_name": null}),
            ),
            with(with(report(8, DAY, "07:00:00"), nightly.clone()), mac),
            with(
                with(report(9, DAY, "08:00:00"), nightly),
                json!({"build": "20120614030000", "os_name": "OS/2"}),
            ),
            report(10, "2012-06-16", "00:00:00"),
        ],
    )
    .await;
    assert_eq!(clean(&f, DAY).await, 9);
    assert_eq!(clean(&f, "2012-06-16").await, 1);
    f
}

const TCBS: &str = "SELECT concat_ws('|', signature, version_string, process_type, release_channel,
    report_count, win_count, mac_count, lin_count, hang_count, startup_count) AS line
    FROM tcbs JOIN signatures USING (signature_id) JOIN product_versions USING (product_version_id)";

#[tokio::test]
async fn top_crashers_are_counted_whatever_the_sunset() {
    let f = some_reports().await;
    f.sql("UPDATE product_versions SET sunset_date = '2012-06-11'").await;
    assert_eq!(update(&f, "tcbs", DAY).await, 6);
    let expected = [
        "a::b|13.0b5|browser|Beta|1|1|0|0|0|0",
        "a::b|13.0|browser|Release|3|3|0|0|0|1",
        "a::b|13.0|content|Release|1|1|0|0|0|0",
        "a::b|13.0|plugin|Release|1|1|0|0|0|0",
        "a::b|15.0a1|browser|Nightly|2|0|1|0|0|0",
        "c::d|13.0|browser|Release|1|0|1|0|0|0",
    ];
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(sorted_lines(&f, TCBS).await, expected);
    assert_eq!(update(&f, "tcbs", DAY).await, 6);
    assert_eq!(sorted_lines(&f, TCBS).await, expected, "a second run changes nothing");
    assert_eq!(update(&f, "tcbs", "2012-06-14").await, 0, "an empty day is no error");
    let runs =
        "SELECT name AS a, rows AS b FROM update_runs WHERE name = 'tcbs' ORDER BY started_at";
    assert_eq!(f.sql(runs).await.len(), 3);
}

#[tokio::test]
async fn top_crashers_by_build_stand_under_the_day_of_the_build() {
    let f = some_reports().await;
    assert_eq!(update(&f, "tcbs_build", DAY).await, 7);
    let rows =
        "SELECT concat_ws('|', build_date, report_date, sum(report_count)) AS line FROM tcbs_build
                GROUP BY build_date, report_date ORDER BY 1";
    assert_eq!(
        lines(&f, rows).await,
        [
            "2012-05-08|2012-06-15|1",
            "2012-06-01|2012-06-15|6",
            "2012-06-10|2012-06-15|1",
            "2012-06-14|2012-06-15|1"
        ]
    );
}

#[tokio::test]
async fn nightly_builds_are_counted_by_age_if_they_are_known() {
    let f = some_reports().await;
    assert_eq!(update(&f, "nightly_builds", DAY).await, 1);
    let rows =
        "SELECT concat_ws('|', version_string, nightly_builds.build_date, report_date, days_out,
        report_count) AS line FROM nightly_builds JOIN product_versions USING (product_version_id)";
    assert_eq!(lines(&f, rows).await, ["15.0a1|2012-06-10|2012-06-15|5|1"]);
}

#[tokio::test]
async fn ranks_leave_no_gap_and_shares_have_five_digits() {
    let f = some_reports().await;
    assert_eq!(update(&f, "rank_compare", DAY).await, 4);
    assert_eq!(update(&f, "rank_compare", "2012-06-16").await, 1);
    let rows = "SELECT concat_ws('|', version_string, signature, rank_days, report_count, total_reports,
        rank_report_count, percent_of_total) AS line
        FROM rank_compare JOIN product_versions USING (product_version_id) JOIN signatures USING (signature_id)
        WHERE report_date = '2012-06-15'";
    assert_eq!(
        sorted_lines(&f, rows).await,
        [
            "13.0b5|a::b|1|1|1|1|1.00000",
            "13.0|a::b|1|5|6|1|0.83333",
            "13.0|c::d|1|1|6|2|0.16667",
            "15.0a1|a::b|1|2|2|1|1.00000"
        ]
    );
}

#[tokio::test]
async fn pages_and_sites_are_counted_without_what_was_asked_of_them() {
    let f = some_reports().await;
    assert_eq!(update(&f, "crashes_by_url", DAY).await, 2);
    assert_eq!(update(&f, "crashes_by_domain", DAY).await, 2);
    let urls = "SELECT concat_ws('|', url, report_count) AS line FROM crashes_by_url JOIN urls USING (url_id) ORDER BY 1";
    assert_eq!(lines(&f, urls).await, ["http://x.org/p|2", "https://y.org/|1"]);
    let domains = "SELECT concat_ws('|', domain, report_count) AS line FROM crashes_by_domain JOIN domains USING (domain_id) ORDER BY 1";
    assert_eq!(lines(&f, domains).await, ["http://x.org|2", "https://y.org|1"]);
}

#[tokio::test]
async fn signature_summary_counts_each_kind() {
    let f = some_reports().await;
    update(&f, "signature_summary", DAY).await;
    for (table, column, expected) in [
        ("os", "os_version_string", "OS X 10.7 1|Unknown 1|Windows 7 6"),
        ("uptime", "uptime_string", "1-5 min 1|< 1 min 1|> 1 hour 5"),
        ("architecture", "architecture", " 1|x86 7"),
        ("process_type", "process_type", "browser 6|content 1|plugin 1"),
        ("flash_version", "flash_version", "10 1|11.2 7"),
    ] {
        let sql = format!(
            "SELECT string_agg(line, '|' ORDER BY line COLLATE \"C\") FROM (
                 SELECT {column} || ' ' || sum(report_count) AS line
                 FROM signature_summary_{table} JOIN signatures USING (signature_id)
                 WHERE signature = 'a::b' AND report_date = '{DAY}' GROUP BY {column}) AS t"
        );
        assert_eq!(f.text(&sql).await, expected, "{table}");
    }
    let products = "SELECT concat_ws('|', version_string, report_count) AS line FROM signature_summary_products
        JOIN product_versions USING (product_version_id) JOIN signatures USING (signature_id)
        WHERE signature = 'a::b' ORDER BY version_sort";
    assert_eq!(lines(&f, products).await, ["13.0b5|1", "13.0|5", "15.0a1|2"]);
    assert_eq!(update(&f, "crashes_by_flash_version", DAY).await, 4);
    let flash = "SELECT concat_ws('|', flash_version, sum(report_count)) AS line FROM crashes_by_flash_version
        JOIN flash_versions USING (flash_version_id) GROUP BY flash_version ORDER BY flash_version";
    assert_eq!(lines(&f, flash).await, ["10|1", "11.2|8"]);
}

#[tokio::test]
async fn daily_crashes_are_told_apart_by_kind_and_system() {
    let f = some_reports().await;
    write(
        &f,
        &[
            with(report(20, DAY, "09:00:00"), json!({"hangid": "h"})),
            with(report(21, DAY, "09:00:00"), json!({"hangid": "h", "process_type": "plugin"})),
            with(report(22, DAY, "09:00:00"), json!({"hangid": "i", "process_type": "plugin"})),
            with(report(23, DAY, "09:00:00"), json!({"version": "3.6"})),
        ],
    )
    .await;
    f.sql(
        "WITH old AS (INSERT INTO productdims (product, version, release) VALUES ('Firefox', '3.6', 'major') RETURNING id)
         INSERT INTO product_visibility (productdims_id, start_date, end_date)
         SELECT id, '2010-01-01', '2012-06-15' FROM old",
    )
    .await;
    clean(&f, DAY).await;
    update(&f, "daily_crashes", DAY).await;
    let rows = "SELECT concat_ws('|', version_string, report_type, os_short_name, count) AS line
        FROM daily_crashes JOIN product_info ON product_version_id = productdims_id";
    let mut expected = [
        "13.0|C|Win|3",
        "13.0|C|Mac|1",
        "13.0|P|Win|1",
        "13.0|T|Win|1",
        "13.0|c|Win|1",
        "13.0|p|Win|2",
        "13.0|H|Win|2",
        "13.0b5|C|Win|1",
        "15.0a1|C|Mac|1",
        "15.0a1|C|Unk|1",
        "3.6|C|Win|1",
    ];
    expected.sort_unstable();
    assert_eq!(sorted_lines(&f, rows).await, expected);
}

#[tokio::test]
async fn signatures_know_their_first_report_also_when_it_is_taken_away() {
    let f = some_reports().await;
    let firsts = "SELECT concat_ws('|', signature, to_char(first_report AT TIME ZONE 'UTC', 'MM-DD HH24'), first_build)
        AS line FROM signatures WHERE first_report IS NOT NULL ORDER BY 1";
    let rollup = "SELECT concat_ws('|', signature, ver_count, version_list) AS line
        FROM signature_products_rollup JOIN signatures USING (signature_id) ORDER BY 1";
    update(&f, "signatures", "2012-06-16").await;
    assert_eq!(lines(&f, firsts).await, ["a::b|06-16 00|20120601000000"]);
    update(&f, "signatures", DAY).await;
    let both = ["a::b|06-15 00|20120508000000", "c::d|06-15 03|20120601000000"];
    assert_eq!(lines(&f, firsts).await, both);
    assert_eq!(lines(&f, rollup).await, ["a::b|3|{13.0b5,13.0,15.0a1}", "c::d|1|{13.0}"]);
    // All of the day that had the first become another's.
    f.sql("UPDATE reports SET signature = 'e::f' WHERE crash_day = '2012-06-15'").await;
    clean(&f, DAY).await;
    update(&f, "signatures", DAY).await;
    assert_eq!(
        lines(&f, firsts).await,
        ["a::b|06-16 00|20120601000000", "e::f|06-15 00|20120508000000"]
    );
    assert_eq!(lines(&f, rollup).await, ["a::b|1|{13.0}", "e::f|3|{13.0b5,13.0,15.0a1}"]);
}

#[tokio::test]
async fn hangs_join_both_sides_over_a_day_s_border() {
    let f = fixture().await;
    releases(&f).await;
    let plugin = json!({"process_type": "plugin", "signature": "p", "hangid": "h"});
    let browser = json!({"signature": "hang | b", "hangid": "h"});
    write(
        &f,
        &[
            with(report(1, DAY, "00:10:00"), plugin.clone()),
            with(
                with(report(2, "2012-06-14", "23:50:00"), browser.clone()),
                json!({"url": "http://x/"}),
            ),
            // Not a hang by its signature, not the same hang, and too far away.
            with(report(3, DAY, "00:20:00"), json!({"hangid": "h"})),
            with(with(report(4, DAY, "00:30:00"), browser.clone()), json!({"hangid": "i"})),
            with(report(5, "2012-06-12", "00:00:00"), browser),
            with(with(report(6, DAY, "00:40:00"), plugin), json!({"hangid": "j"})),
        ],
    )
    .await;
    for day in ["2012-06-12", "2012-06-14", DAY] {
        clean(&f, day).await;
    }
    assert_eq!(update(&f, "hang_report", DAY).await, 1);
    let rows = "SELECT concat_ws('|', product, version, browser_signature, plugin_signature, browser_hangid,
        flash_version, url, left(uuid, 8), report_day) AS line FROM hang_report";
    assert_eq!(
        lines(&f, rows).await,
        ["Firefox|13.0|hang | b|p|h|11.2|http://x/|00000002|2012-06-15"]
    );
}
