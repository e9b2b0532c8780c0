//! What can go wrong with a call, and what to do about it.

use std::io;

use auxilio_common::storage::ErrorClass;

use crate::exception::{Exception, Sort};

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A gateway's address can't be read.
    #[error("\"{0}\" is no gateway's address: it must be host:port")]
    BadAddress(String),
    /// There is nobody to call.
    #[error("no gateway is configured")]
    NoGateway,
    /// The client can't be built with such numbers.
    #[error("{key} must be at least {least}")]
    TooSmall {
        /// The key of the configuration.
        key: &'static str,
        /// What it must at least be.
        least: usize,
    },
    /// A column without a family, or none at all.
    #[error("{call}: column \"{column}\" does not begin with a family and a colon")]
    BadColumn {
        /// The call.
        call: &'static str,
        /// The column, as far as it is text.
        column: String,
    },
    /// A table without any family.
    #[error("{call}: a table needs at least one family")]
    NoFamily {
        /// The call.
        call: &'static str,
    },
    /// A family's name that is none.
    #[error("{call}: \"{name}\" is no name of a family")]
    BadFamily {
        /// The call.
        call: &'static str,
        /// The name.
        name: String,
    },
    /// A row's key that HBase does not take.
    #[error("{call}: a row's key has 1 to 32767 bytes, not {bytes}")]
    BadRow {
        /// The call.
        call: &'static str,
        /// The key's length.
        bytes: usize,
    },
    /// The request is larger than what the gateway takes: it would hang up without a word.
    #[error("{call}: a request of {bytes} bytes is over the gateway's limit of {limit}")]
    TooLarge {
        /// The call.
        call: &'static str,
        /// About how many bytes it would have.
        bytes: usize,
        /// How many it may have.
        limit: usize,
    },
    /// The gateway answered that it can't or won't.
    #[error("{call}: {exception}")]
    Refused {
        /// The call.
        call: &'static str,
        /// What it said.
        exception: Exception,
    },
    /// The connection failed in the middle of the call: it may have happened or not.
    #[error("{call}: the connection to gateway {gateway} failed")]
    Broken {
        /// The call.
        call: &'static str,
        /// The gateway.
        gateway: String,
        /// How it failed.
        source: WireError,
    },
    /// No answer in time: it may have happened, or happen later.
    #[error("{call}: gateway {gateway} did not answer in time")]
    TimedOut {
        /// The call.
        call: &'static str,
        /// The gateway.
        gateway: String,
    },
    /// The answer was such that the generated reader panicked.
    #[error("{call}: the answer of gateway {gateway} can't be read")]
    Panicked {
        /// The call.
        call: &'static str,
        /// The gateway.
        gateway: String,
    },
    /// None of the gateways took a connection.
    #[error("{call}: no gateway can be reached")]
    Unreachable {
        /// The call.
        call: &'static str,
        /// Why the last one that was tried couldn't.
        source: ConnectError,
    },
    /// All gateways failed lately, and the time to try one again has not come.
    #[error("{call}: all gateways failed lately")]
    Resting {
        /// The call.
        call: &'static str,
    },
    /// Too many calls wait for the same rows, or this one waited too long.
    #[error("{call}: no turn came in time")]
    Busy {
        /// The call.
        call: &'static str,
    },
    /// The client has ended.
    #[error("{call}: the client is closed")]
    Closed {
        /// The call.
        call: &'static str,
    },
}

/// How a connection failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WireError(String);

/// Why a gateway can't be spoken with.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Its name has no address.
    #[error("look up gateway {gateway}")]
    LookUp {
        /// The gateway.
        gateway: String,
        /// The cause.
        source: io::Error,
    },
    /// Nothing takes connections there.
    #[error("connect to gateway {gateway}")]
    Connect {
        /// The gateway.
        gateway: String,
        /// The cause.
        source: io::Error,
    },
    /// What takes connections there did not answer the first question as a gateway of ours.
    #[error("speak with gateway {gateway}: {diagnosis}")]
    Probe {
        /// The gateway.
        gateway: String,
        /// What it most likely is, in words.
        diagnosis: &'static str,
        /// What was seen.
        source: WireError,
    },
}

impl Error {
    /// What to do about it. A write that is tried again is harmless.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::BadAddress(_)
            | Self::NoGateway
            | Self::TooSmall { .. }
            | Self::BadColumn { .. }
            | Self::NoFamily { .. }
            | Self::BadFamily { .. }
            | Self::BadRow { .. }
            | Self::TooLarge { .. } => ErrorClass::Permanent,
            Self::Refused { exception, .. } => exception.class(),
            Self::Broken { .. } | Self::TimedOut { .. } | Self::Panicked { .. } => {
                ErrorClass::Unknown
            }
            Self::Unreachable { .. }
            | Self::Resting { .. }
            | Self::Busy { .. }
            | Self::Closed { .. } => ErrorClass::Retry,
        }
    }

    /// A name for counting, from a fixed set: of a refusal that of the exception's class.
    pub fn name(&self) -> &'static str {
        match self {
            Self::BadAddress(_) | Self::NoGateway | Self::TooSmall { .. } => "configuration",
            Self::BadColumn { .. }
            | Self::NoFamily { .. }
            | Self::BadFamily { .. }
            | Self::BadRow { .. } => "bad_request",
            Self::TooLarge { .. } => "too_large",
            Self::Refused { exception, .. } => exception.name(),
            Self::Broken { .. } => "broken",
            Self::TimedOut { .. } => "timed_out",
            Self::Panicked { .. } => "unreadable",
            Self::Unreachable { .. } => "unreachable",
            Self::Resting { .. } => "resting",
            Self::Busy { .. } => "busy",
            Self::Closed { .. } => "closed",
        }
    }

    /// The sort of a refusal; `None` for all else.
    pub fn sort(&self) -> Option<Sort> {
        match self {
            Self::Refused { exception, .. } => Some(exception.sort()),
            _ => None,
        }
    }
}

impl From<&thrift::Error> for WireError {
    fn from(error: &thrift::Error) -> Self {
        // The crate's own texts leave out what was seen.
        Self(match error {
            thrift::Error::Transport(inner) => format!("{error}: {}", inner.message),
            thrift::Error::Protocol(inner) => format!("{error}: {}", inner.message),
            thrift::Error::Application(inner) => format!("{error}: {}", inner.message),
            thrift::Error::User(inner) => inner.to_string(),
        })
    }
}

impl From<&'static str> for WireError {
    fn from(text: &'static str) -> Self {
        Self(text.to_owned())
    }
}
