//! What a signature is made from: the parts of a crash that say where and how it happened.
//!
//! The JSON shape is that of Mozilla's `signify` (socorro-today.md, section 3.1), so that one line
//! serves both programs. Unknown keys are ignored, every key may be absent.

use serde::{Deserialize, Serialize};

use crate::lenient;

/// A crash, as far as its signature goes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CrashData {
    /// The operating system; `Windows NT` makes module names lower-case.
    pub os: Option<String>,
    /// Index of the thread that crashed; the first one if it is not known.
    #[serde(deserialize_with = "lenient::integer")]
    pub crashing_thread: Option<i64>,
    /// The signal or exception, with its detail.
    pub reason: Option<String>,
    /// All threads.
    pub threads: Option<Vec<Thread>>,
    /// Bytes of the allocation that failed.
    #[serde(deserialize_with = "lenient::integer")]
    pub oom_allocation_size: Option<i64>,
    /// State of a failed large allocation of script.
    pub js_large_allocation_failure: Option<String>,
    /// The message of an abort.
    pub abort_message: Option<String>,
    /// How the stack walker ended: its word for why there is no stack.
    pub mdsw_status_string: Option<String>,
}

/// One thread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Thread {
    /// Its frames, innermost first.
    pub frames: Option<Vec<Frame>>,
    /// Windows: the thread's last error, by name.
    pub last_error_value: Option<String>,
    /// The thread's name.
    pub thread_name: Option<String>,
}

/// One physical frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Frame {
    /// Leaf name of the module.
    pub module: Option<String>,
    /// The function as the symbols spell it.
    pub function: Option<String>,
    /// The source file, which may name a repository and a revision.
    pub file: Option<String>,
    /// The line in it.
    #[serde(deserialize_with = "lenient::integer")]
    pub line: Option<i64>,
    /// The instruction's offset in the module, as `0x` and hexadecimal digits.
    pub module_offset: Option<String>,
    /// The instruction's address, as `0x` and hexadecimal digits.
    pub offset: Option<String>,
    /// Functions that the compiler put into this one, innermost first.
    pub inlines: Option<Vec<Inline>>,
    /// Modules that were unloaded from where the instruction lies.
    pub unloaded_modules: Option<Vec<UnloadedModule>>,
}

/// A function that the compiler put into the one of its frame.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inline {
    /// The function.
    pub function: Option<String>,
    /// Its source file.
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
    pub module: Option<String>,
}

impl CrashData {
    /// The thread that the signature is about: the crashing one, the first if it is not known.
    pub(crate) fn crashing_index(&self) -> i64 {
        self.crashing_thread.unwrap_or(0)
    }

    /// A thread by its index, if there is one.
    pub(crate) fn thread(&self, index: i64) -> Option<&Thread> {
        self.threads.as_ref()?.get(usize::try_from(index).ok()?)
    }
}
