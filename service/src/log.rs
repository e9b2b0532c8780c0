//! Logs: text on a terminal, one JSON object a line elsewhere; always on standard error.
//!
//! Every line about a crash carries its id as the field `crash_id`. Values of annotations are never
//! logged: they may be personal.

use std::io::IsTerminal;

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// Libraries that say too much below these levels, whatever the configuration says: the driver of
/// Postgres shows the parameters of its statements, which hold personal values.
const CAPS: [&str; 2] = ["tokio_postgres=info", "refinery_core=warn"];

/// How much is logged, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `error`, `warn`, `info`, `debug`, `trace`, or a filter such as `info,auxilio_spool=debug`.
    pub level: String,
    /// `auto` (text on a terminal, JSON elsewhere), `text` or `json`.
    pub format: Format,
}

/// The form of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// Text.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self { level: "info".into(), format: Format::Auto }
    }
}

/// The level can't be read.
#[derive(Debug, thiserror::Error)]
#[error("log.level \"{level}\" is no filter")]
pub struct Error {
    level: String,
    source: tracing_subscriber::filter::ParseError,
}

/// Checks a configuration and starts logging. A second call in one process changes nothing.
pub fn init(config: &Config) -> Result<(), Error> {
    let wrong = |source| Error { level: config.level.clone(), source };
    let mut filter = EnvFilter::try_new(&config.level).map_err(wrong)?;
    for cap in CAPS {
        filter = filter.add_directive(cap.parse().map_err(wrong)?);
    }
    let json = match config.format {
        Format::Auto => !std::io::stderr().is_terminal(),
        Format::Text => false,
        Format::Json => true,
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // An error only says that a test of the same process was here before.
    let _ = if json {
        lines.json().flatten_event(true).with_current_span(true).try_init()
    } else {
        lines.with_target(false).try_init()
    };
    Ok(())
}
