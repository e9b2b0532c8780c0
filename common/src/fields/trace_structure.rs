//! Parts of Java exceptions and of breadcrumbs.

use super::{Kind, Part};

/// A Java exception with its causes. Its message may hold anything, so that is protected.
pub(super) const JAVA_EXCEPTION: &[Part] = &[Part::public(
    "exception",
    Kind::Object(&[Part::public("values", Kind::List(&Kind::Object(CAUSE)))]),
)];

const CAUSE: &[Part] = &[Part::public("stacktrace", Kind::Object(TRACE))];

const TRACE: &[Part] = &[
    Part::public("frames", Kind::List(&Kind::Object(JAVA_FRAME))),
    Part::public("module", Kind::Text),
    Part::public("type", Kind::Text),
    Part::protected("value", Kind::Text),
];

const JAVA_FRAME: &[Part] = &[
    Part::public("filename", Kind::Text),
    Part::public("function", Kind::Text),
    Part::public("in_app", Kind::Boolean),
    Part::public("lineno", Kind::Integer),
    Part::public("module", Kind::Text),
];

/// What happened before the crash: one crumb.
pub(super) const BREADCRUMB: &[Part] = &[
    Part::public("category", Kind::Text),
    Part::public("data", Kind::Map(&Kind::Plain)),
    Part::public("level", Kind::Text),
    Part::public("message", Kind::Text),
    Part::public("timestamp", Kind::Plain),
    Part::public("type", Kind::Text),
];
