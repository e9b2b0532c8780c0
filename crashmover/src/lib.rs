//! The crashmover: carries spooled crashes into the store, and removes one from the spool only
//! after the store holds all of it and shows it again.
//!
//! A crash leaves the spool in exactly one way, counted by its name: *stored*, *duplicate* (the same
//! submission under the same id was there before), or *quarantined* (no further try would help: the
//! file is damaged, or another crash has its id). Everything else is tried again for ever; a crash
//! that waits for its next try holds no slot, no lock and no memory but its name.
//!
//! It carries from several spools side by side: that of this machine's collector, its fallback, and
//! folders that came from other machines. Each has its own scan, watch, counts, quarantine and
//! health; one that is absent, can't be read or does not answer harms itself alone and is tried
//! again. Free slots go to the spools that have least in hand.
//!
//! What this crate deliberately is not: it does not look into dumps, does not decide what is
//! processed, and knows no particular store. It never tells a monitor anything that the monitor
//! could not find out by itself: a hint may be lost.

mod answers;
mod carried;
mod carry;
mod config;
mod hands;
mod hint;
mod mover;
mod receipt;
mod run;
mod shares;
mod spools;
mod upkeep;
mod waiting;
mod wanted;
mod way_out;

pub use config::Config;
pub use run::{Error, run};
pub use spools::{CarriedSpool, OWN_SPOOLS, carried_spools};
