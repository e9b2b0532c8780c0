//! What a signature is made from: the parts of a crash that say where and how it happened.
//!
//! The JSON shape is that of Mozilla's `signify` (socorro-today.md, section 3.1), so that one line
//! serves both programs. Unknown keys are ignored, every key may be absent, and one of another shape
//! is as good as absent.

use serde::Serialize;
use serde::de::MapAccess;
use serde_json::Value;

use crate::lenient::{self, Any, Fields, Integer, List, Object, Text, Texts, fields};

/// A crash, as far as its signature goes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CrashData {
    /// The operating system; `Windows NT` makes module names lower-case.
    pub os: Option<Box<str>>,
    /// Index of the thread that crashed; the first one if it is not known. A negative one counts from
    /// the last.
    pub crashing_thread: Option<i64>,
    /// The signal or exception, with its detail.
    pub reason: Option<Box<str>>,
    /// All threads.
    pub threads: Option<Box<[Thread]>>,
    /// All loaded modules, the program's own first. Only the group key needs them; `signify` does not
    /// know this key.
    pub modules: Option<Box<[Module]>>,
    /// The text of a Java exception and its stack.
    pub java_stack_trace: Option<Value>,
    /// A Java exception as an object.
    pub java_exception: Option<Value>,
    /// Bytes of the allocation that failed.
    pub oom_allocation_size: Option<i64>,
    /// State of a failed large allocation of script.
    pub js_large_allocation_failure: Option<Box<str>>,
    /// The message of an abort.
    pub abort_message: Option<Box<str>>,
    /// What hung; in crashes of 2012 -1 for a plugin, 1 for its browser.
    pub hang: Option<Value>,
    /// JSON about a shutdown that took too long: its phase and what it waited for.
    pub async_shutdown_timeout: Option<Value>,
    /// Why a channel between processes broke.
    pub ipc_channel_error: Option<Box<str>>,
    /// The message between processes that was at work.
    pub ipc_message_name: Option<Box<str>>,
    /// Names of the minidumps besides the main one.
    pub additional_minidumps: Option<Vec<Box<str>>>,
    /// How the stack walker ended: its word for why there is no stack.
    pub mdsw_status_string: Option<Box<str>>,
}

/// One thread.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Thread {
    /// Its frames, innermost first.
    pub frames: Option<Box<[Frame]>>,
    /// Windows: the thread's last error, by name.
    pub last_error_value: Option<Box<str>>,
    /// The thread's name.
    pub thread_name: Option<Box<str>>,
}

/// One physical frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Frame {
    /// Leaf name of the module.
    pub module: Option<Box<str>>,
    /// The function as the symbols spell it.
    pub function: Option<Box<str>>,
    /// The source file, which may name a repository and a revision.
    pub file: Option<Box<str>>,
    /// The line in it.
    pub line: Option<i64>,
    /// The instruction's offset in the module, as `0x` and hexadecimal digits.
    pub module_offset: Option<Box<str>>,
    /// The instruction's address, as `0x` and hexadecimal digits.
    pub offset: Option<Box<str>>,
    /// Functions that the compiler put into this one, innermost first.
    pub inlines: Option<Box<[Inline]>>,
    /// Modules that were unloaded from where the instruction lies.
    pub unloaded_modules: Option<Box<[UnloadedModule]>>,
}

/// A function that the compiler put into the one of its frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Inline {
    /// The function.
    pub function: Option<Box<str>>,
    /// Its source file.
    pub file: Option<Box<str>>,
    /// The line in it.
    pub line: Option<i64>,
}

/// A module that was unloaded before the crash.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct UnloadedModule {
    /// Leaf name of the module.
    pub module: Option<Box<str>>,
}

/// A loaded module: which build of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Module {
    /// Leaf name of its file.
    pub filename: Option<Box<str>>,
    /// Its build, as the symbols name it.
    pub debug_id: Option<Box<str>>,
    /// Its build, as the file names it.
    pub code_id: Option<Box<str>>,
}

fields!(CrashData {
    os: Text,
    crashing_thread: Integer,
    reason: Text,
    threads: List<Thread>,
    modules: List<Module>,
    java_stack_trace: Any,
    java_exception: Any,
    oom_allocation_size: Integer,
    js_large_allocation_failure: Text,
    abort_message: Text,
    hang: Any,
    async_shutdown_timeout: Any,
    ipc_channel_error: Text,
    ipc_message_name: Text,
    additional_minidumps: Texts,
    mdsw_status_string: Text,
});

fields!(Thread { frames: List<Frame>, last_error_value: Text, thread_name: Text });

fields!(Frame {
    module: Text,
    function: Text,
    file: Text,
    line: Integer,
    module_offset: Text,
    offset: Text,
    inlines: List<Inline>,
    unloaded_modules: List<UnloadedModule>,
});

fields!(Inline { function: Text, file: Text, line: Integer });

fields!(UnloadedModule { module: Text });

fields!(Module { filename: Text, debug_id: Text, code_id: Text });

impl CrashData {
    /// Reads one crash from its JSON: an object as above, or a whole processed crash, which has its
    /// stack in `json_dump`.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let mut source = serde_json::Deserializer::from_str(text);
        let document: Document = lenient::object(&mut source)?;
        source.end()?;
        Ok(document.crash())
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

/// A crash as its JSON has it.
#[derive(Debug, Default)]
struct Document {
    own: CrashData,
    dump: Option<Dump>,
}

impl Document {
    /// What the dump says of the stack holds, even where it says nothing.
    fn crash(self) -> CrashData {
        let Some(Dump { crash_info, system_info, threads, modules }) = self.dump else {
            return self.own;
        };
        let CrashInfo { crashing_thread, reason } = crash_info;
        CrashData { crashing_thread, reason, threads, modules, os: system_info.os, ..self.own }
    }
}

impl Fields for Document {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, items: &mut A) -> Result<bool, A::Error> {
        if key != "json_dump" {
            return self.own.take(key, items);
        }
        self.dump = Some(lenient::value::<Object<Dump>, A>(items)?);
        Ok(true)
    }
}

/// What the stack walker says of a crash.
#[derive(Debug, Default)]
struct Dump {
    crash_info: CrashInfo,
    system_info: SystemInfo,
    threads: Option<Box<[Thread]>>,
    modules: Option<Box<[Module]>>,
}

fields!(Dump {
    crash_info: Object<CrashInfo>,
    system_info: Object<SystemInfo>,
    threads: List<Thread>,
    modules: List<Module>,
});

#[derive(Debug, Default)]
struct SystemInfo {
    os: Option<Box<str>>,
}

fields!(SystemInfo { os: Text });

#[derive(Debug, Default)]
struct CrashInfo {
    crashing_thread: Option<i64>,
    reason: Option<Box<str>>,
}

impl Fields for CrashInfo {
    fn take<'de, A: MapAccess<'de>>(&mut self, key: &str, items: &mut A) -> Result<bool, A::Error> {
        match key {
            "crashing_thread" => self.crashing_thread = lenient::value::<Integer, A>(items)?,
            "type" => self.reason = lenient::value::<Text, A>(items)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_index_counts_from_the_last_thread() {
        let thread = |name: &str| Thread { thread_name: Some(name.into()), ..Thread::default() };
        let crash =
            CrashData { threads: Some([thread("a"), thread("b")].into()), ..CrashData::default() };
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
        for bad in ["", "[]", "7", "null", "{", "{} {}", r#"{"threads": [}"#, r#"{"os": "\ud800"}"#]
        {
            assert!(CrashData::from_json(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn of_a_key_that_stands_twice_the_last_one_counts_at_any_depth() {
        let crash = CrashData::from_json(
            r#"{"threads": [], "json_dump": {"crash_info": {"type": "a"}}, "json_dump": {
                "crash_info": {"type": "b", "crashing_thread": 2},
                "crash_info": {"crashing_thread": 1, "crashing_thread": 0},
                "threads": [{"frames": null, "frames": [{"function": "f", "\u0066unction": "g",
                    "unknown": {"function": "h"}, "line": 1, "line": "x"}]}]}}"#,
        )
        .unwrap();
        assert_eq!((crash.reason.as_deref(), crash.crashing_thread), (None, Some(0)));
        let frame = &crash.threads.as_deref().unwrap()[0].frames.as_deref().unwrap()[0];
        assert_eq!((frame.function.as_deref(), frame.line), (Some("g"), None));
    }
}
