//! What a signature is made from: the parts of a crash that say where and how it happened.
//!
//! The JSON shape is that of Mozilla's `signify` (socorro-today.md, section 3.1), so that one line
//! serves both programs. Unknown keys are ignored, every key may be absent, and one of another shape
//! is as good as absent.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::lenient;

/// A crash, as far as its signature goes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CrashData {
    /// The operating system; `Windows NT` makes module names lower-case.
    #[serde(deserialize_with = "lenient::text")]
    pub os: Option<String>,
    /// Index of the thread that crashed; the first one if it is not known. A negative one counts from
    /// the last.
    #[serde(deserialize_with = "lenient::integer")]
    pub crashing_thread: Option<i64>,
    /// The signal or exception, with its detail.
    #[serde(deserialize_with = "lenient::text")]
    pub reason: Option<String>,
    /// All threads.
    #[serde(deserialize_with = "lenient::list")]
    pub threads: Option<Vec<Thread>>,
    /// All loaded modules, the program's own first. Only the group key needs them; `signify` does not
    /// know this key.
    #[serde(deserialize_with = "lenient::list")]
    pub modules: Option<Vec<Module>>,
    /// The text of a Java exception and its stack.
    pub java_stack_trace: Option<Value>,
    /// A Java exception as an object.
    pub java_exception: Option<Value>,
    /// Bytes of the allocation that failed.
    #[serde(deserialize_with = "lenient::integer")]
    pub oom_allocation_size: Option<i64>,
    /// State of a failed large allocation of script.
    #[serde(deserialize_with = "lenient::text")]
    pub js_large_allocation_failure: Option<String>,
    /// The message of an abort.
    #[serde(deserialize_with = "lenient::text")]
    pub abort_message: Option<String>,
    /// What hung; in crashes of 2012 -1 for a plugin, 1 for its browser.
    pub hang: Option<Value>,
    /// JSON about a shutdown that took too long: its phase and what it waited for.
    pub async_shutdown_timeout: Option<Value>,
    /// Why a channel between processes broke.
    #[serde(deserialize_with = "lenient::text")]
    pub ipc_channel_error: Option<String>,
    /// The message between processes that was at work.
    #[serde(deserialize_with = "lenient::text")]
    pub ipc_message_name: Option<String>,
    /// Names of the minidumps besides the main one.
    #[serde(deserialize_with = "lenient::texts")]
    pub additional_minidumps: Option<Vec<String>>,
    /// How the stack walker ended: its word for why there is no stack.
    #[serde(deserialize_with = "lenient::text")]
    pub mdsw_status_string: Option<String>,
}

/// One thread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Thread {
    /// Its frames, innermost first.
    #[serde(deserialize_with = "lenient::list")]
    pub frames: Option<Vec<Frame>>,
    /// Windows: the thread's last error, by name.
    #[serde(deserialize_with = "lenient::text")]
    pub last_error_value: Option<String>,
    /// The thread's name.
    #[serde(deserialize_with = "lenient::text")]
    pub thread_name: Option<String>,
}

/// One physical frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Frame {
    /// Leaf name of the module.
    #[serde(deserialize_with = "lenient::text")]
    pub module: Option<String>,
    /// The function as the symbols spell it.
    #[serde(deserialize_with = "lenient::text")]
    pub function: Option<String>,
    /// The source file, which may name a repository and a revision.
    #[serde(deserialize_with = "lenient::text")]
    pub file: Option<String>,
    /// The line in it.
    #[serde(deserialize_with = "lenient::integer")]
    pub line: Option<i64>,
    /// The instruction's offset in the module, as `0x` and hexadecimal digits.
    #[serde(deserialize_with = "lenient::text")]
    pub module_offset: Option<String>,
    /// The instruction's address, as `0x` and hexadecimal digits.
    #[serde(deserialize_with = "lenient::text")]
    pub offset: Option<String>,
    /// Functions that the compiler put into this one, innermost first.
    #[serde(deserialize_with = "lenient::list")]
    pub inlines: Option<Vec<Inline>>,
    /// Modules that were unloaded from where the instruction lies.
    #[serde(deserialize_with = "lenient::list")]
    pub unloaded_modules: Option<Vec<UnloadedModule>>,
}

/// A function that the compiler put into the one of its frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inline {
    /// The function.
    #[serde(deserialize_with = "lenient::text")]
    pub function: Option<String>,
    /// Its source file.
    #[serde(deserialize_with = "lenient::text")]
    pub file: Option<String>,
    /// The line in it.
    #[serde(deserialize_with = "lenient::integer")]
    pub line: Option<i64>,
}

/// A module that was unloaded before the crash.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnloadedModule {
    /// Leaf name of the module.
    #[serde(deserialize_with = "lenient::text")]
    pub module: Option<String>,
}

/// A loaded module: which build of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Module {
    /// Leaf name of its file.
    #[serde(deserialize_with = "lenient::text")]
    pub filename: Option<String>,
    /// Its build, as the symbols name it.
    #[serde(deserialize_with = "lenient::text")]
    pub debug_id: Option<String>,
    /// Its build, as the file names it.
    #[serde(deserialize_with = "lenient::text")]
    pub code_id: Option<String>,
}

impl CrashData {
    /// Reads one crash from its JSON: an object as above, or a whole processed crash, which has its
    /// stack in `json_dump`.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        // By a map: of a key that stands twice the last one counts, as in other readers.
        let mut crash: Map<String, Value> = serde_json::from_str(text)?;
        if let Some(dump) = crash.remove("json_dump") {
            for (key, path) in FROM_DUMP {
                crash.insert((*key).to_owned(), dump.pointer(path).cloned().unwrap_or_default());
            }
        }
        Self::deserialize(Value::Object(crash))
    }

    /// The thread that the signature is about: the crashing one, the first if it is not known.
    pub(crate) fn crashing_index(&self) -> i64 {
        self.crashing_thread.unwrap_or(0)
    }

    /// A thread by its index, if there is one; -1 is the last.
    pub(crate) fn thread(&self, index: i64) -> Option<&Thread> {
        let threads = self.threads.as_deref()?;
        let from_end = usize::try_from(index.checked_neg()?).ok().filter(|places| *places > 0);
        let place = match from_end {
            Some(places) => threads.len().checked_sub(places)?,
            None => usize::try_from(index).ok()?,
        };
        threads.get(place)
    }
}

/// Where a processed crash keeps what its stack is: our key, and the way inside `json_dump`.
const FROM_DUMP: &[(&str, &str)] = &[
    ("crashing_thread", "/crash_info/crashing_thread"),
    ("reason", "/crash_info/type"),
    ("threads", "/threads"),
    ("modules", "/modules"),
    ("os", "/system_info/os"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_index_counts_from_the_last_thread() {
        let thread =
            |name: &str| Thread { thread_name: Some(name.to_owned()), ..Thread::default() };
        let crash =
            CrashData { threads: Some(vec![thread("a"), thread("b")]), ..CrashData::default() };
        for (index, expected) in [
            (0, Some("a")),
            (1, Some("b")),
            (2, None),
            (-1, Some("b")),
            (-2, Some("a")),
            (-3, None),
        ] {
            let found = crash.thread(index).and_then(|thread| thread.thread_name.as_deref());
            assert_eq!(found, expected, "{index}");
        }
        assert!(crash.thread(i64::MIN).is_none() && crash.thread(i64::MAX).is_none());
    }

    #[test]
    fn a_processed_crash_is_read_by_its_dump() {
        let crash = CrashData::from_json(
            r#"{"os": "no", "abort_message": "m", "hang": null, "hang": "ui", "json_dump": {
                "crash_info": {"crashing_thread": 1, "type": "SIGSEGV"}, "system_info": {"os": "Linux"},
                "threads": [{}, {"frames": [{"function": "f"}]}], "modules": [{"filename": "m"}]}}"#,
        )
        .unwrap();
        assert_eq!(crash.os.as_deref(), Some("Linux"));
        assert_eq!(crash.reason.as_deref(), Some("SIGSEGV"));
        assert_eq!((crash.crashing_thread, crash.threads.map(|all| all.len())), (Some(1), Some(2)));
        assert_eq!(crash.hang, Some(Value::from("ui")));
        assert!(crash.modules.is_some() && crash.abort_message.is_some());
        assert!(CrashData::from_json("[]").is_err() && CrashData::from_json("{").is_err());
    }
}
