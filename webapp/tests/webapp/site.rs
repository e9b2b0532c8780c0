//! The webapp served for real, in front of a middleware that answers by a list.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auxilio_service::client::{Answer, Client};
use auxilio_service::{Shell, Shutdown, Version, http};
use auxilio_webapp::{Config, router};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A crash id of a day long gone.
pub(crate) const OLD_ID: &str = "0bba929f-8721-460c-dead-a43c20121224";

type Answers = Arc<Mutex<Middleware>>;

/// What the middleware answers, and what it was told.
#[derive(Default)]
struct Middleware {
    answers: BTreeMap<String, (StatusCode, Value)>,
    forwarded: Vec<String>,
}

/// Both servers, on ports of their own, until dropped.
pub(crate) struct Site {
    pub(crate) url: String,
    answers: Answers,
    client: Client,
    shutdown: Shutdown,
}

impl Site {
    /// Serves a webapp in front of a middleware that has nothing.
    pub(crate) async fn start() -> Self {
        let shutdown = Shutdown::new();
        let answers = Answers::default();
        let fixture = Router::new().fallback(answer).with_state(Arc::clone(&answers));
        let middleware = serve("middleware", fixture, &shutdown).await;
        Self::before(&format!("http://{middleware}"), answers, shutdown).await
    }

    /// Serves a webapp whose middleware nobody answers for.
    pub(crate) async fn alone() -> Self {
        let shell = shell("none", &Shutdown::new());
        let listener = http::listen(loopback(), &shell).await.unwrap();
        let gone = listener.local_addr().unwrap();
        drop(listener);
        Self::before(&format!("http://{gone}"), Answers::default(), Shutdown::new()).await
    }

    async fn before(middleware: &str, answers: Answers, shutdown: Shutdown) -> Self {
        let config = Config { middleware_url: middleware.to_owned(), ..Config::default() };
        let pages = router(config, &shell("webapp", &shutdown));
        let address = serve("webapp", pages, &shutdown).await;
        let client = Client::new(Duration::from_secs(30), 64 << 20);
        Self { url: format!("http://{address}"), answers, client, shutdown }
    }

    /// Makes the middleware answer 200 with `answer` at `path_and_query`.
    pub(crate) fn put(&self, path_and_query: &str, answer: Value) {
        self.put_with(StatusCode::OK, path_and_query, answer);
    }

    fn put_with(&self, status: StatusCode, path_and_query: &str, answer: Value) {
        self.answers.lock().unwrap().answers.insert(path_and_query.to_owned(), (status, answer));
    }

    /// Makes the middleware answer a processed crash.
    pub(crate) fn put_crash(&self, crash_id: &str, crash: Value) {
        self.put(&format!("/api/ProcessedCrash/?crash_id={crash_id}"), crash);
    }

    /// Makes the middleware answer so when it is asked for a crash that is not processed.
    pub(crate) fn put_asked(&self, crash_id: &str, status: u16, state: &str) {
        let status = StatusCode::from_u16(status).unwrap();
        let path = format!("/bpapi/crash/processed/by/uuid/{crash_id}");
        self.put_with(status, &path, json!({"error": "no", "state": state}));
    }

    /// The addresses that the middleware was told with each question for a crash.
    pub(crate) fn forwarded(&self) -> Vec<String> {
        self.answers.lock().unwrap().forwarded.clone()
    }

    /// Reads a page.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    /// Reads a page with head lines.
    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.client.get(&format!("{}{path}", self.url), headers).await.unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shutdown.cut();
    }
}

async fn answer(State(middleware): State<Answers>, uri: Uri, headers: HeaderMap) -> Response {
    let mut middleware = middleware.lock().unwrap();
    if uri.path().starts_with("/bpapi/") {
        let forwarded =
            headers.get("x-forwarded-for").map(|list| list.to_str().unwrap().to_owned());
        middleware.forwarded.extend(forwarded);
    }
    match middleware.answers.get(&uri.to_string()) {
        Some((_, Value::Null)) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some((status, answer)) => (*status, axum::Json(answer)).into_response(),
        None => (StatusCode::NOT_FOUND, axum::Json(json!({"error": "not found"}))).into_response(),
    }
}

async fn serve(role: &'static str, router: Router, shutdown: &Shutdown) -> SocketAddr {
    let shell = shell(role, shutdown);
    let listener = http::listen(loopback(), &shell).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { http::serve(listener, router, &shell).await });
    address
}

fn shell(role: &'static str, shutdown: &Shutdown) -> Shell {
    Shell::new(role, Version { version: "0", commit: "0" }, shutdown.clone())
}

fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// The text of an answer.
pub(crate) fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// A header of an answer.
pub(crate) fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

/// A crash as `auxilio-crashme` leaves one: two threads, inlined calls, modules in all states.
pub(crate) fn sample_crash(crash_id: &str) -> Value {
    let mut crash: Value = serde_json::from_str(include_str!("data/crash.json")).unwrap();
    crash["uuid"] = json!(crash_id);
    crash["crash_id"] = json!(crash_id);
    crash
}
