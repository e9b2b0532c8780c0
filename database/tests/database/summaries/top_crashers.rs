//! Top crashers over several days: what is read of the heads of lists is what all rows say.

use auxilio_testkit::splitmix::SplitMix;

use super::fixture;
use crate::fixture::Fixture;

const FIRST: &str = "2012-06-11";

/// A signature's reports of a day, as `tcbs` has them.
struct Row {
    signature: u64,
    day: u64,
    version: u64,
    process_type: &'static str,
    channel: &'static str,
    reports: u64,
}

/// Reports of the first version's browser alone.
fn browsers(signature: u64, day: u64, reports: u64) -> Row {
    Row { signature, day, version: 1, process_type: "browser", channel: "Release", reports }
}

async fn insert(f: &Fixture, rows: &[Row]) {
    let values: Vec<String> = rows
        .iter()
        .map(|row| {
            let Row { signature, day, version, process_type, channel, reports } = row;
            let (win, hangs) = (reports / 2, reports / 3);
            format!(
                "({signature}, date '{FIRST}' + {day}, {version}, '{process_type}', '{channel}',
                  {reports}, {win}, 0, {}, {hangs}, 1)",
                reports - win
            )
        })
        .collect();
    f.sql(&format!("INSERT INTO tcbs VALUES {}", values.join(","))).await;
}

/// The procedure's answer, and that of all rows, a text for each signature.
async fn both(f: &Fixture, days: (u64, u64), max: u64) -> (Vec<String>, Vec<String>) {
    let (first, last) = days;
    let span = format!("date '{FIRST}' + {first}, date '{FIRST}' + {last}");
    let columns = "concat_ws('|', signature_id, report_count, win_count, mac_count, lin_count,
        hang_count, startup_count) AS line";
    let read = format!("SELECT {columns} FROM top_crashers(1, {span}, {max})");
    let all = format!(
        "SELECT {columns} FROM (
             SELECT signature_id, sum(report_count) AS report_count, sum(win_count) AS win_count,
                 sum(mac_count) AS mac_count, sum(lin_count) AS lin_count,
                 sum(hang_count) AS hang_count, sum(startup_count) AS startup_count
             FROM tcbs WHERE product_version_id = 1
               AND report_date BETWEEN date '{FIRST}' + {first} AND date '{FIRST}' + {last}
             GROUP BY signature_id ORDER BY 2 DESC, 1 LIMIT {max}) AS counted"
    );
    let mut answers = Vec::new();
    for sql in [read, all] {
        answers.push(f.sql(&sql).await.iter().map(|row| row.get(0)).collect::<Vec<String>>());
    }
    let counted = answers.pop().unwrap();
    (answers.pop().unwrap(), counted)
}

#[tokio::test]
async fn heads_of_lists_say_what_all_rows_say() {
    let f = fixture().await;
    for (seed, signatures, largest) in [(1, 400, 3), (2, 400, 60), (3, 40, 1_000)] {
        f.sql("TRUNCATE tcbs").await;
        let mut random = SplitMix::new(seed);
        let mut rows = Vec::new();
        for signature in 1..=signatures {
            for (version, day) in (0..10).map(|n| (1 + n % 2, n / 2)) {
                for (process_type, channel) in
                    [("browser", "Release"), ("plugin", "Release"), ("browser", "Beta")]
                {
                    if random.below(3) > 0 {
                        // A long tail, with many that are equal.
                        let reports = largest / (1 + random.below(largest)) + random.below(2);
                        rows.push(Row { signature, day, version, process_type, channel, reports });
                    }
                }
            }
        }
        insert(&f, &rows).await;
        for days in [(0, 4), (2, 2), (1, 3), (0, 30), (4, 3)] {
            for max in [1, 2, 7, 100, 100_000] {
                let (read, counted) = both(&f, days, max).await;
                assert_eq!(read, counted, "seed {seed}, days {days:?}, {max} of them");
                assert_eq!(read.is_empty(), days == (4, 3));
            }
        }
    }
}

#[tokio::test]
async fn signature_that_leads_no_list_may_lead_all_of_them_together() {
    let f = fixture().await;
    let mut rows = Vec::new();
    for day in 0..7 {
        rows.extend((0..50).map(|n| browsers(100 + 50 * day + n, day, 100)));
        rows.push(browsers(7, day, 60));
    }
    insert(&f, &rows).await;
    let (read, counted) = both(&f, (0, 6), 1).await;
    assert_eq!(read, ["7|420|210|0|210|140|7"]);
    assert_eq!(read, counted);
}

#[tokio::test]
async fn of_equals_the_one_that_was_known_first_stands_first() {
    let f = fixture().await;
    // The last one stands behind the others in the index, too.
    insert(&f, &[10, 11, 12, 3].map(|signature| browsers(signature, 0, 5))).await;
    let (read, counted) = both(&f, (0, 0), 1).await;
    assert_eq!(read, ["3|5|2|0|3|1|1"]);
    assert_eq!(read, counted);
}

#[tokio::test]
async fn no_top_crashers_are_asked_for() {
    let f = fixture().await;
    let error = f.owner.query("SELECT top_crashers(1, '2012-06-11', '2012-06-12', 0)", &[]).await;
    let said = error.unwrap_err().as_db_error().unwrap().message().to_owned();
    assert_eq!(said, "the number of top crashers is 0, not 1 or more");
}
