//! Versions and their builds.

use super::{clean, fixture, lines, releases, report, with, write};
use serde_json::json;

const VERSIONS: &str = "SELECT concat_ws('|', product_name, version_string, release_version,
    beta_number, version_sort, build_date, sunset_date, build_type) FROM product_versions
    ORDER BY product_name, version_sort, build_type";

#[tokio::test]
async fn versions_come_from_builds_and_a_second_run_changes_nothing() {
    let f = fixture().await;
    releases(&f).await;
    f.sql(
        "INSERT INTO releases_raw (product_name, version, platform, build_id, build_type,
             beta_number, repository)
         VALUES ('firefox', '10.0.2', 'win', 20120301000000, 'esr', NULL, 'mozilla-esr10'),
                ('firefox', '10.0.3esr', 'win', 20120302000000, 'release', NULL, 'mozilla-esr10'),
                ('mobile', '14.0', 'android', 20120601000000, 'beta', 1, 'mozilla-beta'),
                ('Heron', '1.2.3', 'linux', 20120601000000, 'release', NULL, 'release'),
                -- None of these counts.
                ('Firefox', '4.0', 'win', 20110301000000, 'release', NULL, 'mozilla-release'),
                ('Firefox', '16.0', 'win', 20120601000000, 'nightly', NULL, 'mozilla-central'),
                ('Firefox', '16.0a2', 'win', 20120601000000, 'release', NULL, 'mozilla-release'),
                ('Firefox', '16.0', 'win', 20121301000000, 'release', NULL, 'mozilla-release'),
                ('Firefox', '16.0', 'win', 20120601000000, 'release', NULL, 'a-branch'),
                ('Firefox', '16.0', 'win', 20120601000000, 'odd', NULL, 'mozilla-release')",
    )
    .await;
    assert_eq!(f.number("SELECT update_product_versions()").await, 4);
    let expected = [
        "Firefox|10.0.2esr|10.0.2esr|010000002x000|2012-03-01|2012-07-05|ESR",
        "Firefox|10.0.3esr|10.0.3esr|010000003x000|2012-03-02|2012-07-06|ESR",
        "Firefox|13.0b4|13.0|4|013000000b004|2012-05-01|2012-07-03|Beta",
        "Firefox|13.0b5|13.0|5|013000000b005|2012-05-08|2012-07-10|Beta",
        "Firefox|13.0(beta)|13.0|999|013000000b099|2012-06-01|2012-08-03|Beta",
        "Firefox|13.0|13.0|013000000r000|2012-06-01|2012-10-05|Release",
        "Firefox|15.0a1|15.0a1|015000000a001|2012-06-10|2012-08-12|Nightly",
        "FennecAndroid|14.0b1|14.0|1|014000000b001|2012-06-01|2012-08-03|Beta",
        "Heron|1.2.3|1.2.3|001002003r000|2012-06-01|2012-10-05|Release",
    ];
    let mut expected: Vec<String> = expected.map(str::to_owned).to_vec();
    expected.sort_by_key(|line| !line.starts_with("FennecAndroid"));
    let mut found = lines(&f, VERSIONS).await;
    let sorted = |mut all: Vec<String>| {
        all.sort();
        all
    };
    assert_eq!(sorted(found.clone()), sorted(expected));
    let ids = "SELECT product_version_id || ' ' || version_string FROM product_versions ORDER BY 1";
    let before = lines(&f, ids).await;
    assert_eq!(f.number("SELECT update_product_versions()").await, 0);
    assert_eq!(lines(&f, ids).await, before);

    // An older build comes to light; the day that a person chose stays.
    f.sql("UPDATE product_versions SET sunset_date = '2013-01-01' WHERE version_string = '13.0b4'")
        .await;
    f.sql(
        "INSERT INTO releases_raw (product_name, version, platform, build_id, build_type,
             beta_number, repository)
         VALUES ('Firefox', '13.0', 'mac', 20120430000000, 'beta', 4, 'mozilla-beta'),
                ('Firefox', '13.0', 'mac', 20120507000000, 'beta', 5, 'mozilla-beta')",
    )
    .await;
    assert_eq!(f.number("SELECT update_product_versions()").await, 2);
    found = lines(&f, VERSIONS).await;
    assert!(found[3].ends_with("|2012-04-30|2013-01-01|Beta"), "{found:?}");
    assert!(found[4].ends_with("|2012-05-07|2012-07-09|Beta"), "{found:?}");
}

#[tokio::test]
async fn reports_that_came_before_their_version_are_counted_when_it_comes() {
    let f = fixture().await;
    let day = "2012-06-15";
    write(
        &f,
        &[report(1, day, "01:00:00"), with(report(2, day, "02:00:00"), json!({"version": "1"}))],
    )
    .await;
    assert_eq!(clean(&f, day).await, 0);
    assert_eq!(super::update(&f, "tcbs", day).await, 0);
    while f.number("SELECT refresh_dirty_days(10)").await > 0 {}
    let bad = "SELECT why, version FROM reports_bad ORDER BY uuid";
    assert_eq!(lines(&f, bad).await, ["no version 13.0", "no version 1"]);
    releases(&f).await;
    while f.number("SELECT refresh_dirty_days(10)").await > 0 {}
    assert_eq!(lines(&f, bad).await, ["no version 1"]);
    assert_eq!(f.number("SELECT sum(report_count) FROM tcbs").await, 1);
}

#[tokio::test]
async fn views_say_which_versions_are_to_be_seen() {
    let f = fixture().await;
    releases(&f).await;
    f.sql(
        "WITH old AS (
             INSERT INTO productdims (product, version, release)
             VALUES ('Firefox', '3.6', 'major'), ('Firefox', '13.0', 'major') RETURNING *)
         INSERT INTO product_visibility (productdims_id, start_date, end_date, featured, throttle)
         SELECT id, '2010-01-01', '2999-01-01', false, 10 FROM old",
    )
    .await;
    let info = "SELECT version_string, which_table, throttle::integer AS x, build_type
                FROM product_info ORDER BY product_version_id";
    let told = lines(&f, info).await;
    assert_eq!(told.len(), 6, "{told:?}");
    let has = |parts: &[&str]| told.iter().any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(has(&["3.6", "old", "10", "Release"]) && has(&["13.0b4", "new", "100", "Beta"]));
    assert!(has(&["13.0 ", "new", "10"]) || has(&[" 13.0", "new", "10"]), "{told:?}");
    // All of 2012 is over; what is not over comes first.
    assert_eq!(lines(&f, "SELECT version_string AS v FROM product_selector").await, ["3.6"]);
    let first = "SELECT version_string AS v FROM default_versions WHERE product_name = 'Firefox'";
    assert_eq!(lines(&f, first).await, ["3.6"]);
    f.sql("UPDATE product_visibility SET end_date = '2012-01-01'").await;
    assert_eq!(lines(&f, first).await, ["13.0"]);
    f.sql("UPDATE product_versions SET featured_version = true WHERE version_string = '15.0a1'")
        .await;
    assert_eq!(lines(&f, first).await, ["15.0a1"]);
    assert_eq!(lines(&f, "SELECT count AS n FROM jobs_in_queue").await, ["0"]);
    assert_eq!(f.number("SELECT count(*) FROM branches").await, 3);
}

#[tokio::test]
async fn a_product_is_added_under_names_of_its_own_and_its_builds_make_versions() {
    let f = fixture().await;
    let add = |name: &str, release: &str, version: &str| {
        format!("SELECT add_product('{name}', '{release}', '{version}')")
    };
    for (sql, named) in [
        (add("", "x", "0.0"), "the name \"\" is not of up to 64"),
        (add(" Demo", "demo", "0.0"), "the name \" Demo\" is not of up to 64"),
        (add("Dé", "demo", "0.0"), "the name \"Dé\" is not of up to 64"),
        (add(&"x".repeat(65), "demo", "0.0"), "is not of up to 64"),
        (add("Demo", "", "0.0"), "the name \"\" is not of up to 64"),
        (add("fireFox", "demo", "0.0"), "the name \"fireFox\" is that of the product \"Firefox\""),
        (add("Demo", "Mobile", "0.0"), "the name \"Mobile\" is that of the product \"Fennec\""),
        (add("mobile", "demo", "0.0"), "the name \"mobile\" is that of the product \"Fennec\""),
        (add("Demo", "demo", "new"), "the version \"new\" is none"),
    ] {
        let error = f.owner.query(&sql, &[]).await.unwrap_err();
        let said = error.as_db_error().unwrap().message().to_owned();
        assert!(said.contains(named), "{said}");
    }
    assert_eq!(f.number("SELECT count(*) FROM audit").await, 0);
    f.sql(&add("Demo App 2", "Demo", "2.0")).await;
    f.sql(&add("X", "x", "0.0")).await;
    let row =
        "SELECT concat_ws('|', product_name, release_name, rapid_release_version, sort) AS line
               FROM products ORDER BY sort DESC, product_name LIMIT 2";
    assert_eq!(lines(&f, row).await, ["Demo App 2|demo|2.0|100", "X|x|0.0|100"]);
    for version in ["1.0", "2.0"] {
        f.sql(&format!(
            "SELECT add_new_release('DEMO', '{version}', 'release', 20120601000000, 'win', NULL,
                 'release', true)"
        ))
        .await;
    }
    let versions = "SELECT product_name || '|' || version_string AS line FROM product_versions";
    assert_eq!(lines(&f, versions).await, ["Demo App 2|2.0"]);
    assert_eq!(f.number("SELECT count(*) FROM audit WHERE action = 'add_product'").await, 2);
}

#[tokio::test]
async fn a_release_that_can_not_be_is_refused_by_name() {
    let f = fixture().await;
    let add = |product: &str, version: &str, channel: &str, build: &str| {
        format!(
            "SELECT add_new_release('{product}', '{version}', '{channel}', {build}, 'win', NULL,
                 'release', true)"
        )
    };
    for (sql, named) in [
        (add("Nothing", "1.0", "release", "20120601000000"), "the product \"Nothing\""),
        (add("Firefox", "1.0", "odd", "20120601000000"), "the channel \"odd\""),
        (add("Firefox", "x", "release", "20120601000000"), "the version \"x\""),
        (add("Firefox", "13.0", "release", "20041231000000"), "build id \"20041231000000\""),
        (add("Firefox", "13.0", "release", "29990101000000"), "build id \"29990101000000\""),
        (add("Firefox", "13.0", "release", "20120230000000"), "build id \"20120230000000\""),
    ] {
        let error = f.owner.query(&sql, &[]).await.unwrap_err();
        let said = error.as_db_error().unwrap().message().to_owned();
        assert!(said.contains(named), "{said}");
    }
    let good = add("Firefox", "13.0", "Release", "20120601000000");
    f.sql(&good).await;
    assert_eq!(f.number("SELECT count(*) FROM product_versions").await, 1);
    let error = f.owner.query(&good, &[]).await.unwrap_err();
    assert!(error.as_db_error().unwrap().message().contains("is there already"));
    assert_eq!(f.number("SELECT count(*) FROM audit").await, 1);
}
