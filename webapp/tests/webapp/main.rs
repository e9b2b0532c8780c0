//! The webapp over real sockets and in a real browser, in front of a middleware that answers by a
//! list.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod browser;
mod pages;
mod site;
