//! The collector as it runs: the listener and its two kinds of requests.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use auxilio_service::hangup::Hangup;
use auxilio_service::http::{self as server, Clients};
use auxilio_service::rule_text::RulesError;
use auxilio_service::{Shell, ops};
use auxilio_spool::{Ledger, Spool};
use axum::Router;
use axum::body::Body;
use http::{Method, Request};
use hyper::body::Incoming;
use hyper::service::service_fn;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::answer;
use crate::config::Config;
use crate::submit::Collector;
use crate::throttle::LiveRules;
use crate::throttle::quota::{QuotaError, Quotas};
use crate::upkeep;

/// Why a collector can't run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken or not ours.
    #[error("the collector can't listen")]
    Listen(#[from] server::ListenError),
    /// There are no throttling rules to begin with.
    #[error("the collector has no usable throttling rules")]
    Rules(#[from] RulesError),
    /// The quotas can't be read.
    #[error("the collector's quotas can't be used")]
    Quotas(#[from] QuotaError),
    /// SIGHUP can't be waited for.
    #[error("the collector can't wait for SIGHUP")]
    Hangup(#[source] std::io::Error),
}

/// Runs a collector until the shutdown's first stage; submissions under way are finished.
pub async fn run(config: Config, spool: Arc<Spool>, shell: Shell) -> Result<(), Error> {
    let rules = Arc::new(LiveRules::open(&config.throttle.rules)?);
    let quotas = Quotas::new(&config, &shell.clock)?;
    let hangup = Hangup::listen().map_err(Error::Hangup)?;
    let listener = server::listen(config.address, &shell).await?;
    shell.health.depends_on_part("spool", &spool, |spool| async move { spool.check_room() });
    let random = Arc::clone(&shell.random);
    let ledger = Arc::new(Ledger::new(spool.sources(), shell.role, random));
    // Before the first request: from here on a kill finds a journal.
    let flushed = Arc::clone(&ledger);
    let _ = tokio::task::spawn_blocking(move || flushed.flush()).await;
    let served = CancellationToken::new();
    let upkeep = upkeep::run(Arc::clone(&spool), Arc::clone(&ledger), served.clone());
    let upkeep = tokio::spawn(upkeep);
    let collector =
        Arc::new(Collector::new(&config, spool, ledger, Arc::clone(&rules), quotas, shell.clone()));
    let watch = tokio::spawn(rules.watch(hangup, shell.clone()));
    let pages = ops::router(&shell);
    let make = move |peer| {
        let (collector, pages) = (Arc::clone(&collector), pages.clone());
        service_fn(move |request| handle(Arc::clone(&collector), pages.clone(), peer, request))
    };
    let head_time_max = Duration::from_secs(config.head_time_max_secs);
    server::serve_with(listener, make, Clients::AnyAge, head_time_max, &shell).await;
    watch.abort();
    served.cancel();
    // What could not be written was said.
    let _ = upkeep.await;
    Ok(())
}

/// The path alone decides: clients send all sorts of queries.
async fn handle(
    collector: Arc<Collector>,
    pages: Router,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<http::Response<Body>, Infallible> {
    if request.uri().path() != "/submit" {
        return pages.oneshot(request.map(Body::new)).await;
    }
    if request.method() != Method::POST {
        return Ok(answer::method_not_allowed());
    }
    Ok(collector.submit(peer, request).await)
}
