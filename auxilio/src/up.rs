//! `auxilio up`: everything in one process, with a private Postgres in the data folder, and with a
//! private HBase and memcached if asked for.
//!
//! The order of a start: the folder and its owner, the lock, leftovers of an earlier start, the
//! ports, the secrets, the servers, the schema, the roles. A stop goes the other way round.

mod daemon;
mod data_dir;
pub(crate) mod full;
mod lock;
mod log_watch;
mod ports;
mod postgres;
pub(crate) mod secrets;
mod sidecar;
mod supervise;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use auxilio_service::clock::SystemRandom;
use auxilio_service::environment::Environment;
use auxilio_service::{Shutdown, log, metrics};

use self::full::FullTopology;
use self::lock::Lock;
use self::postgres::Server;
use self::secrets::Secrets;
use crate::cli::{Place, Role, UpOptions};
use crate::config::Config;
use crate::installation::{self, Installation, Remembered, absolute};
use crate::roles::Parts;
use crate::store;

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
    let usage = usage(&dir, options)?;
    let secrets = Secrets::of(&dir);
    secrets.make_missing(&SystemRandom)?;
    let config = Installation::embedded(&dir, usage, place.config.as_deref(), environment)?.config;
    log::init(&config.log)?;
    metrics::install().context("metrics can't be counted")?;
    let server =
        Server::of(&dir, config.database.port, &config.database.user, &secrets.postgres_password)?;
    let full = match &options.hbase {
        Some(hbase) => Some(FullTopology::of(&dir, hbase, usage.port_offset)?),
        None => None,
    };
    server.end_leftover()?;
    if let Some(full) = &full {
        full.end_leftovers()?;
    }
    let others = full.as_ref().map(FullTopology::addresses);
    ports::check_free(&config, others.as_ref().map_or(&[], <[_; 5]>::as_slice))?;
    installation::remember(&dir, usage)?;
    server.make_missing()?;
    let runtime = crate::run::runtime()?;
    let ended = runtime.block_on(serve(&dir, config, server, full));
    // What hangs in a blocking call now was told to stop long ago.
    runtime.shutdown_timeout(Duration::from_secs(2));
    ended.map(|()| ExitCode::SUCCESS)
}

/// How the folder is to be used. Crashes of the embedded store are not seen with HBase, nor the
/// other way round, so a folder stays what its first start made it.
fn usage(dir: &Path, options: &UpOptions) -> anyhow::Result<Remembered> {
    let before = installation::remembered(dir)?;
    let port_offset = options.port_offset.or(before.map(|it| it.port_offset)).unwrap_or(0);
    let hbase = options.hbase.is_some();
    if before.is_some_and(|before| before.hbase != hbase) {
        let (is, other) =
            if hbase { ("without", "without") } else { ("with", "with bin/run --hbase") };
        bail!(
            "\"{}\" was made {is} HBase: start it {other}, or name another folder",
            dir.display()
        );
    }
    Ok(Remembered { port_offset, hbase })
}

async fn serve(
    dir: &Path,
    config: Config,
    server: Server,
    full: Option<FullTopology>,
) -> anyhow::Result<()> {
    let shutdown = Shutdown::new();
    shutdown.on_signals(Duration::from_secs(config.service.shutdown_deadline_secs))?;
    let mut sidecars = sidecar::Sidecars::default();
    let ended = match start_sidecars(&mut sidecars, &config, server, full.as_ref(), &shutdown).await
    {
        Ok(true) => {
            sidecars.keep();
            run_roles(dir, Arc::new(config), full.as_ref(), &shutdown).await
        }
        Ok(false) => Ok(()),
        Err(error) => Err(error),
    };
    sidecars.stop().await.and(ended)
}

/// Starts what the roles stand on; false if the shutdown comes first.
async fn start_sidecars(
    sidecars: &mut sidecar::Sidecars,
    config: &Config,
    server: Server,
    full: Option<&FullTopology>,
    shutdown: &Shutdown,
) -> anyhow::Result<bool> {
    // HBase takes longest, so it comes first; Postgres is up and its tables made meanwhile.
    let hbase = full.map(|full| full.start(sidecars)).transpose()?;
    let server = Arc::new(server);
    sidecars.start(server.clone())?;
    let answers = || server.answers();
    if !sidecars.wait("Postgres", postgres::START_TIME_MAX, shutdown, answers).await? {
        return Ok(false);
    }
    prepare_database(config).await?;
    match hbase {
        Some(hbase) => {
            let ready = hbase.wait(sidecars, shutdown).await?;
            if ready {
                store::make_missing_tables(config).await?;
            }
            Ok(ready)
        }
        None => Ok(true),
    }
}

async fn prepare_database(config: &Config) -> anyhow::Result<()> {
    auxilio_database::create_database(&config.database).await.context("can't make the database")?;
    auxilio_database::migrate(&config.database).await.context("can't migrate the database")?;
    Ok(())
}

async fn run_roles(
    dir: &Path,
    config: Arc<Config>,
    full: Option<&FullTopology>,
    shutdown: &Shutdown,
) -> anyhow::Result<()> {
    let parts = Arc::new(Parts::open(Arc::clone(&config))?);
    let roles: Vec<_> = Role::ALL
        .into_iter()
        .map(|role| tokio::spawn(supervise::keep_role(role, Arc::clone(&parts), shutdown.clone())))
        .collect();
    if supervise::wait_listening(&config, shutdown).await {
        announce(dir, &config, full);
    }
    for role in roles {
        role.await.context("a role's keeper failed")?;
    }
    tracing::info!("stopped");
    Ok(())
}

/// Says each address, then `ready`.
fn announce(dir: &Path, config: &Config, full: Option<&FullTopology>) {
    let data = [format!("data folder  {}\n", dir.display())];
    let roles = config.addresses().map(|(name, address)| format!("{name:<12} http://{address}/\n"));
    let postgres = format!("postgres     {}:{}\n", config.database.host, config.database.port);
    let others: Vec<String> = full
        .iter()
        .flat_map(|full| full.addresses())
        .map(|(name, address)| format!("{name:<12} {address}\n"))
        .collect();
    let text =
        [data.concat(), roles.concat(), postgres, others.concat(), "ready\n".into()].concat();
    let mut out = std::io::stdout().lock();
    // Whoever started us may have closed the pipe: that is no reason to stop.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
