//! The page of a crash that is not processed yet: it was asked for, the page says how far it is and
//! looks again by itself.

use askama::Template;
use auxilio_common::CrashId;
use axum::http::StatusCode;
use axum::response::Response;

use crate::layout::{Layout, page};

/// Seconds between two looks, growing: most crashes are there at the second.
const WAITS_SECS: [u32; 9] = [1, 1, 2, 2, 3, 5, 10, 20, 30];

/// Looks for a crash that the store does not have, after which the page stops asking: about five
/// minutes.
const LOOKS_ABSENT_MAX: u32 = 15;

/// What the page waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// The store has the crash.
    Processing,
    /// It may be on its way to the store, which is looked into for it.
    OnItsWay,
    /// It may be on its way, and nobody looks for it: its reader waits for too many others.
    NotAsked,
}

#[derive(Template)]
#[template(path = "pending.html")]
struct PendingPage {
    layout: Layout,
    crash_id: CrashId,
    wait: Wait,
    /// Seconds to the next look, if there is one.
    wait_secs: Option<u32>,
    looks: u32,
}

/// The page after `looks` earlier ones. A stored crash answers 202; one that the store lacks 404,
/// because nobody knows yet whether there is one.
pub(crate) fn show(crash_id: CrashId, wait: Wait, looks: u32) -> Response {
    let stored = wait == Wait::Processing;
    let longest = WAITS_SECS[WAITS_SECS.len() - 1];
    let secs = WAITS_SECS.get(looks as usize).copied().unwrap_or(longest);
    let wait_secs = (stored || looks < LOOKS_ABSENT_MAX).then_some(secs);
    let status = if stored { StatusCode::ACCEPTED } else { StatusCode::NOT_FOUND };
    let looks = looks.saturating_add(1);
    page(status, &PendingPage { layout: Layout::new(), crash_id, wait, wait_secs, looks })
}
