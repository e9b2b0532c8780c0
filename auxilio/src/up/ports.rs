//! The ports of an installation: all are looked at before anything starts.

use std::net::{SocketAddr, TcpListener};

use anyhow::bail;

use crate::config::Config;

/// Says at once which ports are taken, all of them: those of the roles, Postgres and the others.
pub(crate) fn check_free(
    config: &Config,
    others: &[(&'static str, SocketAddr)],
) -> anyhow::Result<()> {
    let postgres = SocketAddr::new([127, 0, 0, 1].into(), config.database.port);
    let taken: Vec<String> = config
        .addresses()
        .into_iter()
        .chain([("postgres", postgres)])
        .chain(others.iter().copied())
        .filter_map(|(name, address)| {
            let error = TcpListener::bind(address).err()?;
            Some(format!("{name} {address} ({error})"))
        })
        .collect();
    if taken.is_empty() {
        return Ok(());
    }
    bail!(
        "these addresses can't be listened on: {}; --port-offset N moves all of them",
        taken.join(", ")
    )
}
