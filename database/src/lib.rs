//! Postgres: the queue of jobs, the processors, and the reports. The only crate that speaks SQL.
//!
//! Tables are in `sql/migrations`; whatever changes the state of a job is a stored procedure in
//! `sql/procedures`. A [`Database`] is a pool of connections that have taken on one role, opened
//! when they are first needed: Postgres may be down when a service starts, and comes back into use
//! by itself. Every error says whether to try again ([`Error::class`]).
//!
//! This crate does not decide when anything happens: it does not loop, retry or sweep by itself.
//! The monitor and the processor do. It knows no store and no HTTP. It logs no value of a report.

mod asking;
mod builds;
mod completion;
mod config;
mod connection;
mod error;
mod extension;
mod forgotten;
mod frames;
mod jobs;
mod lead;
mod listener;
mod long_work;
mod matching;
mod migrate;
mod partitions;
mod procedures;
mod processors;
mod products;
mod releases;
mod report;
mod reports;
mod role;
mod sample_day;
mod sample_rows;
mod saving;
mod scrub;
mod signature_changes;
mod signed_crashes;
mod slots;
mod text;

pub use asking::AskedState;
pub use builds::KnownBeta;
pub use completion::Completion;
pub use config::Config;
pub use connection::Database;
pub use error::{Class, DatabaseRefusal, Error};
pub use extension::{Extension, HostedPlugin, StackModule};
pub use forgotten::Forgotten;
pub use frames::Frames;
pub use jobs::{Failure, Insertion, JobEnd, JobView, QueueDepth, Sweep};
pub use lead::Lead;
pub use listener::Listener;
pub use long_work::{EXTRACT_COLUMNS, ExtractRow, LongWork};
pub use matching::Matching;
pub use migrate::{Migrated, MigrationState, create_database, migrate, migration_status};
pub use partitions::PARTITION_DAYS_AHEAD;
pub use procedures::{PROCEDURES, Procedure, apply as apply_procedures};
pub use processors::{ProcessorId, ProcessorView};
pub use products::Product;
pub use releases::{Build, Release, Released};
pub use report::Report;
pub use reports::{NewSignature, ReportLine, ReportRow};
pub use role::DbRole;
pub use sample_rows::SampleRows;
pub use saving::FinishedRun;
pub use scrub::scrub;
pub use signature_changes::{
    ChangeState, NewChange, Resigned, ResignedBatch, SignatureChange, UndoBegun,
};
pub use signed_crashes::SignedCrash;
pub use slots::{CronState, SlotToken};
