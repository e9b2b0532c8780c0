//! The facts of a crash: the headline, the chosen few in order, and the table of all fields.

use auxilio_common::fields::FIELDS;
use serde_json::Value;

use crate::stack::{number, text};
use crate::time_text;
use crate::visible::Visible;

/// What stands at the head of the page.
pub(super) struct Headline<'a> {
    /// The bucket.
    pub signature: Visible<'a>,
    /// Product and version, if the client said them.
    pub product: Option<Visible<'a>>,
    pub version: Option<Visible<'a>>,
    pub system: Option<Visible<'a>>,
    pub channel: Option<Visible<'a>>,
    pub process_type: Option<Visible<'a>>,
    /// Signal or exception.
    pub reason: Option<Visible<'a>>,
    pub address: Option<Visible<'a>>,
    /// What the program said when it ended itself.
    pub message: Option<Visible<'a>>,
    pub submitted: Option<String>,
    /// Whether a stack, a thread or the list of modules was cut.
    pub truncated: bool,
    /// Whether something went wrong in processing.
    pub failed: bool,
}

impl<'a> Headline<'a> {
    pub(super) fn of(crash: &'a Value) -> Self {
        let line = |name| text(crash, name).map(Visible::line);
        let flag = |name| crash.get(name).and_then(Value::as_bool);
        let system = ["os_pretty_version", "os_name"].into_iter().find_map(line);
        Self {
            signature: line("signature").unwrap_or(Visible::line("no signature")),
            product: line("product"),
            version: line("version"),
            system,
            channel: line("release_channel"),
            process_type: line("process_type"),
            reason: line("reason"),
            address: line("address"),
            message: ["moz_crash_reason", "abort_message"].into_iter().find_map(line),
            submitted: text(crash, "date_processed").map(time_text::moment),
            truncated: flag("truncated") == Some(true),
            failed: flag("success") == Some(false),
        }
    }
}

/// One fact: a label and what is known.
pub(super) struct Fact<'a> {
    pub label: &'static str,
    pub value: Shown<'a>,
    /// Whether it is a code rather than words.
    pub code: bool,
}

/// A text of the crash, or one that was made from a number.
pub(super) enum Shown<'a> {
    Said(Visible<'a>),
    Made(String),
}

impl std::fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Said(text) => text.fmt(f),
            Self::Made(text) => Visible::line(text).fmt(f),
        }
    }
}

/// The chosen facts that are there and not in the headline, in the order in which people ask for them.
pub(super) fn facts<'a>(crash: &'a Value, dump: &'a Value) -> Vec<Fact<'a>> {
    let said = |name| text(crash, name).map(|text| Shown::Said(Visible::line(text)));
    let seconds = |name| number(crash, name).map(|secs| Shown::Made(time_text::duration(secs)));
    let made = |text: Option<String>| text.map(Shown::Made);
    let (words, codes) = (false, true);
    [
        (
            "Crashed, by its clock",
            made(text(crash, "client_crash_date").map(time_text::moment)),
            words,
        ),
        ("Uptime", seconds("uptime"), words),
        ("Install age", seconds("install_age"), words),
        ("Since last crash", seconds("last_crash"), words),
        ("Product", made(joined(crash, &["vendor", "product", "version"], " ")), words),
        ("Build", said("build"), codes),
        ("Channel", said("release_channel"), words),
        ("Process", said("process_type"), words),
        ("Operating system", made(system(crash)), words),
        ("CPU", made(cpu(crash)), words),
        ("Memory", made(memory(crash)), words),
        (
            "Failed allocation",
            number(crash, "oom_allocation_size").map(|n| Shown::Made(time_text::bytes(n))),
            words,
        ),
        (
            "Graphics",
            made(joined(
                crash,
                &["adapter_vendor_id", "adapter_device_id", "adapter_driver_version"],
                " ",
            )),
            codes,
        ),
        ("Crashing instruction", instruction(dump), codes),
        ("Minidump SHA-256", said("minidump_sha256_hash"), codes),
    ]
    .into_iter()
    .filter_map(|(label, value, code)| Some(Fact { label, value: value?, code }))
    .collect()
}

fn joined(crash: &Value, names: &[&str], between: &str) -> Option<String> {
    let parts: Vec<&str> = names.iter().filter_map(|name| text(crash, name)).collect();
    (!parts.is_empty()).then(|| parts.join(between))
}

fn system(crash: &Value) -> Option<String> {
    match (text(crash, "os_pretty_version"), joined(crash, &["os_name", "os_version"], " ")) {
        (Some(pretty), Some(exact)) if !exact.starts_with(pretty) => {
            Some(format!("{pretty} ({exact})"))
        }
        (pretty, exact) => exact.or_else(|| pretty.map(str::to_owned)),
    }
}

fn cpu(crash: &Value) -> Option<String> {
    let count = number(crash, "cpu_count").map(|count| match count {
        1 => "1 core".to_owned(),
        count => format!("{count} cores"),
    });
    let named = joined(crash, &["cpu_arch", "cpu_info"], ", ");
    let parts: Vec<String> = [named, count].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn memory(crash: &Value) -> Option<String> {
    let free = number(crash, "available_physical_memory").map(time_text::bytes);
    let total = number(crash, "total_physical_memory").map(time_text::bytes);
    match (free, total) {
        (Some(free), Some(total)) => Some(format!("{free} free of {total}")),
        (Some(free), None) => Some(format!("{free} free")),
        (None, total) => total,
    }
}

fn instruction(dump: &Value) -> Option<Shown<'_>> {
    text(dump.get("crash_info")?, "instruction").map(|text| Shown::Said(Visible::line(text)))
}

/// A line of the table of all fields.
pub(super) struct FieldLine {
    pub name: &'static str,
    pub description: &'static str,
    pub value: String,
}

/// All fields that the middleware answered, in the order of the table of fields.
pub(super) fn all_fields(crash: &Value) -> Vec<FieldLine> {
    FIELDS
        .iter()
        .filter(|field| !field.kind.is_structure())
        .filter_map(|field| {
            let value = match crash.get(field.name)? {
                Value::Null => return None,
                Value::String(text) => Visible::lines(text).to_string(),
                Value::Array(items) => items.iter().map(item).collect::<Vec<_>>().join("\n"),
                other => Visible::line(&other.to_string()).to_string(),
            };
            Some(FieldLine { name: field.name, description: field.description, value })
        })
        .filter(|line| !line.value.is_empty())
        .collect()
}

fn item(item: &Value) -> String {
    match item {
        Value::String(text) => Visible::line(text).to_string(),
        other => Visible::line(&other.to_string()).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn facts_that_are_not_there_leave_no_label() {
        let crash = json!({"uptime": 61, "cpu_count": 2, "build": 7});
        let facts = facts(&crash, &Value::Null);
        let shown: Vec<_> = facts.iter().map(|fact| (fact.label, fact.value.to_string())).collect();
        let expected = [("Uptime", "1 min 1 s"), ("CPU", "2 cores")];
        assert_eq!(shown, expected.map(|(label, value)| (label, value.to_owned())));
    }

    #[test]
    fn the_table_of_all_fields_shows_lists_line_by_line() {
        let crash =
            json!({"addons": ["a:1", "b\n:2"], "json_dump": {}, "unknown": "x", "uptime": 3});
        let lines = all_fields(&crash);
        let shown: Vec<_> = lines.iter().map(|line| (line.name, line.value.as_str())).collect();
        assert_eq!(shown, [("uptime", "3"), ("addons", "a:1\nb⟨U+000A⟩:2")]);
    }
}
