//! The names of the columns: Socorro's, and ours beside them.

pub(super) const FORMAT: &[u8] = b"flags:format";
/// What stands in [`FORMAT`].
pub(super) const FORMAT_VALUE: &[u8] = b"1";
pub(super) const PROCESSED_FLAG: &[u8] = b"flags:processed";
pub(super) const CHECK: &[u8] = b"flags:check";
pub(super) const CHECK_LARGE: &[u8] = b"raw_data:check";
/// `Y` in rows of Socorro that were to be processed at once.
pub(super) const LEGACY_PROCESSING: &[u8] = b"flags:legacy_processing";
pub(super) const JSON: &[u8] = b"meta_data:json";
pub(super) const MANIFEST: &[u8] = b"meta_data:manifest";
pub(super) const CRASH_ID: &[u8] = b"ids:ooid";
pub(super) const HANG_ID: &[u8] = b"ids:hang";
pub(super) const CLAIM: &[u8] = b"ids:claim";
pub(super) const PRODUCT: &[u8] = b"ids:product";
pub(super) const SUBMITTED: &[u8] = b"timestamps:submitted";
pub(super) const PROCESSED_AT: &[u8] = b"timestamps:processed";
/// The one dump of a row of Socorro.
pub(super) const OLD_DUMP: &[u8] = b"raw_data:dump";
/// The processed crash of a row of Socorro; ours is in chunks.
pub(super) const PROCESSED_JSON: &[u8] = b"processed_data:json";
pub(super) const PROCESSED_MANIFEST: &[u8] = b"processed_data:manifest";
pub(super) const SIGNATURE: &[u8] = b"processed_data:signature";
