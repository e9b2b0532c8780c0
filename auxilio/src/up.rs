//! `auxilio up`: everything in one process, with a private Postgres in the data folder.
//!
//! The order of a start: the folder and its owner, the lock, leftovers of an earlier start, the
//! ports, the secrets, Postgres, the schema, the roles. A stop goes the other way round.

mod data_dir;
mod lock;
mod ports;
mod postgres;
pub(crate) mod secrets;
mod supervise;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use auxilio_service::clock::SystemRandom;
use auxilio_service::environment::Environment;
use auxilio_service::{Shutdown, log, metrics};

use self::lock::Lock;
use self::postgres::Server;
use self::secrets::Secrets;
use crate::cli::{Place, Role, UpOptions};
use crate::config::Config;
use crate::installation::{self, Installation, absolute};
use crate::roles::Parts;

pub(crate) fn perform(
    place: &Place,
    options: &UpOptions,
    environment: &Environment,
) -> anyhow::Result<ExitCode> {
    let dir = match &place.data {
        Some(dir) => absolute(dir)?,
        None => installation::default_dir(environment)?,
    };
    let dir = data_dir::prepare(&dir)?;
    // Dumps hold memory of strangers' programs: what is made from here on is for this user alone.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let _lock = Lock::take(&dir)?;
    let offset = match options.port_offset {
        Some(offset) => offset,
        None => installation::remembered_offset(&dir)?,
    };
    let secrets = Secrets::of(&dir);
    secrets.make_missing(&SystemRandom)?;
    let config = Installation::embedded(&dir, offset, place.config.as_deref(), environment)?.config;
    log::init(&config.log)?;
    metrics::install().context("metrics can't be counted")?;
    let server =
        Server::of(&dir, config.database.port, &config.database.user, &secrets.postgres_password)?;
    server.end_leftover()?;
    ports::check_free(&config)?;
    installation::remember(&dir, offset)?;
    server.make_missing()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(serve(&dir, config, server));
    // What hangs in a blocking call now was told to stop long ago.
    runtime.shutdown_timeout(Duration::from_secs(2));
    ended.map(|()| ExitCode::SUCCESS)
}

async fn serve(dir: &Path, config: Config, server: Server) -> anyhow::Result<()> {
    let shutdown = Shutdown::new();
    shutdown.on_signals(Duration::from_secs(config.service.shutdown_deadline_secs))?;
    // Postgres outlives the roles: it has a shutdown of its own, begun when they have ended.
    let postgres_shutdown = Shutdown::new();
    let mut child = server.start()?;
    let ready = tokio::task::block_in_place(|| server.wait_ready(&mut child));
    let started = match ready {
        Ok(()) => prepare_database(&config).await,
        Err(error) => Err(error),
    };
    if let Err(error) = started {
        tokio::task::block_in_place(|| Server::stop(&mut child))?;
        return Err(error);
    }
    let keeper = tokio::spawn(supervise::keep_postgres(server, child, postgres_shutdown.clone()));
    let ended = run_roles(dir, Arc::new(config), &shutdown).await;
    postgres_shutdown.begin();
    keeper.await.context("the keeper of Postgres failed")??;
    ended
}

async fn prepare_database(config: &Config) -> anyhow::Result<()> {
    auxilio_database::create_database(&config.database).await.context("can't make the database")?;
    auxilio_database::migrate(&config.database).await.context("can't migrate the database")?;
    Ok(())
}

async fn run_roles(dir: &Path, config: Arc<Config>, shutdown: &Shutdown) -> anyhow::Result<()> {
    let parts = Arc::new(Parts::open(Arc::clone(&config)));
    let roles: Vec<_> = Role::ALL
        .into_iter()
        .map(|role| tokio::spawn(supervise::keep_role(role, Arc::clone(&parts), shutdown.clone())))
        .collect();
    if supervise::wait_listening(&config, shutdown).await {
        announce(dir, &config);
    }
    for role in roles {
        role.await.context("a role's keeper failed")?;
    }
    tracing::info!("stopped");
    Ok(())
}

/// Says each address, then `ready`.
fn announce(dir: &Path, config: &Config) {
    let data = [format!("data folder  {}\n", dir.display())];
    let roles = config.addresses().map(|(name, address)| format!("{name:<12} http://{address}/\n"));
    let postgres = format!("postgres     {}:{}\n", config.database.host, config.database.port);
    let text = [data.concat(), roles.concat(), postgres, "ready\n".into()].concat();
    let mut out = std::io::stdout().lock();
    // Whoever started us may have closed the pipe: that is no reason to stop.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
