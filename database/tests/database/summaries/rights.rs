//! Who may count, and who may read what.

use tokio_postgres::error::SqlState;

use super::{SUMMARIES, fixture, releases, report, write};
use crate::fixture::connect;

#[tokio::test]
async fn cron_counts_and_nobody_else_and_an_analyst_reads_no_page_or_address() {
    let f = fixture().await;
    releases(&f).await;
    write(&f, &[report(1, "2012-06-15", "01:00:00")]).await;
    let client = connect(&f.config).await;
    let mut calls: Vec<String> =
        SUMMARIES.iter().map(|name| format!("SELECT update_{name}('2012-06-15')")).collect();
    let window = "('2012-06-15 00:00+00', '2012-06-16 00:00+00')";
    calls.extend(
        ["duplicates", "clean"].map(|name| format!("SELECT update_reports_{name}{window}")),
    );
    calls.extend(
        ["refresh_dirty_days(1)", "update_product_versions()", "drop_week('2011-01-01')"]
            .map(|call| format!("SELECT {call}")),
    );
    for role in ["cron", "middleware", "analyst", "web", "monitor", "processor", "collector"] {
        client.batch_execute(&format!("SET ROLE auxilio_{role}")).await.unwrap();
        for call in &calls {
            let answer = client.batch_execute(call).await;
            let denied = answer
                .as_ref()
                .is_err_and(|error| error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE));
            assert_eq!(denied, role != "cron", "{role}: {call}: {answer:?}");
        }
    }
    client.batch_execute("SET ROLE auxilio_analyst").await.unwrap();
    for readable in ["tcbs", "reports_clean", "product_info", "hang_report", "domains"] {
        let column = if readable == "hang_report" { "product" } else { "*" };
        client.batch_execute(&format!("SELECT {column} FROM {readable}")).await.unwrap();
    }
    for private in [
        "url FROM urls",
        "* FROM crashes_by_url",
        "email FROM reports_user_info",
        "url FROM reports_user_info",
        "user_comments FROM reports_user_info",
        "url FROM daily_hangs",
        "url FROM hang_report",
        "data FROM frames",
    ] {
        assert!(client.batch_execute(&format!("SELECT {private}")).await.is_err(), "{private}");
    }
    let settings = "SELECT rolconnlimit || ' ' || array_to_string(rolconfig, ' ') FROM pg_roles
                    WHERE rolname = 'auxilio_analyst'";
    let settings = f.text(settings).await;
    for part in ["10 ", "statement_timeout=15min", "default_transaction_read_only=on"] {
        assert!(settings.contains(part), "{settings}");
    }
}
