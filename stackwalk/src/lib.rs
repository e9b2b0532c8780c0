//! From a minidump to its stacks: `json_dump` in the shape that Socorro's reports have.
//!
//! minidump-processor does the work, with our own symbols behind it (`auxilio-symbols`). What this
//! crate adds is bounds. A dump comes from anybody: a hostile one of 4 MB makes the plain processor
//! take gigabytes, and an ordinary stack overflow gives 130,000 frames. So
//!
//! 1. counts and stacks are cut in a private copy of the dump before it is read ([`Truncation`]
//!    says what was cut),
//! 2. the JSON is streamed from the processor's state, frames beyond the limits left out,
//! 3. all of it happens in worker processes with a memory limit ([`worker`]), which a [`Pool`]
//!    watches, kills, replaces and recycles.
//!
//! What this crate deliberately is not: it does not generate signatures, does not read or write
//! stores, downloads no symbols, and does not decide what a failed walk means for a job.

mod bounded_buffer;
mod caps;
mod dump_map;
mod json;
mod pool;
mod protocol;
mod raw_dump;
mod truncation;
mod walk;
pub mod worker;

pub use dump_map::DumpMap;
pub use pool::{DumpHints, Pool, PoolOptions, Walk, WalkError, WalkLane, WalkRequest};
pub use truncation::Truncation;
pub use walk::{Unreadable, WalkFacts, Walked, walk_dump};
