//! The collector: takes a crash over HTTP, spools it durably, and only then answers with its id.
//!
//! What this crate deliberately is not: it needs no database, no store and no network but its
//! listener; it does not look into minidumps; it never removes what it has spooled.

mod answer;
mod app;
mod body;
mod codings;
mod config;
mod content;
mod dump_part;
mod extra;
mod form;
mod identity;
mod multipart;
mod nested_form;
mod notes;
mod overload;
mod packed;
mod part_head;
mod refusal;
mod submission;
mod submit;
mod throttle;
mod tokens;
mod upkeep;

pub use app::{Error, run};
pub use codings::{Coding, DecodeError, Decoder};
pub use config::{Config, QuotaConfig, ThrottleConfig};
pub use extra::{JsonPartError, read_json_part};
pub use multipart::{FeedError, MultipartError, Parser, PartSink};
pub use part_head::{PartHead, PartName};
pub use throttle::quota::{QuotaError, read_product_quota};
pub use throttle::{Explanation, RuleExplanation, RuleOutcome, RuleSet};
pub use tokens::hash_token;
