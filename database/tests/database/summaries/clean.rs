//! Clean reports: texts cut and looked up, channel, version and system found.

use super::{clean, fixture, lines, releases, report, with, write};
use serde_json::json;

const DAY: &str = "2012-06-15";

#[tokio::test]
async fn a_report_is_cleaned_by_the_rules_of_2012() {
    let f = fixture().await;
    releases(&f).await;
    write(
        &f,
        &[
            report(1, DAY, "00:00:00"),
            with(
                report(2, DAY, "23:59:59.999999"),
                json!({"os_name": "Linux", "os_version": "0.0.0 Linux 3.2.0-24 #37 SMP x86_64",
                    "process_type": "Plugin", "hangid": "h", "signature": null, "reason": null,
                    "address": null, "flash_version": null, "cpu_info": "x", "build": "x1",
                    "url": "HTTP://Me:pw@Ex-Ample.com:80/a/b?c=d#e", "email": "e", "uptime": null}),
            ),
            with(
                report(3, DAY, "01:00:00"),
                json!({"os_name": "Mac OS X", "os_version": "10.7.4 11E53"}),
            ),
            with(report(4, DAY, "01:00:00"), json!({"os_name": "BeOS", "os_version": "5.0"})),
            with(report(5, DAY, "01:00:00"), json!({"completed_datetime": null})),
        ],
    )
    .await;
    assert_eq!(clean(&f, DAY).await, 4);
    let rows = lines(
        &f,
        "SELECT concat_ws('|', left(uuid, 8), version_string, build, signature, install_age, uptime,
             reason, address, clean.os_name, os_version_string, hang_id, flash_version,
             process_type, release_channel, domain, url, architecture, cores) AS line
         FROM reports_clean AS clean
         JOIN product_versions USING (product_version_id) JOIN signatures USING (signature_id)
         JOIN reasons USING (reason_id) JOIN addresses USING (address_id)
         JOIN os_versions USING (os_version_id) JOIN flash_versions USING (flash_version_id)
         JOIN domains USING (domain_id) JOIN urls USING (url_id) ORDER BY uuid",
    )
    .await;
    assert_eq!(
        rows,
        [
            "00000001|13.0|20120601000000|a::b|02:00:00|01:00:00|SIGSEGV|0x1|Windows|Windows 7||11.2|browser|Release|||x86|2",
            "00000002|13.0||02:00:00|Unknown|Unknown|Linux|Linux|h|Unknown|plugin|Release|HTTP://ex-ample.com|HTTP://Ex-Ample.com:80/a/b|x86",
            "00000003|13.0|20120601000000|a::b|02:00:00|01:00:00|SIGSEGV|0x3|Mac OS X|OS X 10.7||11.2|browser|Release|||x86|2",
            "00000004|13.0|20120601000000|a::b|02:00:00|01:00:00|SIGSEGV|0x4|Unknown|Unknown||11.2|browser|Release|||x86|2",
        ]
    );
    let people = "SELECT left(uuid, 8) AS a, email AS b FROM reports_user_info";
    assert_eq!(lines(&f, people).await, ["00000002 e"]);
    assert_eq!(
        f.text("SELECT min(tableoid::regclass::text) FROM reports_clean").await,
        "reports_clean_20120611"
    );
    assert_eq!(super::update(&f, "os_versions", DAY).await, 0, "all are known already");
    f.sql("DELETE FROM os_versions").await;
    assert_eq!(super::update(&f, "os_versions", DAY).await, 4);
}

#[tokio::test]
async fn statistics_are_made_anew_when_a_fiftieth_changed_also_within_one_transaction() {
    let f = fixture().await;
    releases(&f).await;
    let earlier: Vec<_> = (0..2_000).map(|n| report(n, "2012-06-14", "01:00:00")).collect();
    write(&f, &earlier).await;
    let count =
        "SELECT analyze_count FROM pg_stat_user_tables WHERE relname = 'reports_clean_20120611'";
    assert_eq!(clean(&f, "2012-06-14").await, 2_000);
    let before = f.number(count).await;
    let few = (0..96).map(|n| report(2_000 + n, DAY, &format!("{:02}:30:00", n / 4)));
    write(&f, &few.collect::<Vec<_>>()).await;
    // Each hour is a window of four.
    let hours = format!(
        "SELECT sum(update_reports_clean(hour, hour + interval '1 hour'))::bigint
         FROM generate_series('{DAY} 00:00+00'::timestamptz, '{DAY} 23:00+00', '1 hour') AS hour"
    );
    assert_eq!(f.number(&hours).await, 96);
    // At once if the system counts the earlier day's rows only now, after 44 more, and 44 more.
    let made = f.number(count).await - before;
    assert!((2..=3).contains(&made), "{made}");
}

#[tokio::test]
async fn versions_are_found_by_channel_and_betas_by_their_build() {
    let f = fixture().await;
    releases(&f).await;
    f.sql(
        "INSERT INTO releases_raw (product_name, version, platform, build_id, build_type, repository)
         VALUES ('Firefox', '10.0.2', 'win', 20120301000000, 'esr', 'mozilla-esr10')",
    )
    .await;
    f.sql("SELECT update_product_versions()").await;
    let cases = [
        ("13.0", "release", "1", "13.0"),
        ("13.0", "default", "1", "13.0"),
        ("13.0", "Release", "1", "13.0"),
        ("13.0", "beta", "20120501000000", "13.0b4"),
        ("13.0", "beta", "20120508000000", "13.0b5"),
        ("13.0", "beta", "20120601000000", "13.0(beta)"),
        ("13.0b4", "beta", "1", "13.0b4"),
        ("13.0", "beta", "1", "no version"),
        ("15.0a1", "nightly-oak", "1", "15.0a1"),
        ("15.0a1", "release", "1", "no version"),
        ("10.0.2esr", "esr", "1", "10.0.2esr"),
        ("10.0.2", "esr", "1", "10.0.2esr"),
        ("10.0.2esr", "release", "1", "10.0.2esr"),
        ("13.0", "unknown", "1", "no channel"),
        ("99", "release", "1", "no version"),
    ];
    let reports: Vec<_> = (0..)
        .zip(cases)
        .map(|(number, (version, channel, build, _))| {
            let values = json!({"version": version, "release_channel": channel, "build": build});
            with(report(number, DAY, "01:00:00"), values)
        })
        .collect();
    write(&f, &reports).await;
    clean(&f, DAY).await;
    let found = lines(
        &f,
        "SELECT v FROM (
             SELECT uuid, version_string AS v FROM reports_clean JOIN product_versions USING (product_version_id)
             UNION ALL SELECT uuid, why FROM reports_bad) AS u ORDER BY uuid",
    )
    .await;
    assert_eq!(found, cases.map(|case| case.3));
}

#[tokio::test]
async fn the_largest_and_oddest_values_make_a_clean_report() {
    let f = fixture().await;
    releases(&f).await;
    let long = "\u{1f980}\u{fffd} ".repeat(100_000);
    let mut odd = with(
        report(1, DAY, "01:00:00"),
        json!({"uptime": i64::MAX, "install_age": i64::MIN, "build": "9".repeat(30)}),
    );
    for column in [
        "reason",
        "address",
        "os_name",
        "os_version",
        "cpu_name",
        "cpu_info",
        "flash_version",
        "process_type",
        "url",
        "user_comments",
        "app_notes",
        "email",
        "topmost_filenames",
        "distributor",
        "distributor_version",
        "user_id",
        "processor_notes",
        "productid",
    ] {
        odd[column] = json!(long);
    }
    odd["signature"] = json!(long.chars().take(255).collect::<String>());
    odd["hangid"] = odd["signature"].clone();
    let mut bad = odd.clone();
    bad["uuid"] = report(2, DAY, "01:00:00")["uuid"].clone();
    (bad["build"], bad["release_channel"]) = (json!(long), json!(long));
    write(&f, &[odd, bad, report(3, DAY, "01:00:00")]).await;
    assert_eq!(clean(&f, DAY).await, 2);
    for name in super::SUMMARIES {
        super::update(&f, name, DAY).await;
    }
    assert_eq!(f.number("SELECT sum(report_count) FROM tcbs").await, 2);
    assert_eq!(f.number("SELECT count(*) FROM reports_bad").await, 1);
}

#[tokio::test]
async fn a_second_run_writes_nothing_and_a_changed_report_only_its_own_row() {
    let f = fixture().await;
    releases(&f).await;
    let reports: Vec<_> = (0..20).map(|n| report(n, DAY, "01:00:00")).collect();
    write(&f, &reports).await;
    clean(&f, DAY).await;
    super::update(&f, "tcbs", DAY).await;
    let places = "SELECT left(uuid, 8) AS a, ctid::text AS b FROM reports_clean ORDER BY 1";
    let before = lines(&f, places).await;
    clean(&f, DAY).await;
    assert_eq!(lines(&f, places).await, before);
    assert_eq!(f.number("SELECT count(*) FROM dirty_days").await, 0);
    write(&f, &[with(report(7, DAY, "01:00:00"), json!({"generation": 2, "signature": "new"}))])
        .await;
    clean(&f, DAY).await;
    let after = lines(&f, places).await;
    let moved: Vec<_> = (0..20).filter(|n| before[*n] != after[*n]).collect();
    assert_eq!(moved, [7]);
    assert_eq!(lines(&f, "SELECT DISTINCT day AS d FROM dirty_days").await, [DAY]);
}

#[tokio::test]
async fn an_hour_touches_no_other_and_weeks_are_made_on_demand() {
    let f = fixture().await;
    releases(&f).await;
    let sunday = "2012-06-17";
    write(&f, &[report(1, sunday, "23:30:00"), report(2, "2012-06-18", "00:30:00")]).await;
    f.sql("DROP TABLE reports_clean_20120618, reports_bad_20120618").await;
    let run = |from: &str, to: &str| format!("SELECT update_reports_clean('{from}+00', '{to}+00')");
    assert_eq!(f.number(&run("2012-06-17 23:00", "2012-06-18 01:00")).await, 2);
    f.sql("UPDATE reports SET signature = 'new'").await;
    assert_eq!(f.number(&run("2012-06-18 00:00", "2012-06-18 00:30")).await, 0);
    let signatures = "SELECT signature AS s FROM reports_clean JOIN signatures USING (signature_id) ORDER BY uuid";
    assert_eq!(lines(&f, signatures).await, ["a::b", "a::b"]);
    assert_eq!(f.number(&run("2012-06-18 00:00", "2012-06-18 01:00")).await, 1);
    assert_eq!(lines(&f, signatures).await, ["a::b", "new"]);
}

#[tokio::test]
async fn the_planner_knows_a_day_as_soon_as_it_is_clean() {
    let f = fixture().await;
    releases(&f).await;
    let other = "2012-06-16";
    for day in [DAY, other] {
        let reports: Vec<_> = (0..100).map(|number| report(number, day, "01:00:00")).collect();
        write(&f, &reports).await;
        assert_eq!(clean(&f, day).await, 100);
        let known = "SELECT 'day' AS a, unnest(most_common_vals::text::date[]) AS b FROM pg_stats
             WHERE tablename = 'reports_clean_20120611' AND attname = 'crash_day' ORDER BY 2";
        let expected = [DAY, other].into_iter().take_while(|known| *known <= day);
        let expected: Vec<_> = expected.map(|day| format!("day {day}")).collect();
        assert_eq!(lines(&f, known).await, expected);
    }
}
