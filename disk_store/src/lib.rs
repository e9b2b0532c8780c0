//! The embedded store: the storage trait on local files, safe for several processes at once.
//!
//! This page is the specification of the folders, of the processed file and of the order of steps.
//!
//! # The folders
//!
//! | path | what |
//! |---|---|
//! | `crashes/<YYYYMMDD>/<ddd>/<crash id>.crash` | a raw crash with its dumps: a file of the spool's format, often the spooled file itself under a second name |
//! | `crashes/<YYYYMMDD>/<ddd>/<crash id>.<generation>` | a processed crash |
//! | `unprocessed/<YYYYMMDD>/<HHMM>/<time>.<crash id>` | a row of the unprocessed index; day, minute and time are `received_at` |
//! | `submitted/<YYYYMMDD>/<HHMM>/<time>.<crash id>.<product>` | a row of the window's index; day, minute and time are `submitted_timestamp` |
//! | `hangs/<h>/<hang>/<crash id>` | a crash with a hang id |
//! | `tmp/<instance>/<number>` | a file being written, as in the spool |
//!
//! `<YYYYMMDD>` below `crashes` is the crash's day; `<ddd>` are the first three digits of the id,
//! so that a folder stays small when a day has millions. `<time>` is microseconds since 1970 in 18
//! digits; `<product>` are the first 16 hexadecimal digits of the SHA-256 of `ProductName`; `<hang>`
//! is the SHA-256 of `HangID` and `<h>` its first two digits. Times outside the years 2000 to 2099
//! stand in the days `00000000` and `99999999`.
//!
//! Of a row only the name counts. The row itself is one more name of the raw file (a link), or an
//! empty file where the file system has no links.
//!
//! # The processed file, version 1
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `AUXPROCD` |
//! | 4 | the version, 1, little-endian |
//! | 4 | zero |
//! | 8 | length of the document, little-endian |
//! | 32 | SHA-256 of the 24 bytes before and the document |
//! | any | the document: a [`ProcessedDocument`](auxilio_common::ProcessedDocument) as JSON |
//!
//! The file ends with the document. A reader checks all of it before it believes any: each
//! truncation, each flipped byte and each byte too many is an error with a name
//! ([`processed::FormatError`]). Raw crashes are proven as the spool says; a dump's checksum is
//! compared when the dump is opened.
//!
//! # The steps
//!
//! *Putting a raw crash*: the raw file gets its name (a link where the file system and its owner
//! allow it, else a copy, flushed and renamed), never over another; the rows of window and hang; the
//! folders are flushed; only then the row of the unprocessed index, if the crash was accepted, and
//! its folder is flushed. A put that was cut anywhere is simply repeated: what is there is kept, and
//! flushed again. So the row of the unprocessed index can come back after the monitor removed it, if
//! the crashmover died between our answer and its removal from the spool. The monitor expects that:
//! inserting a job twice does nothing, and a row whose report exists is dropped.
//!
//! *One id, two crashes*: the file that came first stays. Equal in everything: it is our own earlier
//! try. Equal in annotations and dumps: a duplicate. Else the id is taken and nothing is changed.
//!
//! *Putting a processed crash*: written aside, flushed, renamed, the folder flushed; then lower
//! generations are unlinked. Readers take the highest. *Removing*: index rows first, the raw file
//! last, so that a removal that was cut can be repeated.
//!
//! *Auditing*: a raw file without its rows gets them again. A row without a raw file is one more name
//! of it, so it gives the crash its file back; only one that is empty may go.
//!
//! What this crate deliberately is not: no database and no cache, no server. It does not retry, and
//! does not queue or process anything.

mod audit;
mod config;
mod fault;
mod folders;
mod inner;
mod layout;
mod listing;
pub mod processed;
mod put_raw;
mod remove;
mod store;
mod window;

pub use config::Config;
pub use store::DiskStore;
