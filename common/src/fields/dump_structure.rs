//! Parts of `json_dump`, the stack walker's answer.
//!
//! The names are minidump-stackwalk's; `truncation` and `failed_symbols` are ours.

use super::{Kind, Part};

const fn text(name: &'static str) -> Part {
    Part::public(name, Kind::Text)
}

const fn integer(name: &'static str) -> Part {
    Part::public(name, Kind::Integer)
}

const fn boolean(name: &'static str) -> Part {
    Part::public(name, Kind::Boolean)
}

const fn object(name: &'static str, parts: &'static [Part]) -> Part {
    Part::public(name, Kind::Object(parts))
}

/// The whole answer.
pub(super) const JSON_DUMP: &[Part] = &[
    object("crash_info", CRASH_INFO),
    object("crashing_thread", CRASHING_THREAD),
    Part::protected("handles", Kind::Json),
    integer("linux_memory_map_count"),
    object("lsb_release", LSB_RELEASE),
    Part::protected("mac_boot_args", Kind::Text),
    object("mac_crash_info", MAC_CRASH_INFO),
    integer("main_module"),
    Part::public("modules", Kind::List(&Kind::Object(MODULE))),
    boolean("modules_contains_cert_info"),
    integer("pid"),
    object("proc_limits", PROC_LIMITS),
    integer("process_uptime"),
    Part::protected("soft_errors", Kind::Json),
    text("status"),
    object("system_info", SYSTEM_INFO),
    integer("thread_count"),
    Part::public("threads", Kind::List(&Kind::Object(THREAD))),
    object("truncation", TRUNCATION),
    Part::public("unloaded_modules", Kind::List(&Kind::Object(UNLOADED_MODULE))),
];

/// What the walk of a further minidump leaves: what that of the main one leaves at the top.
pub(super) const MINIDUMP: &[Part] = &[
    object("json_dump", JSON_DUMP),
    Part::protected("mdsw_return_code", Kind::Integer),
    text("mdsw_status_string"),
    Part::protected("mdsw_stderr", Kind::Text),
    text("stackwalk_version"),
    boolean("success"),
    boolean("truncated"),
];

const CRASH_INFO: &[Part] = &[
    text("type"),
    text("address"),
    object("adjusted_address", &[text("kind"), text("address"), text("offset")]),
    text("assertion"),
    text("instruction"),
    Part::public("instruction_pointer_update", Kind::Json),
    integer("crashing_thread"),
    Part::public("memory_accesses", Kind::List(&Kind::Object(MEMORY_ACCESS))),
    Part::public("possible_bit_flips", Kind::List(&Kind::Object(BIT_FLIP))),
    Part::public("crash_inconsistencies", Kind::Texts),
];

const MEMORY_ACCESS: &[Part] = &[
    text("address"),
    integer("size"),
    text("access_type"),
    Part::protected("is_likely_guard_page", Kind::Boolean),
];

const BIT_FLIP: &[Part] = &[
    text("address"),
    Part::public("confidence", Kind::Number),
    object("details", BIT_FLIP_DETAILS),
    text("source_register"),
];

const BIT_FLIP_DETAILS: &[Part] = &[
    boolean("was_non_canonical"),
    boolean("is_null"),
    boolean("was_low"),
    integer("nearby_registers"),
    boolean("poison_registers"),
];

const SYSTEM_INFO: &[Part] = &[
    text("os"),
    text("os_ver"),
    text("cpu_arch"),
    text("cpu_info"),
    integer("cpu_count"),
    text("cpu_microcode_version"),
];

const LSB_RELEASE: &[Part] = &[text("id"), text("release"), text("codename"), text("description")];

const MAC_CRASH_INFO: &[Part] = &[
    integer("num_records"),
    Part::public(
        "records",
        Kind::List(&Kind::Object(&[
            text("abort_cause"),
            text("backtrace"),
            text("dialog_mode"),
            text("message"),
            text("message2"),
            text("module"),
            text("signature_string"),
            text("thread"),
        ])),
    ),
];

const PROC_LIMITS: &[Part] = &[Part::public(
    "limits",
    Kind::List(&Kind::Object(&[
        text("name"),
        Part::public("soft", Kind::Json),
        Part::public("hard", Kind::Json),
        text("unit"),
    ])),
)];

/// One loaded module.
pub(super) const MODULE: &[Part] = &[
    text("base_addr"),
    text("end_addr"),
    text("filename"),
    text("code_id"),
    text("debug_file"),
    text("debug_id"),
    text("version"),
    text("cert_subject"),
    boolean("loaded_symbols"),
    boolean("missing_symbols"),
    boolean("corrupt_symbols"),
    boolean("failed_symbols"),
    text("symbol_url"),
];

const UNLOADED_MODULE: &[Part] =
    &[text("base_addr"), text("end_addr"), text("filename"), text("code_id"), text("cert_subject")];

const THREAD: &[Part] = &[
    integer("thread_id"),
    text("thread_name"),
    text("last_error_value"),
    integer("frame_count"),
    integer("total_frames"),
    boolean("frames_truncated"),
    boolean("truncated"),
    Part::public("frames", Kind::List(&Kind::Object(FRAME))),
];

const CRASHING_THREAD: &[Part] = &[
    integer("threads_index"),
    integer("thread_id"),
    text("thread_name"),
    text("last_error_value"),
    integer("frame_count"),
    integer("total_frames"),
    boolean("frames_truncated"),
    boolean("truncated"),
    Part::public("frames", Kind::List(&Kind::Object(FRAME))),
];

/// One frame of a stack.
pub(super) const FRAME: &[Part] = &[
    integer("frame"),
    text("trust"),
    text("offset"),
    text("module"),
    text("module_offset"),
    text("function"),
    text("function_offset"),
    text("file"),
    integer("line"),
    boolean("missing_symbols"),
    Part::public("truncated", Kind::Json),
    Part::public(
        "inlines",
        Kind::List(&Kind::Object(&[text("function"), text("file"), integer("line")])),
    ),
    Part::public(
        "unloaded_modules",
        Kind::List(&Kind::Object(&[text("module"), Part::public("offsets", Kind::Texts)])),
    ),
    Part::protected("registers", Kind::Map(&Kind::Text)),
];

const TRUNCATION: &[Part] = &[
    integer("stacks_cut"),
    integer("stack_bytes_dropped"),
    integer("threads_dropped"),
    integer("modules_dropped"),
    integer("frames_dropped"),
    integer("entries_dropped"),
    integer("names_cut"),
    integer("text_bytes_dropped"),
    Part::public("parts_missing", Kind::Json),
];
