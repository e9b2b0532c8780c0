//! The power goes while crashes come: what was acknowledged is there when it is back.
//!
//! Two ways to cut it. [`recorded`] notes every system call of a collector and works out what a disk
//! must have kept at each instant; it always runs. [`mounted`] gives a collector a file system of its
//! own and takes away all of it that was not flushed; it runs where file systems may be mounted.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "power_cut/mounted.rs"]
mod mounted;
#[path = "power_cut/recorded.rs"]
mod recorded;
#[path = "power_cut/senders.rs"]
mod senders;
#[path = "power_cut/trace.rs"]
mod trace;
