//! The whole system under test: the real binary, its roles as processes, on real parts.
//!
//! What this crate deliberately is not: it replaces no part by a stand-in and looks at nothing that
//! a user or an operator could not look at too: HTTP, SQL, files, signals.

#![expect(clippy::missing_panics_doc, reason = "all of this fails by panicking: it is for tests")]

pub mod backlog;
pub mod binary;
pub mod cluster;
pub mod collector;
pub mod crashes;
pub mod disk;
pub mod figures;
pub mod http;
pub mod process;
pub mod roles;
pub mod stream;
pub mod up;
pub mod user;
pub mod wait;
