//! The words that every part of Auxilio shares, in the order in which a crash meets them.
//!
//! What this crate deliberately is not: it does no I/O, starts no task, reads no clock, no
//! environment and no randomness. It knows neither HTTP nor SQL nor a file format. Whatever needs
//! one of those takes it as a parameter or lives in the crate that owns it.

pub mod annotation;
pub mod audit;
pub mod blocking;
pub mod clock;
pub mod crash_id;
pub mod day;
pub mod dump;
pub mod fields;
pub mod job;
pub mod json_text;
pub mod limits;
pub mod optional_path;
pub mod outcome;
pub mod processed_crash;
pub mod raw_crash;
pub mod receipt;
pub mod storage;
pub mod throttle;
pub mod timestamp;

pub use annotation::Annotations;
pub use clock::{Clock, Random};
pub use crash_id::CrashId;
pub use day::Day;
pub use dump::{DumpInfo, DumpName};
pub use job::{Generation, Lane};
pub use json_text::JsonText;
pub use outcome::{JobOutcome, SubmissionOutcome};
pub use processed_crash::{ProcessedCrash, ProcessedDocument, ProcessedEnvelope, Quality};
pub use raw_crash::{Metadata, Payload, RawCrash};
pub use storage::{CrashStore, RawEnvelope, StoreError};
pub use throttle::Throttle;
pub use timestamp::Timestamp;
