//! HBase over its Thrift gateway: a client that trusts no length and waits for nobody for ever.
//!
//! In the order that a call travels: [`Client`] bounds its bytes and lets it wait in the lane of its
//! rows' salt (`queue`); a thread of the `pool` takes it, over its own connection to a gateway that
//! the `dialer` picked; the generated client of `hbase-thrift` speaks through our `protocol` and
//! `transport`; what comes back is an answer or an [`Error`] that says what to do about it.
//!
//! What this crate deliberately is not: it copies no part of `thrift` or `hbase-thrift`, knows
//! neither spool nor services, reads no clock of its own, and does not use calls that can't be
//! repeated (increment, append). Retrying for ever is the caller's.

mod batch;
mod breaker;
mod client;
mod config;
mod connection;
mod diagnosis;
mod dialer;
mod error;
mod exception;
mod gateway;
mod job;
mod lane;
mod observer;
mod pool;
mod protocol;
mod put_call;
mod queue;
mod read;
mod row;
mod scan;
mod store;
mod table;
mod together;
mod transport;
mod write;

pub use client::Client;
pub use config::{Config, Protocol};
pub use diagnosis::look_closer;
pub use error::{ConnectError, Error, WireError};
pub use exception::{Exception, Sort};
pub use observer::{ConnectionEvent, Observer};
pub use pool::Status;
pub use row::{Cell, Put, Row, RowPut};
pub use scan::{Course, Scan, after, behind_prefix};
pub use store::{DdlOptions, Finding, HbaseStore, TABLES, Table, ddl};
pub use table::{Family, Region};
pub use transport::Transport;
