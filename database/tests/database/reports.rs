//! Reports: written with the job's end or not at all, kept by generation, in weeks.

use std::time::Duration;

use auxilio_common::{Day, Generation, JobOutcome, Lane, Quality, Timestamp};
use auxilio_database::{Class, Completion, Database, DbRole, Error};

use crate::fixture::{Fixture, connect, day, id, id_of, report};

/// Every column of the table of 2012, by the inventory of the original.
const COLUMNS_OF_2012: &str = "id client_crash_date date_processed uuid product version build \
    signature url install_age last_crash uptime cpu_name cpu_info reason address os_name os_version \
    email user_id started_datetime completed_datetime success truncated processor_notes \
    user_comments app_notes distributor distributor_version topmost_filenames addons_checked \
    flash_version hangid process_type release_channel productid";

#[tokio::test]
async fn table_has_every_column_of_2012() {
    let f = Fixture::new().await;
    for column in COLUMNS_OF_2012.split_whitespace() {
        f.sql(&format!("SELECT {column} FROM reports")).await;
    }
}

#[tokio::test]
async fn every_field_reaches_its_column() {
    let f = Fixture::new().await;
    let job = f.taken().await;
    let mut row = report(id(1), job.generation);
    let text = |word: &str| Some(word.to_owned());
    let at = Some(Timestamp::midnight(day()));
    row.client_crash_date = at;
    row.started_datetime = at;
    row.completed_datetime = at;
    (row.product, row.version, row.build) = (text("Demo"), text("1.0"), text("20120615"));
    (row.signature, row.url, row.reason) = (text("a::b"), text("http://x/\0y"), text("SIGSEGV"));
    (row.install_age, row.last_crash, row.uptime) = (Some(1), Some(i64::MAX), Some(3));
    (row.cpu_name, row.cpu_info, row.address) = (text("amd64"), text("x | 2"), text("0x0"));
    (row.os_name, row.os_version) = (text("Linux"), text("6.1"));
    (row.email, row.user_id, row.user_comments) = (text("e"), text("u"), text("c"));
    (row.success, row.truncated, row.addons_checked) = (Some(true), Some(false), Some(true));
    (row.processor_notes, row.app_notes) = (text("n"), text("a"));
    (row.distributor, row.distributor_version) = (text("d"), text("dv"));
    (row.topmost_filenames, row.flash_version, row.hangid) = (text("t"), text("f"), text("h"));
    (row.process_type, row.release_channel, row.productid) = (text("p"), text("r"), text("{}"));
    (row.proto_signature, row.group_key) = (text("a::b | c"), text("k"));
    let answer = f.processor.save_report(row, &job, JobOutcome::Processed).await.unwrap();
    assert_eq!(answer, Completion::Completed);

    let saved = f.text("SELECT (to_jsonb(reports) - 'signature_change')::text FROM reports").await;
    assert!(!saved.contains("null"), "a column stayed empty: {saved}");
    assert_eq!(f.text("SELECT url FROM reports").await, "http://x/y");
    assert!(f.text("SELECT processor_notes FROM reports").await.starts_with("n; U+0000"));
}

#[tokio::test]
async fn week_is_made_on_demand_and_named_by_its_monday() {
    let f = Fixture::new().await;
    let sunday = Day::from_ymd(2012, 6, 17).unwrap();
    let processor = f.register("one").await;
    f.insert(&[id_of(1, sunday)]).await;
    let job = f.take(processor, Lane::Standard).await.pop().unwrap();
    assert_eq!(
        f.sql("SELECT FROM pg_inherits WHERE inhparent = 'reports'::regclass").await.len(),
        0
    );
    let row = report(job.crash_id, job.generation);
    f.processor.save_report(row, &job, JobOutcome::Processed).await.unwrap();
    assert_eq!(f.text("SELECT tableoid::regclass::text FROM reports").await, "reports_20120611");
    assert!(!f.processor.ensure_partition(Day::from_ymd(2012, 6, 11).unwrap()).await.unwrap());
    assert!(f.processor.ensure_partition(Day::from_ymd(2012, 6, 18).unwrap()).await.unwrap());
    // Each index of the whole stands in the part, too, and not twice.
    let indexes =
        |table: &str| format!("SELECT count(*) FROM pg_index WHERE indrelid = '{table}'::regclass");
    let whole = f.number(&indexes("reports")).await;
    assert_eq!(f.number(&indexes("reports_20120611")).await, whole);
}

#[tokio::test]
async fn many_who_miss_a_week_make_it_once() {
    let f = Fixture::new().await;
    let makers: Vec<_> = (0..6)
        .map(|_| {
            let database = f.processor.clone();
            tokio::spawn(async move { database.ensure_partition(day()).await.unwrap() })
        })
        .collect();
    let mut made = 0;
    for maker in makers {
        made += u32::from(maker.await.unwrap());
    }
    assert_eq!(made, 1);
}

#[tokio::test]
async fn partitions_are_made_ahead() {
    let f = Fixture::new().await;
    assert_eq!(f.monitor.ensure_partitions_ahead().await.unwrap(), 3 + 15);
    assert_eq!(f.monitor.ensure_partitions_ahead().await.unwrap(), 0);
}

#[tokio::test]
async fn date_processed_outside_the_crash_day_is_refused() {
    let f = Fixture::new().await;
    let job = f.taken().await;
    for seconds in [0, 86_400] {
        let mut row = report(id(1), job.generation);
        let edge = Timestamp::midnight(day()).plus(Duration::from_secs(seconds));
        row.date_processed = if seconds == 0 { edge.minus(Duration::from_micros(1)) } else { edge };
        row.email = Some("somebody@example.org".into());
        let error = f.processor.save_report(row, &job, JobOutcome::Processed).await.unwrap_err();
        assert_eq!(error.class(), Class::Permanent);
        let Error::Refused { source, .. } = error else { panic!("{error:?}") };
        let constraint = source.constraint.as_deref().unwrap();
        assert_eq!(constraint, "reports_date_processed_lies_in_crash_day");
        assert!(!format!("{source:?}").contains("somebody"), "the row itself is not quoted");
    }
    assert_eq!(f.text("SELECT state FROM jobs").await, "taken", "the job did not end either");
    assert_eq!(f.number("SELECT count(*) FROM job_outcomes").await, 0);
}

#[tokio::test]
async fn stale_holder_writes_nothing() {
    let f = Fixture::new().await;
    let first = f.taken().await;
    f.sql("UPDATE jobs SET lease_until = now() - interval '1 ms'").await;
    f.monitor.sweep_jobs(crate::fixture::DEAD_AFTER).await.unwrap();
    let two = f.register("two").await;
    let second = f.take(two, Lane::Standard).await.pop().unwrap();
    let row = report(id(1), first.generation);
    let answer = f.processor.save_report(row, &first, JobOutcome::Processed).await.unwrap();
    assert_eq!(answer, Completion::Refused);
    assert_eq!(f.number("SELECT count(*) FROM reports").await, 0);
    let row = report(id(1), second.generation);
    let answer = f.processor.save_report(row, &second, JobOutcome::Processed).await.unwrap();
    assert_eq!(answer, Completion::Completed);
    assert_eq!(f.number("SELECT count(*) FROM reports").await, 1);
}

#[tokio::test]
async fn higher_generation_replaces_the_row_and_a_lower_one_does_not() {
    let f = Fixture::new().await;
    let cron = Database::connect(&f.config, DbRole::Cron).unwrap();
    let middleware = Database::connect(&f.config, DbRole::Middleware).unwrap();
    let first = f.taken().await;
    let row = report(id(1), first.generation);
    f.processor.save_report(row, &first, JobOutcome::Processed).await.unwrap();
    let two = f.register("two").await;
    for (generation, signature, outcome) in [
        (None, "new", JobOutcome::Processed),
        (Some(Generation(first.generation.0)), "old", JobOutcome::KeptOld),
    ] {
        cron.ask_job(id(1), Lane::Reprocess, Timestamp::midnight(day())).await.unwrap();
        let job = f.take(two, Lane::Reprocess).await.pop().unwrap();
        let mut row = report(id(1), generation.unwrap_or(job.generation));
        row.signature = Some(signature.to_owned());
        row.quality = Quality::Partial;
        let answer = f.processor.save_report(row, &job, outcome).await.unwrap();
        assert_eq!(answer, Completion::Completed);
        assert_eq!(f.text("SELECT signature FROM reports").await, "new");
        let row = middleware.report_row(id(1)).await.unwrap().unwrap();
        assert!(row.generation > first.generation && row.quality == Quality::Partial);
    }
    assert_eq!(f.number("SELECT count(*) FROM reports").await, 1);
    assert_eq!(middleware.report_row(id(2)).await.unwrap(), None);
}

#[tokio::test]
async fn latest_reports_come_newest_first_over_weeks() {
    let f = Fixture::new().await;
    let processor = f.register("one").await;
    let days = [Day::from_ymd(2012, 6, 17), Day::from_ymd(2012, 6, 18), Day::from_ymd(2011, 1, 1)];
    let ids: Vec<_> = (1..).zip(days).map(|(n, day)| id_of(n, day.unwrap())).collect();
    f.insert(&ids).await;
    for job in f.take(processor, Lane::Standard).await {
        let row = report(job.crash_id, job.generation);
        f.processor.save_report(row, &job, JobOutcome::Processed).await.unwrap();
    }
    let middleware = Database::connect(&f.config, DbRole::Middleware).unwrap();
    let latest: Vec<_> =
        middleware.latest_reports(2).await.unwrap().into_iter().map(|line| line.crash_id).collect();
    assert_eq!(latest, [ids[1], ids[0]]);
}

#[tokio::test]
async fn long_values_of_clients_fit_every_index() {
    let f = Fixture::new().await;
    let job = f.taken().await;
    let mut row = report(id(1), job.generation);
    // Text that does not compress, in characters of four bytes.
    let long: String = (0..20_000_u32)
        .filter_map(|n| char::from_u32(0x1_0000 + n.wrapping_mul(2_654_435_761) % 0xf_0000))
        .collect();
    for column in [
        &mut row.product,
        &mut row.version,
        &mut row.signature,
        &mut row.hangid,
        &mut row.url,
        &mut row.reason,
        &mut row.user_comments,
    ] {
        *column = Some(long.clone());
    }
    let answer = f.processor.save_report(row, &job, JobOutcome::Processed).await.unwrap();
    assert_eq!(answer, Completion::Completed);
    assert_eq!(f.text("SELECT url FROM reports").await, long);
}

#[tokio::test]
async fn reader_in_a_long_transaction_does_not_hold_up_a_new_week() {
    let f = Fixture::new().await;
    f.processor.ensure_partition(day()).await.unwrap();
    let reader = connect(&f.config).await;
    reader.batch_execute("BEGIN; SELECT count(*) FROM reports").await.unwrap();
    assert!(f.processor.ensure_partition(Day::from_ymd(2012, 1, 2).unwrap()).await.unwrap());
    reader.batch_execute("ROLLBACK").await.unwrap();
}
