//! Any order and repetition of updates, late and changed reports, builds and users gives the same
//! tables as one batch over what there is in the end.

use auxilio_testkit::splitmix::SplitMix;
use serde_json::{Value, json};

use super::{SUMMARIES, fixture, report, with, write};
use crate::fixture::Fixture;

/// The last two stand on the sides of a week's border.
const DAYS: [&str; 4] = ["2012-06-15", "2012-06-16", "2012-06-17", "2012-06-18"];

/// Days of which only users are known, so that explosiveness is reckoned.
const EARLIER: [&str; 2] = ["2012-06-06", "2012-06-08"];

const CRASHES: u64 = 70;
const STEPS: usize = 40;
const SEEDS: u64 = if cfg!(feature = "long") { 32 } else { 4 };

/// Tables that are compared.
const TABLES: [&str; 22] = [
    "reports_clean",
    "reports_user_info",
    "reports_bad",
    "reports_duplicates",
    "signature_days",
    "signature_products",
    "signature_products_rollup",
    "product_adu",
    "tcbs",
    "tcbs_build",
    "daily_crashes",
    "daily_hangs",
    "nightly_builds",
    "rank_compare",
    "explosiveness",
    "crashes_by_url",
    "crashes_by_domain",
    "crashes_by_flash_version",
    "signature_summary_os",
    "signature_summary_uptime",
    "signature_summary_products",
    "signature_summary_process_type",
];

/// Rows without the numbers that lookups give: those depend on who came first.
fn rows_of(table: &str) -> String {
    let numbers = [
        ("signature_id", "signatures", "signature", "signature_id"),
        ("browser_signature_id", "signatures", "signature", "signature_id"),
        ("plugin_signature_id", "signatures", "signature", "signature_id"),
        ("product_version_id", "product_versions", "version_string", "product_version_id"),
        ("productdims_id", "product_versions", "version_string", "product_version_id"),
        ("reason_id", "reasons", "reason", "reason_id"),
        ("address_id", "addresses", "address", "address_id"),
        ("domain_id", "domains", "domain", "domain_id"),
        ("url_id", "urls", "url", "url_id"),
        ("flash_version_id", "flash_versions", "flash_version", "flash_version_id"),
        ("os_version_id", "os_versions", "os_version_string", "os_version_id"),
    ];
    let texts = numbers.map(|(number, lookup, text, key)| {
        format!(
            "'{number}', (SELECT l.{text} FROM {lookup} l WHERE l.{key} = (j ->> '{number}')::int)"
        )
    });
    let names = numbers.map(|(number, ..)| format!("'{number}'"));
    format!(
        "SELECT (j - ARRAY[{}] || jsonb_build_object({}))::text FROM (SELECT to_jsonb(t) AS j FROM {table} t) AS s ORDER BY 1",
        names.join(", "),
        texts.join(", ")
    )
}

async fn snapshot(f: &Fixture) -> Vec<(String, Vec<String>)> {
    let mut all = Vec::new();
    for table in TABLES {
        let rows = f.sql(&rows_of(table)).await.iter().map(|row| row.get(0)).collect();
        all.push((table.to_owned(), rows));
    }
    let firsts = "SELECT concat_ws('|', signature, first_report, first_build) FROM signatures
                  WHERE first_report IS NOT NULL ORDER BY 1";
    all.push(("signatures".into(), f.sql(firsts).await.iter().map(|row| row.get(0)).collect()));
    all
}

/// A crash of so and so many; its values are drawn anew for each generation.
fn a_crash(random: &mut SplitMix, generation: u64) -> Value {
    let number = random.below(CRASHES);
    let day = DAYS[usize::try_from(number).unwrap() % DAYS.len()];
    // A crash's time is its own; many lie near each other and near midnight.
    let minutes = match number % 3 {
        0 => (number * 7) % 90,
        1 => 1_439 - (number * 11) % 90,
        _ => 600 + number,
    };
    let time = format!("{:02}:{:02}:00", minutes / 60, minutes % 60);
    let kinds = [
        ("13.0", "release", "20120601000000"),
        ("13.0", "beta", "20120501000000"),
        ("13.0", "beta", "20120508000000"),
        ("13.0", "beta", "20120601000000"),
        ("15.0a1", "nightly", "20120610000000"),
        ("99.0", "release", "20120601000000"),
    ];
    let (version, channel, build) = *random.pick(&kinds);
    let number = u32::try_from(number).unwrap();
    with(
        report(number, day, &time),
        json!({
            "generation": generation, "version": version, "release_channel": channel, "build": build,
            "signature": *random.pick(&["a", "b", "hang | c", "hang | c"]),
            "address": *random.pick(&["0x0", "0x1"]),
            "uptime": 600 + minutes * 60, "install_age": 9_000 + minutes * 60,
            "url": *random.pick(&[None, Some("http://x/"), Some("http://y/?z")]),
            "hangid": *random.pick(&[None, None, Some("h1"), Some("h2")]),
            "process_type": *random.pick(&[None, None, Some("plugin"), Some("content")]),
            "os_name": *random.pick(&["Windows NT", "Linux"]),
            "completed_datetime": random.chance(95).then_some("2012-06-19 00:00+00")
        }),
    )
}

const BUILDS: [&str; 5] = [
    "('Firefox', '13.0', 'win', 20120601000000, 'release', NULL, 'mozilla-release')",
    "('Firefox', '13.0', 'win', 20120501000000, 'beta', 4, 'mozilla-beta')",
    "('Firefox', '13.0', 'win', 20120508000000, 'beta', 5, 'mozilla-beta')",
    "('Firefox', '13.0', 'mac', 20120501000000, 'beta', 6, 'mozilla-beta')",
    "('Firefox', '15.0a1', 'win', 20120610000000, 'nightly', NULL, 'mozilla-central')",
];

async fn add_build(f: &Fixture, build: &str) {
    f.sql(&format!(
        "INSERT INTO releases_raw (product_name, version, platform, build_id, build_type, beta_number,
             repository) VALUES {build} ON CONFLICT DO NOTHING"
    ))
    .await;
    f.sql("SELECT update_product_versions()").await;
}

async fn add_users(f: &Fixture, day: &str) {
    f.sql(&format!(
        "INSERT INTO raw_adu (adu_count, date, product_name, product_os_platform, product_version, build, build_channel)
         VALUES (100, '{day}', 'Firefox', 'Windows', '13.0', '20120601000000', 'release'),
                (10, '{day}', 'Firefox', 'Windows', '13.0', '20120501000000', 'beta')"
    ))
    .await;
    f.sql(&format!("SELECT mark_dirty_days(ARRAY['{day}'::date])")).await;
}

async fn step(f: &Fixture, random: &mut SplitMix, generation: u64) {
    let day = *random.pick(&DAYS);
    match random.below(10) {
        0..4 => {
            let count = 1 + random.below(12);
            let crashes: Vec<_> = (0..count).map(|_| a_crash(random, generation)).collect();
            write(f, &crashes).await;
        }
        4 => add_build(f, random.pick::<&str>(&BUILDS)).await,
        5 if random.chance(40) => add_users(f, random.pick::<&str>(&EARLIER)).await,
        5 => add_users(f, day).await,
        6 => {
            f.sql(&format!("SELECT update_{}('{day}')", random.pick(&SUMMARIES))).await;
        }
        7 | 8 => {
            let name = *random.pick(&["duplicates", "clean"]);
            let (from, hours) = (random.below(24), 1 + random.below(6));
            f.sql(&format!(
                "SELECT update_reports_{name}(t, t + interval '{hours} hours')
                 FROM (SELECT '{day} 00:00+00'::timestamptz + interval '{from} hours' AS t) AS s"
            ))
            .await;
        }
        _ => {
            f.sql("SELECT refresh_dirty_days(2)").await;
        }
    }
}

/// Everything anew, once and in order.
async fn batch(f: &Fixture) {
    f.sql(
        "TRUNCATE reports_clean, reports_user_info, reports_bad, reports_duplicates, signature_days,
             signature_products, signature_products_rollup, signatures, reasons, addresses, domains,
             urls, flash_versions, os_versions, product_versions, product_version_builds, product_adu,
             tcbs, tcbs_build, daily_crashes, daily_hangs, nightly_builds, rank_compare, explosiveness,
             crashes_by_url, crashes_by_domain, crashes_by_flash_version, signature_summary_os,
             signature_summary_uptime, signature_summary_products, signature_summary_architecture,
             signature_summary_process_type, signature_summary_flash_version, dirty_hours, dirty_days,
             summary_days",
    )
    .await;
    f.sql("SELECT update_product_versions()").await;
    f.sql("SELECT update_reports_duplicates('2012-06-15 00:00+00', '2012-06-19 00:00+00')").await;
    f.sql("SELECT update_reports_clean('2012-06-15 00:00+00', '2012-06-19 00:00+00')").await;
    run_all(f).await;
    f.sql("TRUNCATE dirty_hours, dirty_days").await;
}

async fn run_all(f: &Fixture) {
    for day in EARLIER {
        f.sql(&format!("SELECT update_adu('{day}')")).await;
    }
    for day in DAYS {
        for name in SUMMARIES {
            f.sql(&format!("SELECT update_{name}('{day}')")).await;
        }
    }
}

#[tokio::test]
async fn any_order_and_repetition_gives_what_one_batch_gives() {
    let f = fixture().await;
    let (mut counted, mut exploded) = (0, 0);
    for seed in 0..SEEDS {
        let mut random = SplitMix::new(seed);
        f.sql("TRUNCATE reports, releases_raw, raw_adu").await;
        batch(&f).await;
        for generation in 1..=STEPS {
            step(&f, &mut random, generation as u64).await;
        }
        let mut rounds = 0;
        while f.number("SELECT refresh_dirty_days(3)").await > 0 {
            rounds += 1;
            assert!(rounds < 200, "marks come again for ever");
        }
        let by_chance = snapshot(&f).await;
        batch(&f).await;
        let at_once = snapshot(&f).await;
        for ((table, some), (_, other)) in by_chance.iter().zip(&at_once) {
            assert_eq!(some, other, "seed {seed}, {table}: by chance, and at once");
        }
        counted += f.number("SELECT count(*) FROM reports_clean").await;
        exploded += f.number("SELECT count(*) FROM explosiveness").await;
        run_all(&f).await;
        assert_eq!(snapshot(&f).await, at_once, "seed {seed}: a second run changes nothing");
        super::recount::check(&f).await;
    }
    assert!(counted > 50, "{counted} reports are too few to say anything");
    assert!(exploded > 0, "explosiveness was never reckoned");
}
