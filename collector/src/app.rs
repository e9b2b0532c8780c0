//! The collector as it runs: the listener and its two kinds of requests.

use std::convert::Infallible;
use std::sync::Arc;

use auxilio_service::{Shell, http as server, ops};
use auxilio_spool::Spool;
use axum::Router;
use axum::body::Body;
use http::{Method, Request};
use hyper::body::Incoming;
use hyper::service::service_fn;
use tower::ServiceExt;

use crate::answer;
use crate::config::Config;
use crate::submit::Collector;

/// Why a collector can't run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken or not ours.
    #[error("the collector can't listen")]
    Listen(#[from] server::ListenError),
}

/// Runs a collector until the shutdown's first stage; submissions under way are finished.
pub async fn run(config: Config, spool: Arc<Spool>, shell: Shell) -> Result<(), Error> {
    let listener = server::listen(config.address, &shell).await?;
    shell.health.depends_on_part("spool", &spool, |spool| async move { spool.check_room() });
    let collector = Arc::new(Collector::new(&config, spool, shell.clone()));
    let pages = ops::router(&shell);
    let make = move |_peer| {
        let (collector, pages) = (Arc::clone(&collector), pages.clone());
        service_fn(move |request| handle(Arc::clone(&collector), pages.clone(), request))
    };
    server::serve_with(listener, make, &shell).await;
    Ok(())
}

/// The path alone decides: clients send all sorts of queries.
async fn handle(
    collector: Arc<Collector>,
    pages: Router,
    request: Request<Incoming>,
) -> Result<http::Response<Body>, Infallible> {
    if request.uri().path() != "/submit" {
        return pages.oneshot(request.map(Body::new)).await;
    }
    if request.method() != Method::POST {
        return Ok(answer::method_not_allowed());
    }
    Ok(collector.submit(request).await)
}
