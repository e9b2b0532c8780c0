//! The walker's answer as the lines that minidump_stackwalk wrote in 2012 (its option -m): fields
//! between bars, the crashing thread first.
//!
//! ```text
//! OS|name|version
//! CPU|architecture|details|count
//! Crash|reason|address|thread
//! Module|file|version|debug file|debug id|first address|last address|1 for the main one
//!
//! thread|frame|module|function|source|line|offset
//! ```

use std::fmt::Write as _;

use serde_json::Value;

/// Writes the lines; what is not known is empty.
pub(super) fn write(dump: &Value) -> String {
    let mut text = String::new();
    let (system, crash) = (&dump["system_info"], &dump["crash_info"]);
    line(&mut text, &["OS".to_owned(), field(&system["os"]), field(&system["os_ver"])]);
    let cpu = ["cpu_arch", "cpu_info", "cpu_count"].map(|name| field(&system[name]));
    line(&mut text, &[&["CPU".to_owned()], &cpu[..]].concat());
    let crashed = ["type", "address", "crashing_thread"].map(|name| field(&crash[name]));
    line(&mut text, &[&["Crash".to_owned()], &crashed[..]].concat());
    for (index, module) in list(&dump["modules"]).iter().enumerate() {
        let facts = ["filename", "version", "debug_file", "debug_id", "base_addr", "end_addr"]
            .map(|name| field(&module[name]));
        let main = u8::from(dump["main_module"].as_u64() == Some(index as u64)).to_string();
        line(&mut text, &[&["Module".to_owned()], &facts[..], &[main]].concat());
    }
    text.push('\n');
    let threads = list(&dump["threads"]);
    let first = crash["crashing_thread"].as_u64().and_then(|index| usize::try_from(index).ok());
    let others = (0..threads.len()).filter(|index| Some(*index) != first);
    for index in first.into_iter().chain(others) {
        let Some(thread) = threads.get(index) else { continue };
        for frame in list(&thread["frames"]) {
            line(&mut text, &frame_fields(index, frame));
        }
    }
    text
}

fn frame_fields(thread: usize, frame: &Value) -> [String; 7] {
    // The address counts from the beginning of the smallest thing that has a name.
    let from = [
        ("function_offset", !frame["function"].is_null()),
        ("module_offset", !frame["module"].is_null()),
        ("offset", true),
    ];
    let offset = from
        .iter()
        .find(|(name, is_named)| *is_named && !frame[*name].is_null())
        .map(|(name, _)| field(&frame[*name]));
    let [number, module, function, file, line] =
        ["frame", "module", "function", "file", "line"].map(|name| field(&frame[name]));
    [thread.to_string(), number, module, function, file, line, offset.unwrap_or_default()]
}

/// A value between two bars: it holds no bar and no line break itself.
fn field(value: &Value) -> String {
    match value {
        Value::String(text) => text.replace(['|', '\n', '\r'], " "),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

fn line(text: &mut String, fields: &[String]) {
    // Writing to a String never fails.
    let _ = writeln!(text, "{}", fields.join("|"));
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lines_are_those_of_the_walker_of_2012() {
        let dump = json!({
            "system_info": {"os": "Linux", "os_ver": "0.0.0", "cpu_arch": "amd64", "cpu_info": "family 6", "cpu_count": 2},
            "crash_info": {"type": "SIGSEGV", "address": "0x10", "crashing_thread": 1},
            "main_module": 1,
            "modules": [
                {"filename": "libc.so", "debug_file": "libc.so", "debug_id": "AB0", "base_addr": "0x1000", "end_addr": "0x2000"},
                {"filename": "demo", "version": "1.0", "base_addr": "0x4000", "end_addr": "0x5000"},
            ],
            "threads": [
                {"frames": [{"frame": 0, "module": "libc.so", "module_offset": "0x7", "offset": "0x1007"}]},
                {"frames": [
                    {"frame": 0, "module": "demo", "function": "operator|", "file": "a.cpp", "line": 7, "function_offset": "0x3", "module_offset": "0x13", "offset": "0x4013"},
                    {"frame": 1, "offset": "0xdead"},
                ]},
            ],
        });
        assert_eq!(
            write(&dump),
            "OS|Linux|0.0.0\nCPU|amd64|family 6|2\nCrash|SIGSEGV|0x10|1\n\
             Module|libc.so||libc.so|AB0|0x1000|0x2000|0\nModule|demo|1.0|||0x4000|0x5000|1\n\n\
             1|0|demo|operator |a.cpp|7|0x3\n1|1|||||0xdead\n0|0|libc.so||||0x7\n"
        );
    }

    #[test]
    fn parts_of_other_shapes_are_empty() {
        let dump =
            json!({"modules": [7], "threads": {"frames": 1}, "crash_info": {"crashing_thread": 9}});
        assert_eq!(write(&dump), "OS||\nCPU|||\nCrash|||9\nModule|||||||0\n\n");
        assert_eq!(write(&Value::Null), "OS||\nCPU|||\nCrash|||\n\n");
    }
}
