//! The webapp as a role: listen, serve, stop.

use auxilio_service::{Shell, http};

use crate::{Config, router};

/// The webapp can't start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its address is taken or not ours.
    #[error("the webapp can't start")]
    Listen(#[source] http::ListenError),
}

/// Serves the pages until the first stage of shutdown, and what is under way until the second.
pub async fn run(config: Config, shell: Shell) -> Result<(), Error> {
    let listener = http::listen(config.address, &shell).await.map_err(Error::Listen)?;
    tracing::info!(address = %config.address, middleware = config.middleware_url, "webapp listens");
    http::serve(listener, router(config, &shell), &shell).await;
    Ok(())
}
