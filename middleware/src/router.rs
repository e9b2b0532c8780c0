//! Which address answers what, and what all answers have in common.

use auxilio_service::metrics;
use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};

use crate::answer::Refusal;
use crate::app::App;
use crate::{
    bpapi_processed, catalogue, conditional, crash_status, latest_crashes, processed_crash,
    product_builds, raw_crash, receipt,
};

/// The resources with their paths: each also answers without its last slash.
fn resources() -> [(&'static str, MethodRouter<App>); 9] {
    [
        ("/api/", get(catalogue::get)),
        ("/api/ProcessedCrash/", get(processed_crash::get)),
        ("/api/RawCrash/", get(raw_crash::get)),
        ("/api/CrashStatus/", get(crash_status::get)),
        ("/api/Receipt/", get(receipt::get)),
        ("/api/LatestCrashes/", get(latest_crashes::get)),
        (bpapi_processed::PATH, get(bpapi_processed::get)),
        (product_builds::TELL_PATH, product_builds::tell_resource()),
        (product_builds::LIST_PATH, get(product_builds::list)),
    ]
}

/// The interface as an axum router.
pub fn router(app: App) -> Router {
    let mut router = Router::new();
    for (path, resource) in resources() {
        let bare = path.trim_end_matches('/');
        if bare != path {
            router = router.route(bare, resource.clone());
        }
        router = router.route(path, resource);
    }
    router
        .fallback(|| async { Refusal::not_found("there is no such resource; see /api/") })
        .method_not_allowed_fallback(|| async { Refusal::wrong_method() })
        .layer(from_fn_with_state(app.clone(), around))
        .with_state(app)
}

/// Counts a request, answers a browser's question before the question, and adds the common head.
async fn around(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = app.shell.clock.monotonic();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "none".to_owned(), |path| path.as_str().to_owned());
    let known = conditional::tags(request.headers());
    let response =
        if request.method() == Method::OPTIONS { preflight() } else { next.run(request).await };
    let mut response = conditional::reduce(response, &known);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let exposed = HeaderValue::from_static("etag, retry-after");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The same address answers more to the holder of the token.
    headers.insert(header::VARY, HeaderValue::from_static("auth-token"));
    let status = response.status().as_u16().to_string();
    let took = app.shell.clock.monotonic().saturating_sub(begun);
    metrics::MIDDLEWARE_REQUESTS.add(1, &[&route, &status]);
    metrics::MIDDLEWARE_ANSWER.record(took.as_secs_f64(), &[&route]);
    tracing::debug!(route, status, took_us = took.as_micros(), "answered");
    response
}

/// A page of another origin may ask with a token.
fn preflight() -> Response {
    let head = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "auth-token, if-none-match"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (StatusCode::NO_CONTENT, head).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_lists_what_is_served() {
        let served: Vec<_> = resources().into_iter().map(|(path, _)| path).skip(1).collect();
        assert_eq!(catalogue::paths(), served);
    }
}
