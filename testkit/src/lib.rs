//! Real parts to test against: a program that crashes, servers to throw away, faults to order.
//!
//! What this crate deliberately is not: it holds no mock of any part of Auxilio and does not
//! decide what is right. It makes crashes, clocks, randomness, networks and servers; the tests of
//! the other crates judge what Auxilio makes of them. Nothing in production depends on it.

pub mod browser;
pub mod clock;
pub mod corpus;
pub mod crashme;
pub mod hbase;
pub mod hostile;
pub mod hostile_names;
pub mod interposed_store;
pub mod memcached;
pub mod postgres;
pub mod proxy;
pub mod published;
pub mod raw;
pub mod sample;
pub mod splitmix;
pub mod store_conformance;
pub mod summaries;
pub mod synthetic;
