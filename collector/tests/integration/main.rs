//! The collector over real sockets: what clients put on the wire, and what they get for it.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod client;
mod clients;
mod clock;
mod codings;
mod files;
mod heads;
mod hostile;
mod overload;
mod refusals;
mod server;
mod submissions;
mod throttling;
