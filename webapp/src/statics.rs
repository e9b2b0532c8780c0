//! The style sheet and the icon, named by their content so that browsers may keep them for ever.

use std::sync::LazyLock;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// A file that pages refer to.
pub(crate) struct StaticFile {
    /// Its path on the server, with a hash of its content.
    pub path: String,
    content_type: &'static str,
    content: &'static str,
}

/// All of them.
pub(crate) struct Statics {
    /// The style sheet.
    pub style: StaticFile,
    /// The icon.
    pub icon: StaticFile,
}

/// The files of this build.
pub(crate) static STATICS: LazyLock<Statics> = LazyLock::new(|| Statics {
    style: named(
        "auxilio",
        "css",
        "text/css; charset=utf-8",
        include_str!("../static/auxilio.css"),
    ),
    icon: named("icon", "svg", "image/svg+xml", include_str!("../static/icon.svg")),
});

fn named(
    name: &str,
    extension: &str,
    content_type: &'static str,
    content: &'static str,
) -> StaticFile {
    // 64 bits of the hash: two builds of ours never meet in them by accident.
    let hash = Sha256::digest(content)
        .iter()
        .take(8)
        .fold(0, |hash: u64, byte| hash << 8 | u64::from(*byte));
    StaticFile { path: format!("/static/{name}.{hash:016x}.{extension}"), content_type, content }
}

/// The file of a path, to be kept for a year: another content would have another path.
pub(crate) fn serve(path: &str) -> Option<Response> {
    let file = [&STATICS.style, &STATICS.icon].into_iter().find(|file| file.path == path)?;
    let head = [
        (header::CONTENT_TYPE, file.content_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Some((StatusCode::OK, head, file.content).into_response())
}
