//! What the rules read of the walker's answer: the rest, most of it, is passed over.

use std::borrow::Cow;
use std::collections::BTreeMap;

use auxilio_common::JsonText;
use auxilio_signature::Thread;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// The main minidump's stack. A part of another shape than agreed is as good as absent, and named
/// in [`Stack::odd`].
#[derive(Clone, Debug, Default)]
pub struct Stack<'a> {
    /// How it crashed: an object.
    pub crash_info: Value,
    /// The machine: an object.
    pub system_info: Value,
    /// The distribution of a Linux: an object.
    pub lsb_release: Value,
    /// How a Mac was told to boot: a text.
    pub mac_boot_args: Value,
    /// What macOS wrote about the crash: an object.
    pub mac_crash_info: Value,
    /// What went wrong while the dump was written, as JSON text.
    pub soft_errors: Option<&'a str>,
    /// The process's number.
    pub pid: Option<i64>,
    /// How many threads the process had, those that were cut from the walk counted.
    pub thread_count: Option<i64>,
    /// How many threads there are in the answer.
    pub threads_len: usize,
    /// The first thread and the one that the walker says crashed, by their places: no rule looks at
    /// others.
    pub threads: BTreeMap<usize, Thread>,
    /// All loaded modules.
    pub modules: Vec<Module<'a>>,
    /// Where the answer has another shape than agreed.
    pub odd: Vec<&'static str>,
}

/// A loaded module.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Module<'a> {
    /// Leaf name of its file.
    #[serde(borrow)]
    filename: Option<Text<'a>>,
    #[serde(borrow)]
    debug_id: Option<Text<'a>>,
    #[serde(borrow)]
    code_id: Option<Text<'a>>,
    #[serde(borrow)]
    version: Option<Text<'a>>,
    missing_symbols: Option<bool>,
}

/// A text that is copied only where it holds an escape.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The parts as they come, the two large ones as `T` and `M`.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>, M: Deserialize<'de>"))]
struct Parts<'a, T, M> {
    #[serde(borrow)]
    crash_info: Option<&'a RawValue>,
    #[serde(borrow)]
    system_info: Option<&'a RawValue>,
    #[serde(borrow)]
    lsb_release: Option<&'a RawValue>,
    #[serde(borrow)]
    mac_boot_args: Option<&'a RawValue>,
    #[serde(borrow)]
    mac_crash_info: Option<&'a RawValue>,
    #[serde(borrow)]
    soft_errors: Option<&'a RawValue>,
    #[serde(borrow)]
    pid: Option<&'a RawValue>,
    #[serde(borrow)]
    thread_count: Option<&'a RawValue>,
    threads: Option<T>,
    modules: Option<M>,
}

/// The large parts, taken apart while all is read for the first time.
type Whole<'a> = Parts<'a, Vec<&'a RawValue>, Vec<Module<'a>>>;

/// The large parts as text: one of another shape hides none of the others.
type Texts<'a> = Parts<'a, &'a RawValue, &'a RawValue>;

impl<'a> Stack<'a> {
    /// Reads the walker's answer.
    pub fn read(json_dump: &'a JsonText) -> Self {
        let mut stack = Self::default();
        let threads = if let Ok(parts) = serde_json::from_str::<Whole<'a>>(json_dump.get()) {
            let (threads, modules) = stack.take_small(parts);
            stack.modules = modules.unwrap_or_default();
            threads.unwrap_or_default()
        } else if let Ok(parts) = serde_json::from_str::<Texts<'a>>(json_dump.get()) {
            let (threads, modules) = stack.take_small(parts);
            stack.modules = stack.part("json_dump.modules", modules);
            stack.part("json_dump.threads", threads)
        } else {
            stack.odd.push("json_dump");
            return stack;
        };
        stack.threads_len = threads.len();
        for place in [Some(0), stack.walked_thread()].into_iter().flatten() {
            // Mostly it is the first one that crashed.
            let is_read = stack.threads.contains_key(&place);
            if let Some(thread) = threads.get(place).filter(|_| !is_read) {
                let thread = stack.part("json_dump.threads", Some(thread));
                stack.threads.insert(place, thread);
            }
        }
        stack
    }

    /// Takes the small parts; gives the large ones back.
    fn take_small<T, M>(&mut self, parts: Parts<'a, T, M>) -> (Option<T>, Option<M>) {
        self.crash_info = self.part("json_dump.crash_info", parts.crash_info);
        self.system_info = self.part("json_dump.system_info", parts.system_info);
        self.lsb_release = self.part("json_dump.lsb_release", parts.lsb_release);
        self.mac_boot_args = self.part("json_dump.mac_boot_args", parts.mac_boot_args);
        self.mac_crash_info = self.part("json_dump.mac_crash_info", parts.mac_crash_info);
        self.soft_errors = parts.soft_errors.map(RawValue::get);
        self.pid = self.part("json_dump.pid", parts.pid);
        self.thread_count = self.part("json_dump.thread_count", parts.thread_count);
        (parts.threads, parts.modules)
    }

    fn part<T: Default + Deserialize<'a>>(
        &mut self,
        path: &'static str,
        text: Option<&'a RawValue>,
    ) -> T {
        // Every part may be null.
        let read = text.map_or(Ok(None), |text| serde_json::from_str::<Option<T>>(text.get()));
        if read.is_err() {
            self.odd.push(path);
        }
        read.ok().flatten().unwrap_or_default()
    }

    /// The place of the thread that the walker says crashed.
    pub fn walked_thread(&self) -> Option<usize> {
        let place = self.crash_info.get("crashing_thread").and_then(Value::as_u64)?;
        usize::try_from(place).ok()
    }

    /// The thread at a place, if it is one that rules look at.
    pub fn thread(&self, place: i64) -> Option<&Thread> {
        self.threads.get(&usize::try_from(place).ok()?)
    }
}

impl Module<'_> {
    /// Leaf name of its file.
    pub fn filename(&self) -> Option<&str> {
        said(self.filename.as_ref())
    }

    /// Its build, as the symbols name it.
    pub fn debug_id(&self) -> Option<&str> {
        said(self.debug_id.as_ref())
    }

    /// Its build, as the file names it.
    pub fn code_id(&self) -> Option<&str> {
        said(self.code_id.as_ref())
    }

    /// Its version.
    pub fn version(&self) -> Option<&str> {
        said(self.version.as_ref())
    }

    /// Whether its symbols were looked for and not there.
    pub fn misses_symbols(&self) -> bool {
        self.missing_symbols == Some(true)
    }
}

fn said<'a>(text: Option<&'a Text<'_>>) -> Option<&'a str> {
    text.map(|text| &*text.0).filter(|text| !text.is_empty())
}

/// A text inside a value, unless it is empty.
pub fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// A frame's text, unless it is empty.
pub fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(value: &Value) -> JsonText {
        JsonText::of(value).unwrap()
    }

    #[test]
    fn the_first_and_the_crashing_thread_are_read() {
        let answer = answer(&json!({
            "crash_info": {"crashing_thread": 2},
            "threads": [{"thread_name": "a"}, {"thread_name": 7}, {"thread_name": "c"}, {}],
            "modules": [{"filename": "m\n", "debug_id": "", "version": null, "missing_symbols": true}],
        }));
        let stack = Stack::read(&answer);
        assert_eq!(stack.odd, Vec::<&str>::new());
        assert_eq!((stack.threads_len, stack.threads.len()), (4, 2));
        assert_eq!(stack.thread(2).and_then(|thread| thread.thread_name.as_deref()), Some("c"));
        assert!(stack.thread(1).is_none() && stack.thread(-1).is_none());
        let module = &stack.modules[0];
        assert_eq!((module.filename(), module.debug_id()), (Some("m\n"), None));
        assert!(module.version().is_none() && module.misses_symbols());
    }

    #[test]
    fn a_part_of_another_shape_hides_no_other() {
        let answer = answer(&json!({
            "crash_info": null, "system_info": {"os": "Linux"}, "thread_count": "x",
            "threads": [7, {}], "modules": {},
        }));
        let stack = Stack::read(&answer);
        assert_eq!(stack.odd, ["json_dump.thread_count", "json_dump.modules", "json_dump.threads"]);
        assert_eq!(text(&stack.system_info, "os"), Some("Linux"));
        assert_eq!(stack.threads_len, 2);
    }
}
