//! Why a submission is not taken, with the status and the code that the client is told.

use http::StatusCode;

use crate::codings::{Coding, DecodeError};
use crate::extra::JsonPartError;

/// A submission that is not taken. Its text is for the log; the client sees the code.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// No `Content-Type`, or none of a form.
    #[error("the content type is not multipart/form-data")]
    WrongContentType,
    /// The content type names no usable boundary.
    #[error("the content type has no boundary of 1 to 100 bytes")]
    NoBoundary,
    /// A body's coding that we don't know.
    #[error("the content encoding is not one of identity, gzip, deflate, zstd and br")]
    UnknownEncoding,
    /// The compressed stream is broken or ends early.
    #[error("the body is no whole stream of {}", .0.as_str())]
    BadEncoding(Coding, #[source] DecodeError),
    /// The form is broken or ends early.
    #[error("the body is no whole form")]
    BadForm(#[source] crate::MultipartError),
    /// The JSON part can't be read.
    #[error("the JSON part can't be read")]
    BadJson(#[from] JsonPartError),
    /// There is not one annotation.
    #[error("the crash has no annotations")]
    NoAnnotations,
    /// The id that the client chose is none, or of an impossible day.
    #[error("the supplied crash id can't be used: {0}")]
    BadCrashId(String),
    /// A client that may not choose ids sent one.
    #[error("a crash id was supplied without a submitter token")]
    UnauthorizedCrashId,
    /// Something is beyond its limit.
    #[error("{0} is beyond its limit")]
    TooLarge(&'static str),
    /// The body took too long.
    #[error("the body did not arrive in time")]
    TooSlow,
    /// Too many came of one client or product; the next is free after this time.
    #[error("{0} is over its quota")]
    OverQuota(&'static str, std::time::Duration),
    /// More is under way than we take on at once.
    #[error("too many {0} are under way")]
    Overloaded(&'static str),
    /// Our clock shows no day that an id can have.
    #[error("the clock shows no day of the years 2000 to 2099")]
    BadClock,
    /// The spool could not take it.
    #[error("the spool could not take the crash")]
    Spool(#[source] auxilio_spool::Error),
    /// The disk has too little room left.
    #[error("the spool's disk is too full")]
    DiskFull(#[source] auxilio_spool::Error),
    /// A fault of the program, which the log names.
    #[error("the collector failed")]
    Internal,
    /// The connection broke within the body.
    #[error("the client went away within its body")]
    Aborted(#[source] hyper::Error),
}

impl Refusal {
    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::UnauthorizedCrashId => StatusCode::UNAUTHORIZED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnknownEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::OverQuota(..) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Spool(_)
            | Self::DiskFull(_)
            | Self::Overloaded(_)
            | Self::BadClock
            | Self::Internal => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The code behind `Discarded=`, and the reason in metrics.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::WrongContentType => "malformed_wrong_content_type",
            Self::NoBoundary => "malformed_no_boundary",
            Self::UnknownEncoding => "malformed_unknown_encoding",
            Self::BadEncoding(Coding::Gzip, _) => "malformed_bad_gzip",
            Self::BadEncoding(Coding::Deflate, _) => "malformed_bad_deflate",
            Self::BadEncoding(Coding::Zstd, _) => "malformed_bad_zstd",
            Self::BadEncoding(Coding::Brotli, _) => "malformed_bad_br",
            // Not codings of a body.
            Self::BadEncoding(Coding::Xz | Coding::Bzip2, _) => "malformed_bad_encoding",
            Self::BadForm(_) => "malformed_invalid_payload_structure",
            Self::BadJson(JsonPartError::NotJson(_)) => "malformed_invalid_json",
            Self::BadJson(JsonPartError::NotAnObject) => "malformed_invalid_json_value",
            Self::NoAnnotations => "malformed_no_annotations",
            Self::BadCrashId(_) => "malformed_invalid_uuid",
            Self::UnauthorizedCrashId => "unauthorized_uuid",
            Self::TooLarge(_) => "malformed_too_large",
            Self::OverQuota(..) => "over_quota",
            Self::TooSlow => "malformed_too_slow",
            Self::Overloaded(_) => "overloaded",
            Self::BadClock => "bad_clock",
            Self::Spool(_) => "spool_failed",
            Self::DiskFull(_) => "disk_full",
            Self::Internal => "internal",
            Self::Aborted(_) => "aborted",
        }
    }

    /// Whether the fault is ours, so that the client should keep its crash and try again.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self, Self::Spool(_) | Self::DiskFull(_) | Self::BadClock | Self::Internal)
    }
}
