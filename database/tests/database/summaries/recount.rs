//! Summaries against a plain recount of the raw reports.

use crate::fixture::Fixture;

/// Raw reports, each with the version that it was given.
const RAW: &str = "SELECT r.*, c.product_version_id AS v, c.release_channel AS channel,
        CASE WHEN r.os_name LIKE 'Windows%' THEN 'Windows' ELSE r.os_name END AS os,
        coalesce(lower(r.process_type), 'browser') AS kind
    FROM reports r JOIN reports_clean c ON c.uuid = r.uuid WHERE r.completed_datetime IS NOT NULL";

/// A summary with its numbers as texts, and the same from raw reports.
const PAIRS: [(&str, &str, &str); 10] = [
    (
        "tcbs",
        "SELECT signature, report_date, product_version_id, process_type, t.release_channel,
             report_count, win_count, lin_count, hang_count, startup_count
         FROM tcbs t JOIN signatures USING (signature_id)",
        "SELECT signature, crash_day, v, kind, channel, count(*), sum((os = 'Windows')::int),
             sum((os = 'Linux')::int), count(hangid), sum((uptime < 60)::int)
         FROM raw GROUP BY 1, 2, 3, 4, 5",
    ),
    (
        "tcbs_build",
        "SELECT signature, build_date, report_date, product_version_id, process_type, report_count
         FROM tcbs_build JOIN signatures USING (signature_id)",
        "SELECT signature, left(build, 8)::date, crash_day, v, kind, count(*) FROM raw
         GROUP BY 1, 2, 3, 4, 5, channel",
    ),
    (
        "signature_summary_os",
        "SELECT signature, report_date, product_version_id, os_version_string, report_count
         FROM signature_summary_os JOIN signatures USING (signature_id)",
        "SELECT signature, crash_day, v, CASE os WHEN 'Windows' THEN 'Windows 7' ELSE os END, count(*)
         FROM raw GROUP BY 1, 2, 3, 4",
    ),
    (
        "signature_summary_products",
        "SELECT signature, report_date, product_version_id, report_count
         FROM signature_summary_products JOIN signatures USING (signature_id)",
        "SELECT signature, crash_day, v, count(*) FROM raw GROUP BY 1, 2, 3",
    ),
    (
        "signature_summary_process_type",
        "SELECT signature, report_date, product_version_id, process_type, report_count
         FROM signature_summary_process_type JOIN signatures USING (signature_id)",
        "SELECT signature, crash_day, v, kind, count(*) FROM raw GROUP BY 1, 2, 3, 4",
    ),
    (
        "signature_summary_architecture",
        "SELECT signature, report_date, product_version_id, architecture, report_count
         FROM signature_summary_architecture JOIN signatures USING (signature_id)",
        "SELECT signature, crash_day, v, cpu_name, count(*) FROM raw GROUP BY 1, 2, 3, 4",
    ),
    (
        "signature_summary_uptime",
        "SELECT signature, report_date, product_version_id, sum(report_count)
         FROM signature_summary_uptime JOIN signatures USING (signature_id) GROUP BY 1, 2, 3",
        "SELECT signature, crash_day, v, count(*) FROM raw GROUP BY 1, 2, 3",
    ),
    (
        "crashes_by_url",
        "SELECT url, report_date, product_version_id, sum(report_count)
         FROM crashes_by_url JOIN urls USING (url_id) GROUP BY 1, 2, 3",
        "SELECT split_part(url, '?', 1), crash_day, v, count(*) FROM raw WHERE url <> '' GROUP BY 1, 2, 3",
    ),
    (
        "crashes_by_flash_version and crashes_by_domain",
        "SELECT flash_version, report_date, sum(report_count) FROM crashes_by_flash_version
         JOIN flash_versions USING (flash_version_id) GROUP BY 1, 2
         UNION ALL SELECT 'sites', report_date, sum(report_count) FROM crashes_by_domain GROUP BY 1, 2",
        "SELECT flash_version, crash_day, count(*) FROM raw GROUP BY 1, 2
         UNION ALL SELECT 'sites', crash_day, count(*) FROM raw WHERE url LIKE 'http://%' GROUP BY 1, 2",
    ),
    (
        "daily_crashes",
        "SELECT adu_day, productdims_id, report_type::text, count FROM (
             SELECT adu_day, productdims_id, report_type, sum(count) AS count FROM daily_crashes
             WHERE report_type <> 'H' GROUP BY 1, 2, 3) AS t",
        "SELECT crash_day, v, CASE kind WHEN 'content' THEN 'T'
             WHEN 'plugin' THEN CASE WHEN hangid IS NULL THEN 'P' ELSE 'p' END
             ELSE CASE WHEN hangid IS NULL THEN 'C' ELSE 'c' END END, count(*) FROM raw GROUP BY 1, 2, 3",
    ),
];

/// Compares all of them.
pub(crate) async fn check(f: &Fixture) {
    for (name, summary, recount) in PAIRS {
        let differences = format!(
            "WITH raw AS ({RAW}), summary AS ({summary}), recount AS ({recount})
             SELECT to_jsonb(t)::text FROM (
                 (TABLE summary EXCEPT ALL TABLE recount) UNION ALL (TABLE recount EXCEPT ALL TABLE summary)) AS t"
        );
        let found: Vec<String> = f.sql(&differences).await.iter().map(|row| row.get(0)).collect();
        assert!(found.is_empty(), "{name} is not the recount: {found:?}");
    }
}
