//! `auxilio db`: the database's schema, and a session on it.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::Context;
use auxilio_service::environment::Environment;
use auxilio_service::secret::Secret;
use serde_json::json;

use super::runtime;
use crate::cli::{DbVerb, Place};
use crate::installation::Installation;

pub(crate) fn perform(
    place: &Place,
    verb: &DbVerb,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let config = Installation::find(place, environment)?.config.database;
    match verb {
        DbVerb::Migrate => runtime()?.block_on(migrate(&config, place.json)),
        DbVerb::Status => runtime()?.block_on(status(&config, place.json)),
        DbVerb::Scrub { to } => runtime()?.block_on(scrub(&config, to, place.json)),
        DbVerb::Psql { arguments } => psql(&config, arguments),
    }
}

async fn migrate(config: &auxilio_database::Config, as_json: bool) -> anyhow::Result<ExitCode> {
    let done = auxilio_database::migrate(config).await?;
    if as_json {
        println!("{}", json!({"applied": done.applied, "procedures_dropped": done.dropped}));
    } else {
        for name in &done.applied {
            println!("applied {name}");
        }
        println!("the database is at this program's schema");
    }
    Ok(ExitCode::SUCCESS)
}

async fn status(config: &auxilio_database::Config, as_json: bool) -> anyhow::Result<ExitCode> {
    let mut missing = 0;
    for migration in auxilio_database::migration_status(config).await? {
        missing += usize::from(migration.applied_at.is_none());
        if as_json {
            println!(
                "{}",
                json!({"version": migration.version, "name": migration.name, "applied_at": migration.applied_at})
            );
        } else {
            let applied = migration.applied_at.unwrap_or_else(|| "not applied".to_owned());
            println!("V{}__{} {applied}", migration.version, migration.name);
        }
    }
    Ok(if missing == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

async fn scrub(
    config: &auxilio_database::Config,
    to: &str,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    for (table, rows) in auxilio_database::scrub(config, to).await? {
        if as_json {
            println!("{}", json!({"table": table, "rows": rows}));
        } else if rows > 0 {
            println!("{table}: {rows} rows");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Becomes psql; the password travels in the environment, which only this user can read.
fn psql(config: &auxilio_database::Config, arguments: &[String]) -> anyhow::Result<ExitCode> {
    let mut command = Command::new("psql");
    command
        .args(["--host", &config.host, "--port", &config.port.to_string()])
        .args(["--username", &config.user, "--dbname", &config.database])
        .args(arguments);
    if let Some(path) = &config.password_file {
        command.env("PGPASSWORD", Secret::read(path)?.expose());
    }
    Err(command.exec()).context("can't run psql: is postgresql-client installed?")
}
