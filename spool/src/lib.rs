//! The spool: where a crash waits on local disk between the collector and the store.
//!
//! This page is the specification of the file format, of the folders and of the order of steps.
//!
//! # The file, version 1
//!
//! One file holds one crash. Numbers are unsigned and little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `AUXCRASH` |
//! | 4 | the version, 1 |
//! | 4 | zero |
//! | 16 | the nonce: random, so that no client can foretell a valid end of the file |
//! | any | the dumps' bytes, one after another in the order of their arrival, without gaps |
//! | any | the index: the [`RawCrash`](auxilio_common::RawCrash) as JSON; its `dumps` say name, offset, length, SHA-256 and CRC-32 of each, the last not in older files |
//! | 8 | offset of the index |
//! | 8 | length of the index |
//! | 32 | SHA-256 of the header's 32 bytes, the index, its offset and its length |
//! | 8 | `AUXCREND` |
//!
//! The last 56 bytes are the trailer. A reader checks, in this order: the file is long enough; the
//! header's first 16 bytes are exactly those above; the last 8 bytes are; offset and length of
//! the index reach exactly from the header or the last dump to the trailer; the checksum; the
//! JSON; and that the dumps lie side by side from the header to the index, no name twice. That is
//! [`Envelope::open`], which reads no dump. [`Envelope::check`] also reads the dumps and compares
//! their CRC-32, or SHA-256 where there is none; [`Envelope::verify`] compares both. Together with the first
//! either covers every byte of the file: each truncation, each flipped byte and each byte too many is an
//! error with a name ([`format::Error`]).
//!
//! # The folders
//!
//! | path | what |
//! |---|---|
//! | `tmp/<instance>/<number>` | a crash being written, or a part of one as it came ([`Scratch`]); the folder is held by a flock as long as its process lives |
//! | `standard/<YYYYMMDDHHMM>/<crash id>.crash` | a crash to be stored and processed |
//! | `deferred/<YYYYMMDDHHMM>/<crash id>.crash` | a crash to be stored |
//! | `quarantine/<crash id>.<inode>.crash` | a crash that no try will carry further |
//! | `quarantine/<crash id>.<inode>.reason` | why, in words |
//! | `counts/` | what became of submissions and crashes: [`counts`] |
//!
//! The minute is that of the rename, in UTC. If a file of the same id stands in the folder
//! already (only ids that a submitter chose can meet), the name is `<crash id>~<n>.crash`.
//!
//! # The steps
//!
//! A writer writes the file under `tmp/`, locks it (flock), flushes its data, renames it without
//! replacing anything, flushes the minute folder, unlocks it, and only then answers. The flush of
//! a folder is shared by all renames before it. A minute folder's parent is flushed before
//! anything in it is answered. A failed flush is never repeated, because the kernel may have
//! dropped the bytes and call the second flush a success: the file is unlinked, and the writer says so.
//!
//! A carrier locks the file and checks that the path still names the inode it locked; a file
//! that somebody else holds is passed over. It removes the file only after the store holds it. Minute folders
//! go when they are empty and older than five minutes; a writer whose folder went makes it again.
//!
//! A crash that no try will carry further is put aside by its carrier: the reason's file is written and
//! flushed, then the crash renamed beside it, then the folder flushed. It comes back ([`Requeue`]) only
//! when a person says so: its file is locked and read wholly, renamed into the lane of its verdict
//! under the present minute, both folders are flushed, and the reason goes last. Either way one rename
//! moves it, so a kill leaves it in one place; what it may leave besides is a reason without a
//! crash, which says nothing.
//!
//! Several spools may be read side by side, each a [`Source`]: also one on another disk, or one that
//! came from another machine. A folder without either lane is none: so looks a mount point whose disk is
//! away. A spool that was copied may lack a lane, `tmp/` and `quarantine/`; of its `tmp/` nothing is
//! swept, because locks of another machine are not seen. What is no plain file is never opened.
//! Who looks on ([`Source::files`], [`SpoolFile::verify`]) locks no crash and changes nothing.
//!
//! What root makes belongs to the owner of the folder around it, and has its name only from then on.
//!
//! What this crate deliberately is not: it knows no HTTP, no store and no verdict, does not
//! retry, and does not log. It blocks: an asynchronous caller runs it on a thread for blocking work.

pub mod claim;
pub mod config;
pub mod counts;
pub mod depth;
pub mod draft;
pub mod durable;
pub mod envelope;
mod error;
pub mod files;
mod find;
pub mod folder;
mod folder_flush;
pub mod format;
pub mod instance;
mod lane;
mod layout;
mod minute_folder;
mod quarantine;
mod remove;
pub mod requeue;
mod root;
pub mod scan;
mod scratch;
mod source;
mod spool;
pub mod verify;
pub mod watch;
pub mod water_mark;
pub mod writer;

pub use claim::Claim;
pub use config::Config;
pub use counts::{Counts, Event, Ledger};
pub use depth::{Depth, Depths};
pub use draft::{Draft, Spooled};
pub use envelope::Envelope;
pub use error::Error;
pub use files::SpoolFile;
pub use lane::Lane;
pub use requeue::{Requeue, Requeued};
pub use scan::{Entry, Scan};
pub use scratch::Scratch;
pub use source::Source;
pub use spool::Spool;
pub use verify::Verdict;
pub use watch::Watch;
pub use water_mark::Room;
pub use writer::EnvelopeWriter;
