//! What a gateway's refusal means, read from the names of the Java exceptions in its text.
//!
//! A refusal's text is a Java stack trace. `canRetry` beside it is wrong both ways (a missing
//! family may be retried by it, a ZooKeeper that is away may not), so the names decide: the innermost
//! one first, from the last "Caused by" up to the first line. Names and meanings are as measured
//! against HBase 2.6 for single rows and for batches.

use std::fmt;

use auxilio_common::storage::ErrorClass;
use hbase_thrift::hbase::{AlreadyExists, IOError, IllegalArgument};
use thrift::{ApplicationError, ApplicationErrorKind};

/// Characters of a refusal that errors carry: its first line, without the stack.
const TEXT_CHARS_MAX: usize = 300;

/// Whose affair a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// This call can't succeed, now or later.
    Payload,
    /// No call of its kind can succeed until somebody mends the installation.
    Installation,
    /// The cluster wants fewer calls.
    Busy,
    /// It passes by itself.
    Passing,
}

/// Simple names of exceptions with their meaning. Names that only wrap others are left out, so that
/// the one inside is found.
const NAMES: &[(&str, Sort)] = &[
    ("NoSuchColumnFamilyException", Sort::Installation),
    ("TableNotFoundException", Sort::Installation),
    ("TableNotEnabledException", Sort::Installation),
    ("NamespaceNotFoundException", Sort::Installation),
    ("AccessDeniedException", Sort::Installation),
    ("TableExistsException", Sort::Payload),
    ("TableNotDisabledException", Sort::Payload),
    ("IllegalArgumentException", Sort::Payload),
    ("RegionTooBusyException", Sort::Busy),
    ("CallQueueTooBigException", Sort::Busy),
    ("ServerTooBusyException", Sort::Busy),
    ("RpcThrottlingException", Sort::Busy),
    ("NotServingRegionException", Sort::Passing),
    ("RegionMovedException", Sort::Passing),
    ("RegionOpeningException", Sort::Passing),
    ("RegionInRecoveryException", Sort::Passing),
    ("WrongRegionException", Sort::Passing),
    ("NoServerForRegionException", Sort::Passing),
    ("RegionServerStoppedException", Sort::Passing),
    ("RegionServerAbortedException", Sort::Passing),
    ("ServerNotRunningYetException", Sort::Passing),
    ("MasterNotRunningException", Sort::Passing),
    ("PleaseHoldException", Sort::Passing),
    ("FailedServerException", Sort::Passing),
    ("ConnectException", Sort::Passing),
    ("ConnectionClosedException", Sort::Passing),
    ("ConnectionClosingException", Sort::Passing),
    ("NoRouteToHostException", Sort::Passing),
    ("UnknownHostException", Sort::Passing),
    ("SocketTimeoutException", Sort::Passing),
    ("CallTimeoutException", Sort::Passing),
    ("TimeoutIOException", Sort::Passing),
    ("ConnectionLossException", Sort::Passing),
    ("SessionExpiredException", Sort::Passing),
    ("ClosedChannelException", Sort::Passing),
    ("InterruptedIOException", Sort::Passing),
    ("FailedSanityCheckException", Sort::Installation),
];

/// Phrases that mean something though no name with a meaning stands in the text, or a misleading
/// one. Looked for before the names.
const PHRASES: &[(&str, &str, Sort)] = &[
    ("KeyValue size too large", "KeyValueTooLarge", Sort::Payload),
    ("exceeds limit of", "CellTooLarge", Sort::Payload),
    ("Zookeeper", "ZookeeperUnavailable", Sort::Passing),
    ("Backoff time of", "BackoffTooLong", Sort::Passing),
    ("table does not exist", "TableNotFound", Sort::Installation),
    ("table name already in use", "AlreadyExists", Sort::Payload),
];

/// An exception that the interface does not declare: of a request that makes no sense.
const INTERNAL_ERROR: &str = "InternalError";

/// A request that can't be meant so.
const ILLEGAL_ARGUMENT: &str = "IllegalArgument";

/// Looked for after the names: a batch on a table that is not there names no cause.
const NO_SERVER: (&str, &str, Sort) =
    ("servers with issues: null", "NoServerNamed", Sort::Installation);

/// A call that the gateway refused; the connection is as good as before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    name: &'static str,
    sort: Sort,
    text: String,
}

impl Exception {
    /// A name for counting, from a fixed set.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whose affair it is.
    pub fn sort(&self) -> Sort {
        self.sort
    }

    /// What to do about it.
    pub fn class(&self) -> ErrorClass {
        match self.sort {
            Sort::Payload | Sort::Installation => ErrorClass::Permanent,
            Sort::Busy | Sort::Passing => ErrorClass::Retry,
        }
    }

    /// Whether the gateway may have understood another request than was sent. What it did not read
    /// of this one it would take for the next one's beginning.
    pub(crate) fn may_be_out_of_step(&self) -> bool {
        matches!(self.name, INTERNAL_ERROR | ILLEGAL_ARGUMENT)
    }

    /// From what a call returned, if it is a refusal and not a failure of the connection.
    pub(crate) fn of(error: &thrift::Error) -> Option<Self> {
        match error {
            thrift::Error::User(user) => Some(Self::of_user(&**user)),
            thrift::Error::Application(error) => Self::of_application(error),
            thrift::Error::Transport(_) | thrift::Error::Protocol(_) => None,
        }
    }

    fn of_user(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Self {
        if let Some(error) = error.downcast_ref::<IOError>() {
            Self::of_text(error.message.as_deref().unwrap_or_default(), error.can_retry)
        } else if let Some(error) = error.downcast_ref::<IllegalArgument>() {
            let text = error.message.as_deref().unwrap_or_default();
            let known = phrase(text).map_or(ILLEGAL_ARGUMENT, |(name, _)| name);
            Self { name: known, sort: Sort::Payload, text: first_line(text) }
        } else if let Some(error) = error.downcast_ref::<AlreadyExists>() {
            let text = first_line(error.message.as_deref().unwrap_or_default());
            Self { name: "AlreadyExists", sort: Sort::Payload, text }
        } else {
            Self { name: "Other", sort: Sort::Passing, text: first_line(&error.to_string()) }
        }
    }

    fn of_application(error: &ApplicationError) -> Option<Self> {
        let (name, sort) = match error.kind {
            ApplicationErrorKind::UnknownMethod => ("UnknownMethod", Sort::Installation),
            ApplicationErrorKind::InternalError => (INTERNAL_ERROR, Sort::Payload),
            // The rest means that the two ends do not understand each other; an answer without a
            // result is among it.
            _ => return None,
        };
        Some(Self { name, sort, text: first_line(&error.message) })
    }

    fn of_text(text: &str, can_retry: Option<bool>) -> Self {
        let named = phrase(text).or_else(|| innermost(text)).or_else(|| no_server(text));
        let (name, sort) = named.unwrap_or(match can_retry {
            Some(false) => ("Other", Sort::Payload),
            _ => ("Other", Sort::Passing),
        });
        Self { name, sort, text: first_line(text) }
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.text)
    }
}

fn phrase(text: &str) -> Option<(&'static str, Sort)> {
    let told = told(text).collect::<Vec<_>>();
    PHRASES
        .iter()
        .find(|(phrase, ..)| told.iter().any(|line| line.contains(phrase)))
        .map(|(_, name, sort)| (*name, *sort))
}

fn no_server(text: &str) -> Option<(&'static str, Sort)> {
    let (phrase, name, sort) = NO_SERVER;
    text.contains(phrase).then_some((name, sort))
}

/// The lines that tell something: the first one and the causes, without the stack.
fn told(text: &str) -> impl DoubleEndedIterator<Item = &str> {
    let lines = text.lines().enumerate();
    lines
        .filter(|(number, line)| *number == 0 || line.trim_start().starts_with("Caused by"))
        .map(|(_, line)| line)
        // Collected because numbering can't be walked backwards without its length.
        .collect::<Vec<_>>()
        .into_iter()
}

/// The innermost known name: of the last cause, and in a line the last one.
fn innermost(text: &str) -> Option<(&'static str, Sort)> {
    told(text).rev().find_map(|line| {
        let words = line.split(|character: char| !character.is_ascii_alphanumeric());
        words.rev().find_map(|word| {
            NAMES.iter().find(|(name, _)| *name == word).map(|(name, sort)| (*name, *sort))
        })
    })
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars().filter(|character| !character.is_control()).take(TEXT_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, can_retry: Option<bool>) -> (&'static str, Sort) {
        let error = IOError::new(text.to_owned(), can_retry);
        let exception = Exception::of(&thrift::Error::User(Box::new(error))).unwrap();
        (exception.name(), exception.sort())
    }

    const DETAILS: &str =
        "org.apache.hadoop.hbase.client.RetriesExhaustedWithDetailsException: Failed 1 action: ";

    #[test]
    fn names_decide_and_can_retry_does_not() {
        let family =
            "org.apache.hadoop.hbase.regionserver.NoSuchColumnFamilyException: Column family x";
        let batch = format!("{DETAILS}{family}: 1 time, servers with issues: localhost,16020,1");
        for (text, expected) in [
            (family, ("NoSuchColumnFamilyException", Sort::Installation)),
            (&batch, ("NoSuchColumnFamilyException", Sort::Installation)),
            (
                "org.apache.hadoop.hbase.DoNotRetryIOException: Cell[b/f:x/1/Put] with size 11534363 exceeds limit of 10485760 bytes",
                ("CellTooLarge", Sort::Payload),
            ),
            (
                "org.apache.hadoop.hbase.DoNotRetryIOException: Zookeeper GET could not be completed in 10000 ms",
                ("ZookeeperUnavailable", Sort::Passing),
            ),
            (
                "java.io.IOException: x\n\tat a.b(C.java:1)\nCaused by: org.apache.hadoop.hbase.RegionTooBusyException: Over memstore limit",
                ("RegionTooBusyException", Sort::Busy),
            ),
            (
                "java.net.SocketTimeoutException: callTimeout=30000, callDuration=57384: row 'x'\n\tat org.ConnectException(X)",
                ("SocketTimeoutException", Sort::Passing),
            ),
        ] {
            for can_retry in [Some(true), Some(false), None] {
                assert_eq!(of(text, can_retry), expected, "{text}");
            }
        }
    }

    #[test]
    fn the_innermost_cause_wins_and_stack_lines_say_nothing() {
        let text = "a.SocketTimeoutException: x\n\tat b.TableNotFoundException.run(X)\nCaused by: c.IOException: y\nCaused by: d.NotServingRegionException: z";
        assert_eq!(of(text, None), ("NotServingRegionException", Sort::Passing));
    }

    #[test]
    fn a_batch_that_names_no_server_is_a_missing_table() {
        let text = format!("{DETAILS}nosuch: 1 time, servers with issues: null");
        assert_eq!(of(&text, Some(true)), ("NoServerNamed", Sort::Installation));
    }

    #[test]
    fn unknown_texts_fall_back_to_can_retry() {
        assert_eq!(of("com.example.NewException: x", Some(false)), ("Other", Sort::Payload));
        assert_eq!(of("com.example.NewException: x", Some(true)), ("Other", Sort::Passing));
        assert_eq!(of("", None), ("Other", Sort::Passing));
    }

    #[test]
    fn a_text_is_one_short_line() {
        let error = IOError::new(format!("{}\nstack", "é\u{1b}".repeat(5_000)), None);
        let exception = Exception::of(&thrift::Error::User(Box::new(error))).unwrap();
        assert_eq!(exception.text, "é".repeat(TEXT_CHARS_MAX));
    }
}
