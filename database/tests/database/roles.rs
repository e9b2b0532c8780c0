//! Rights: each role can do its work and nothing else.

use auxilio_common::{JobOutcome, Lane, Timestamp};
use auxilio_database::{Class, Config, Database, DbRole, Error, create_database, migrate};
use auxilio_testkit::postgres::Server;
use tokio_postgres::error::SqlState;

use crate::fixture::{Fixture, LEASE, config, connect, day, entry, id};

fn is_denied<T: std::fmt::Debug>(answer: Result<T, Error>) -> bool {
    let denied = SqlState::INSUFFICIENT_PRIVILEGE;
    matches!(answer, Err(Error::Refused { source, .. }) if source.code == denied.code())
}

#[tokio::test]
async fn only_the_monitor_inserts_standard_jobs() {
    let f = Fixture::new().await;
    for role in [DbRole::Processor, DbRole::Middleware, DbRole::Cron, DbRole::Analyst] {
        let database = Database::connect(&f.config, role).unwrap();
        let answer = database.insert_jobs(&[entry(id(1), 0)]).await;
        assert!(is_denied(answer), "{role:?}");
    }
}

#[tokio::test]
async fn only_processors_take_and_complete() {
    let f = Fixture::new().await;
    let processor = f.register("one").await;
    f.insert(&[id(1)]).await;
    let job = f.take(processor, Lane::Standard).await.pop().unwrap();
    for role in [DbRole::Monitor, DbRole::Middleware, DbRole::Cron, DbRole::Analyst] {
        let database = Database::connect(&f.config, role).unwrap();
        assert!(is_denied(database.take_jobs(processor, Lane::Standard, 1, LEASE).await));
        assert!(is_denied(database.complete_job(&job, JobOutcome::Processed).await), "{role:?}");
    }
    assert!(is_denied(f.processor.queue_depths().await), "a processor does not look around");
    assert!(is_denied(f.processor.latest_reports(1).await));
    assert!(is_denied(
        f.processor.ask_job(id(1), Lane::Priority, Timestamp::midnight(day())).await
    ));
}

#[tokio::test]
async fn no_role_changes_a_table_with_its_own_hands() {
    let f = Fixture::new().await;
    let client = connect(&f.config).await;
    let roles = f.sql("SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'auxilio_%'").await;
    assert_eq!(roles.len(), 7);
    for role in roles {
        let role: String = role.get(0);
        client.batch_execute(&format!("SET ROLE {role}")).await.unwrap();
        for sql in [
            "DELETE FROM jobs",
            "DELETE FROM reports",
            "UPDATE reports SET signature = ''",
            "INSERT INTO jobs (uuid, lane, state) VALUES ('x', 'standard', 'queued')",
            "DELETE FROM job_outcomes",
            "DELETE FROM processors",
            "DELETE FROM releases_raw",
            "DELETE FROM frames",
            "UPDATE frames SET data = ''",
            "CREATE TABLE mine (n integer)",
            "SELECT nextval('job_tokens')",
        ] {
            let error = client.batch_execute(sql).await.unwrap_err();
            assert_eq!(error.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{role}: {sql}");
        }
    }
}

#[tokio::test]
async fn analyst_sees_no_protected_column_and_the_collector_nothing() {
    let f = Fixture::new().await;
    let client = connect(&f.config).await;
    client.batch_execute("SET ROLE auxilio_analyst").await.unwrap();
    client.batch_execute("SELECT signature, product FROM reports").await.unwrap();
    for column in ["url", "email", "user_id", "user_comments", "*"] {
        assert!(client.batch_execute(&format!("SELECT {column} FROM reports")).await.is_err());
    }
    client.batch_execute("SET ROLE auxilio_collector").await.unwrap();
    for table in ["jobs", "job_outcomes", "processors", "reports", "frames"] {
        assert!(client.batch_execute(&format!("SELECT FROM {table}")).await.is_err());
    }
}

#[tokio::test]
async fn ordinary_user_migrates_and_a_service_s_user_takes_on_its_role_alone() {
    let server = Server::shared().unwrap();
    let admin = connect(&config(&server, "postgres")).await;
    admin
        .batch_execute("CREATE ROLE ordinary LOGIN CREATEROLE CREATEDB; CREATE ROLE service LOGIN")
        .await
        .unwrap();
    let ordinary = Config { user: "ordinary".into(), ..config(&server, "production") };
    assert!(create_database(&ordinary).await.unwrap());
    let bare = Database::connect(&ordinary, DbRole::Owner).unwrap();
    assert!(matches!(bare.check().await, Err(Error::NotMigrated)));
    migrate(&ordinary).await.unwrap();
    assert!(migrate(&ordinary).await.unwrap().applied.is_empty());
    bare.check().await.unwrap();

    admin.batch_execute("GRANT auxilio_monitor TO service").await.unwrap();
    let service = Config { user: "service".into(), ..ordinary };
    let monitor = Database::connect(&service, DbRole::Monitor).unwrap();
    monitor.insert_jobs(&[entry(id(1), 0)]).await.unwrap();
    let processor = Database::connect(&service, DbRole::Processor).unwrap();
    let error = processor.register_processor("one", 1, &[]).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }) && error.class() == Class::Retry, "{error:?}");
}

#[tokio::test]
async fn collector_and_web_have_no_right_at_all() {
    let f = Fixture::new().await;
    for (role, expected) in
        [("auxilio_collector", false), ("auxilio_web", false), ("auxilio_analyst", true)]
    {
        let tables = format!(
            "SELECT count(*) FROM pg_class
             WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v')
               AND has_any_column_privilege('{role}', oid, 'SELECT, INSERT, UPDATE')"
        );
        assert_eq!(f.number(&tables).await > 0, expected, "{role}");
        let procedures = format!(
            "SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
               AND has_function_privilege('{role}', oid, 'EXECUTE')"
        );
        // An analyst's own rights do for this one.
        let own =
            if expected { " AND NOT (NOT prosecdef AND proname = 'top_crashers')" } else { "" };
        assert_eq!(f.number(&format!("{procedures}{own}")).await, 0, "{role}");
    }
}
