//! The signature of a crash: from its frames to the name of the bucket that it belongs to.
//!
//! The text is compatible with Mozilla's generator (socorro-today.md, section 3). The lists that
//! choose frames are our own data files, see `lists/`. Everything is pure and deterministic, and
//! takes time linear in its input.
//!
//! What this crate deliberately is not: it does not walk stacks, look up symbols, read files or
//! know where a crash is stored. It does not decide whether a crash is worth keeping.

mod crash_data;
mod generate;
mod lenient;
mod lists;
mod normalise;
mod post_rule;
mod rules;
mod source_path;
mod thread_frames;
mod walk;

pub use crash_data::{CrashData, Frame, Inline, Thread, UnloadedModule};
pub use generate::{Signature, generate};
pub use lists::{ListError, ListTexts, Lists};
