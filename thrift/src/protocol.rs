//! The two encodings of Thrift, read within bounds.
//!
//! The readers of the `thrift` crate believe every length that a peer sends: a negative one is a
//! panic, a large one is allocated at once (CVE-2026-43868). These check each length before
//! anything is allocated, and bound bytes, elements and depth of a whole message. Writing needs no
//! such care: for it the crate's own protocols are used.

mod binary;
mod bounded;
mod compact;
#[cfg(test)]
mod hostile;

pub(crate) use binary::BinaryInput;
pub(crate) use bounded::ReplyLimit;
pub(crate) use compact::CompactInput;
