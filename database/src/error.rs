//! What can go wrong with the database, and whether trying again helps.

use std::io;
use std::path::PathBuf;

use tokio_postgres::error::SqlState;

/// What to do about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// It passes, or an operator makes it pass: try again later, for ever.
    Retry,
    /// The values are at fault: trying the same again changes nothing.
    Permanent,
}

/// An error of the database. Its text names the operation; the cause is its source.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The password could not be read.
    #[error("read the database password from {path}")]
    PasswordFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is no connection to be had.
    #[error("connect to the database at {address}")]
    Connect {
        /// Host, port and database.
        address: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server refused a statement.
    #[error("{operation} in the database")]
    Refused {
        /// What was tried, as a verb with its object.
        operation: &'static str,
        /// What the server said.
        source: DatabaseRefusal,
    },
    /// The connection broke, or an answer had another shape than expected.
    #[error("{operation} in the database")]
    Broken {
        /// What was tried.
        operation: &'static str,
        /// Why.
        source: tokio_postgres::Error,
    },
    /// No answer came in time. The statement may have been carried out.
    #[error("{operation} in the database: no answer within {seconds} seconds")]
    Silent {
        /// What was tried.
        operation: &'static str,
        /// How long we waited.
        seconds: u64,
    },
    /// A condition that an operator wrote is none, or can't be answered.
    #[error("the condition is refused")]
    Condition {
        /// What the server said.
        source: DatabaseRefusal,
    },
    /// The processor is not known any more: it must register anew.
    #[error("{operation} in the database: the processor is not registered")]
    UnknownProcessor {
        /// What was tried.
        operation: &'static str,
    },
    /// The tables are not there yet.
    #[error("the database has no tables yet: auxilio db migrate makes them")]
    NotMigrated,
    /// The database holds or was given something that this version has no word for.
    #[error("{operation} in the database: {what}")]
    Unexpected {
        /// What was tried.
        operation: &'static str,
        /// What was found.
        what: String,
    },
    /// A migration or procedure could not be applied.
    #[error("apply {what} to the database")]
    Migration {
        /// Which.
        what: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What the server said when it refused a statement.
///
/// Its detail and context are left out: they quote the row, and rows hold protected values.
#[derive(Debug, thiserror::Error)]
#[error("{message} (SQLSTATE {code}{})", .constraint.as_ref().map(|name| format!(", {name}")).unwrap_or_default())]
pub struct DatabaseRefusal {
    /// Five characters, by appendix A of the PostgreSQL manual.
    pub code: String,
    /// The primary message.
    pub message: String,
    /// The constraint that was violated.
    pub constraint: Option<String>,
}

/// The code that `take_jobs` raises for a processor that it does not know.
const UNKNOWN_PROCESSOR: &str = "AX001";

impl Error {
    /// Sorts what the driver says about an operation.
    pub(crate) fn from_driver(operation: &'static str, source: tokio_postgres::Error) -> Self {
        let Some(said) = source.as_db_error() else { return Self::Broken { operation, source } };
        if said.code().code() == UNKNOWN_PROCESSOR {
            return Self::UnknownProcessor { operation };
        }
        let source = DatabaseRefusal {
            code: said.code().code().to_owned(),
            message: said.message().to_owned(),
            constraint: said.constraint().map(str::to_owned),
        };
        Self::Refused { operation, source }
    }

    /// Whether trying again helps.
    pub fn class(&self) -> Class {
        match self {
            Self::Refused { source, .. } => source.class(),
            Self::Unexpected { .. } | Self::Condition { .. } => Class::Permanent,
            // The driver also reports values that it can't encode this way, but ours are plain.
            _ => Class::Retry,
        }
    }

    /// Whether a row was refused because no partition is there for it.
    ///
    /// The code is that of a violated CHECK, but there is no constraint to name.
    pub(crate) fn is_missing_partition(&self) -> bool {
        matches!(self, Self::Refused { source, .. }
            if source.code == SqlState::CHECK_VIOLATION.code() && source.constraint.is_none())
    }

    /// Whether a procedure was replaced by one that answers in another shape.
    pub(crate) fn is_stale_statement(&self) -> bool {
        matches!(self, Self::Refused { source, .. }
            if source.code == SqlState::FEATURE_NOT_SUPPORTED.code())
    }
}

impl DatabaseRefusal {
    /// Bad values (classes 22 data exception, 23 constraint, 54 limit) stay bad. All else is the
    /// server's state, or an installation that is not migrated yet.
    fn class(&self) -> Class {
        match self.code.get(..2) {
            Some("22" | "23" | "54") => Class::Permanent,
            _ => Class::Retry,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str, constraint: Option<&str>) -> Error {
        let source = DatabaseRefusal {
            code: code.into(),
            message: "no".into(),
            constraint: constraint.map(str::to_owned),
        };
        Error::Refused { operation: "save the report", source }
    }

    #[test]
    fn bad_values_are_permanent_and_a_server_in_trouble_is_not() {
        for code in ["22P02", "23514", "54000"] {
            assert_eq!(refused(code, None).class(), Class::Permanent, "{code}");
        }
        for code in ["57P01", "53300", "40P01", "55P03", "42883", "42P01", "0A000", "25006"] {
            assert_eq!(refused(code, None).class(), Class::Retry, "{code}");
        }
    }

    #[test]
    fn violated_check_is_no_missing_partition() {
        assert!(refused("23514", None).is_missing_partition());
        assert!(!refused("23514", Some("reports_quality_check")).is_missing_partition());
    }
}
