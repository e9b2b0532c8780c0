//! Pages for what can't be shown: no such page, no such crash, no answer from behind.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use crate::layout::{Layout, page};
use crate::middleware::Unavailable;
use crate::visible::Visible;

#[derive(Template)]
#[template(path = "trouble.html")]
struct TroublePage<'a> {
    layout: Layout,
    status: u16,
    title: &'a str,
    text: String,
    /// What was asked for, when that helps.
    subject: Option<Visible<'a>>,
}

fn trouble(status: StatusCode, title: &str, text: String, subject: Option<&str>) -> Response {
    let subject = subject.map(|subject| Visible::line(cut(subject)));
    page(
        status,
        &TroublePage { layout: Layout::new(), status: status.as_u16(), title, text, subject },
    )
}

/// The first characters of what somebody typed: no page repeats a whole book.
fn cut(text: &str) -> &str {
    text.char_indices().nth(100).map_or(text, |(end, _)| &text[..end])
}

/// Nothing has this address.
pub(crate) async fn no_such_page() -> Response {
    let text = "There is no page at this address.".to_owned();
    trouble(StatusCode::NOT_FOUND, "No such page", text, None)
}

/// The address is only for reading.
pub(crate) async fn wrong_method() -> Response {
    let text = "This page can only be read.".to_owned();
    trouble(StatusCode::METHOD_NOT_ALLOWED, "That can't be done here", text, None)
}

/// What was asked for is no crash id.
pub(crate) fn malformed_id(typed: &str, why: &impl std::fmt::Display) -> Response {
    let text = format!("{why}. It may begin with bp-.");
    trouble(StatusCode::NOT_FOUND, "This is no crash id", text, Some(typed))
}

/// The store has no such crash, and none can be on its way.
pub(crate) fn no_such_crash(crash_id: &str) -> Response {
    let text = "Nothing with this id was received, or it was too old to be kept.".to_owned();
    trouble(StatusCode::NOT_FOUND, "No such crash", text, Some(crash_id))
}

/// The middleware, or what stands behind it, does not answer.
pub(crate) fn unavailable(unavailable: &Unavailable) -> Response {
    let secs = unavailable.retry_secs;
    let text = format!(
        "The crashes can't be read at the moment. None is lost by this. Try again in {secs} s."
    );
    let mut response = trouble(StatusCode::SERVICE_UNAVAILABLE, "Not available now", text, None);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
    response
}

/// Too many pages are under way.
pub(crate) fn busy() -> Response {
    unavailable(&Unavailable { retry_secs: 2 })
}
