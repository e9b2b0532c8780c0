//! The collector: takes a crash over HTTP, spools it durably, and only then answers with its id.
//!
//! What this crate deliberately is not: it needs no database, no store and no network but its
//! listener; it does not look into minidumps; it never removes what it has spooled.

mod answer;
mod app;
mod body;
mod config;
mod content;
mod extra;
mod form;
mod identity;
mod multipart;
mod part_head;
mod refusal;
mod submission;
mod submit;
mod throttle;
mod tokens;

pub use app::{Error, run};
pub use config::{Config, QuotaConfig, ThrottleConfig};
pub use multipart::{MultipartError, Parser, PartSink};
pub use part_head::PartHead;
pub use throttle::quota::{QuotaError, read_product_quota};
pub use throttle::{Explanation, RuleError, RuleExplanation, RuleOutcome, RuleSet, RulesError};
pub use tokens::hash_token;
