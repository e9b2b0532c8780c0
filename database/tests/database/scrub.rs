//! The scrubbed copy: all that is counted, and nothing that names somebody.

use auxilio_database::{Config, scrub};
use serde_json::json;

use crate::fixture::connect;
use crate::summaries::{SUMMARIES, clean, fixture, releases, report, update, with, write};

#[tokio::test]
async fn the_copy_has_what_an_analyst_reads_and_nothing_private() {
    let f = fixture().await;
    releases(&f).await;
    let day = "2012-06-15";
    let private = json!({"email": "secret@example.org", "url": "http://secret.example/secret?q",
        "user_comments": "secret words", "user_id": "secret-user", "hangid": "h"});
    let browser = with(report(1, day, "01:00:00"), json!({"signature": "hang | b"}));
    let plugin = with(report(2, day, "01:01:00"), json!({"process_type": "plugin"}));
    write(&f, &[with(browser, private.clone()), with(plugin, private)]).await;
    clean(&f, day).await;
    for name in SUMMARIES {
        update(&f, name, day).await;
    }
    assert_eq!(f.number("SELECT count(*) FROM hang_report WHERE url LIKE '%secret%'").await, 1);

    let name = format!("{}_copy", f.config.database);
    let copied = scrub(&f.config, &name).await.unwrap();
    let count = |table: &str| copied.iter().find(|(name, _)| name == table).map(|(_, rows)| *rows);
    assert_eq!(
        ["reports", "reports_clean", "tcbs", "daily_hangs", "products"].map(count),
        [Some(2), Some(2), Some(2), Some(1), Some(6)]
    );
    assert_eq!(["urls", "crashes_by_url", "frames", "jobs"].map(count), [None; 4]);
    let copy = connect(&Config { database: name.clone(), ..f.config.clone() }).await;
    let all = "SELECT database_to_xml(true, false, '')::text";
    let text: String = copy.query_one(all, &[]).await.unwrap().get(0);
    // The site is an analyst's to see, as in 2012; the page is not.
    assert_eq!(text.matches("secret").count(), text.matches("http://secret.example<").count());
    assert!(text.contains("hang | b") && text.contains("http://secret.example<"));
    // It goes on living: numbers that are given next are new.
    copy.batch_execute(
        "SELECT update_tcbs('2012-06-15'); INSERT INTO signatures (signature) VALUES ('x');
        INSERT INTO productdims (product, version, release) VALUES ('a', '1', 'major')",
    )
    .await
    .unwrap();
    let error = scrub(&f.config, &name).await.unwrap_err();
    assert!(error.to_string().contains("already"), "{error}");
}
