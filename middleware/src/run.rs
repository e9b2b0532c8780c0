//! The middleware as a role: read the token, listen, serve, stop.

use std::sync::Arc;

use auxilio_common::CrashStore;
use auxilio_database::Database;
use auxilio_service::{Shell, http, secret};

use crate::{AdminToken, App, Config, router};

/// The middleware can't start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The admin token can't be read.
    #[error("the middleware can't read its admin token")]
    Token(#[source] secret::Error),
    /// Its address is taken or not ours.
    #[error("the middleware can't start")]
    Listen(#[source] http::ListenError),
}

/// Serves the interface until the first stage of shutdown, and what is under way until the second.
pub async fn run(
    config: Config,
    store: Arc<dyn CrashStore>,
    database: Database,
    shell: Shell,
) -> Result<(), Error> {
    let admin = config.admin_token_file.as_deref().map(AdminToken::read).transpose();
    let app = App::new(&config, store, database, admin.map_err(Error::Token)?, shell.clone());
    let listener = http::listen(config.address, &shell).await.map_err(Error::Listen)?;
    tracing::info!(address = %config.address, "middleware listens");
    http::serve(listener, router(app), &shell).await;
    Ok(())
}
