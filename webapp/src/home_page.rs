//! The front page: the latest crashes.

use askama::Template;
use auxilio_common::{CrashId, Timestamp};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use crate::layout::{Layout, page};
use crate::router::App;
use crate::stack::text;
use crate::visible::Visible;
use crate::{time_text, trouble_page};

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    layout: Layout,
    crashes: Vec<Line<'a>>,
}

/// One crash of the list.
struct Line<'a> {
    crash_id: CrashId,
    submitted: String,
    age: String,
    product: Visible<'a>,
    version: Visible<'a>,
    system: Visible<'a>,
    signature: Visible<'a>,
    reason: Visible<'a>,
}

impl<'a> Line<'a> {
    /// Reads one crash; `None` without a crash id, because then there is nothing to lead to.
    fn of(crash: &'a Value, now: Timestamp) -> Option<Self> {
        let visible = |name| Visible::line(text(crash, name).unwrap_or_default());
        let submitted = text(crash, "date_processed").unwrap_or_default();
        Some(Self {
            crash_id: text(crash, "crash_id")?.parse().ok()?,
            submitted: time_text::moment(submitted),
            age: time_text::age(submitted, now).unwrap_or_default(),
            product: visible("product"),
            version: visible("version"),
            system: visible("os_name"),
            signature: visible("signature"),
            reason: visible("reason"),
        })
    }

    /// The first block of the id: enough to tell lines apart.
    fn short_id(&self) -> String {
        self.crash_id.to_string().chars().take(8).collect()
    }
}

/// `/`
pub(crate) async fn show(State(app): State<App>) -> Response {
    let crashes = match app.middleware.latest(app.config.latest_count).await {
        Ok(crashes) => crashes,
        Err(unavailable) => return trouble_page::unavailable(&unavailable),
    };
    let now = app.shell.clock.now();
    let crashes = crashes.iter().filter_map(|crash| Line::of(crash, now)).collect();
    page(StatusCode::OK, &HomePage { layout: Layout::new(), crashes })
}
