//! Parts of memory reports, as Firefox attaches them.

use super::{Kind, Part};

const fn integer(name: &'static str) -> Part {
    Part::public(name, Kind::Integer)
}

/// The measures of the crashed process, in bytes but for counts. In searches each is `memory_` and
/// its name.
pub(super) const MEASURES: &[Part] = &[
    integer("explicit"),
    integer("gfx_textures"),
    integer("ghost_windows"),
    integer("heap_allocated"),
    integer("heap_overhead"),
    integer("heap_unclassified"),
    integer("host_object_urls"),
    integer("images"),
    integer("js_main_runtime"),
    integer("private"),
    integer("resident"),
    integer("resident_unique"),
    integer("system_heap_allocated"),
    integer("top_none_detached"),
    integer("vsize"),
    integer("vsize_max_contiguous"),
];

/// The whole report. Paths in it may name pages.
pub(super) const REPORT: &[Part] = &[
    Part::public("hasMozMallocUsableSize", Kind::Boolean),
    Part::public("version", Kind::Integer),
    Part::public("reports", Kind::List(&Kind::Object(ENTRY))),
];

const ENTRY: &[Part] = &[
    Part::public("amount", Kind::Integer),
    Part::public("description", Kind::Text),
    Part::public("kind", Kind::Integer),
    Part::public("path", Kind::Text),
    Part::public("process", Kind::Text),
    Part::public("units", Kind::Integer),
];
