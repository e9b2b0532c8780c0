//! Which address shows which page.

use std::sync::Arc;
use std::time::Duration;

use auxilio_service::{Shell, metrics};
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, Uri};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::Semaphore;

use crate::middleware::Middleware;
use crate::{Config, home_page, layout, report_page, statics, trouble_page};

/// What every page is made from.
#[derive(Clone)]
pub(crate) struct App {
    /// The settings.
    pub config: Arc<Config>,
    /// Where crashes come from.
    pub middleware: Middleware,
    /// One permit for each report page that may be under way.
    pub pages: Arc<Semaphore>,
    /// The role's shell.
    pub shell: Shell,
}

/// The pages as an axum router.
pub fn router(config: Config, shell: &Shell) -> Router {
    let time_max = Duration::from_secs(config.middleware_time_max_secs);
    let middleware = Middleware::new(&config.middleware_url, time_max);
    let asked = middleware.clone();
    shell.health.depends_on("middleware", move || {
        let asked = asked.clone();
        async move { asked.check().await }
    });
    let pages = Arc::new(Semaphore::new(config.pages_at_once_max.max(1)));
    let app = App { config: Arc::new(config), middleware, pages, shell: shell.clone() };
    Router::new()
        .route("/", get(home_page::show))
        .route("/report/", get(report_page::find))
        .route("/report/index/{id}", get(report_page::show))
        .route("/static/{file}", get(static_file))
        .route("/favicon.ico", get(icon))
        .fallback(trouble_page::no_such_page)
        .method_not_allowed_fallback(trouble_page::wrong_method)
        .layer(from_fn(layout::secure))
        .layer(from_fn_with_state(app.clone(), count))
        .with_state(app)
}

async fn static_file(uri: Uri) -> Response {
    match statics::serve(uri.path()) {
        Some(file) => file,
        None => trouble_page::no_such_page().await,
    }
}

/// Browsers ask for it where a page names no icon, such as beside the JSON of an error.
async fn icon() -> Response {
    axum::response::Redirect::permanent(&statics::STATICS.icon.path).into_response()
}

async fn count(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = app.shell.clock.monotonic();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    let status = status_text(response.status());
    let took = app.shell.clock.monotonic().saturating_sub(begun);
    metrics::WEBAPP_REQUESTS.add(1, &[&route, &status]);
    metrics::WEBAPP_ANSWER.record(took.as_secs_f64(), &[&route]);
    tracing::debug!(route, status, took_us = took.as_micros(), "page");
    response
}

fn status_text(status: StatusCode) -> String {
    status.as_u16().to_string()
}
