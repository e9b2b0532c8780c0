//! The signature of a crash: from its frames to the name of the bucket that it belongs to.
//!
//! The text is compatible with Mozilla's generator (socorro-today.md, section 3). The lists that
//! choose frames are our own data files, see `lists/`; `docs/signatures.md` says why each family is
//! in. Everything is pure and deterministic, and takes time linear in its input.
//!
//! What this crate deliberately is not: it does not walk stacks, look up symbols, read files or
//! know where a crash is stored. It does not decide whether a crash is worth keeping.

mod case;
mod crash_data;
mod frame_names;
mod generator;
mod group_key;
mod java_exception;
mod java_stack;
mod json;
mod lenient;
mod lists;
mod normalise;
mod place;
mod post_rule;
mod reduced;
mod rules;
mod source_path;
mod style;
mod thread_frames;
mod walk;
mod work;

pub use crash_data::{CrashData, Frame, Inline, Module, Thread, UnloadedModule};
pub use frame_names::FrameNames;
pub use generator::{Generator, Signature, generate};
pub use group_key::GroupKey;
pub use lists::{ListError, ListTexts, Lists};
pub use style::Style;
