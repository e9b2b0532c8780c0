//! The shell that every role starts through: configuration, logs, metrics, health, shutdown in two
//! stages, the leased worker loop and the text of rules that people write, each written once.
//!
//! What this crate deliberately is not: it knows no role, no store, no SQL and no format of a crash's
//! files, and not what any rule says. It
//! is the only place that reads the clock, the environment and the system's randomness; everybody
//! else is handed them.

pub mod backoff;
pub mod client;
pub mod client_address;
pub mod clock;
pub mod config;
pub mod environment;
pub mod hangup;
pub mod health;
pub mod http;
pub mod log;
pub mod metrics;
pub mod ops;
pub mod recurring;
pub mod rule_text;
pub mod secret;
pub mod shell;
pub mod shutdown;
pub mod worker;

pub use shell::{Shell, Version};
pub use shutdown::Shutdown;

/// An error of any kind, for the edges where only its text matters.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An error and its causes on one line, for a log or an operator: `a: b: c`.
pub fn error_chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
