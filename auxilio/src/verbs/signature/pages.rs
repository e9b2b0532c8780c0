//! Stored crashes, page by page, with what the lists make of each: while one page is signed, the next
//! ones are read.

use std::sync::Arc;

use anyhow::Context;
use auxilio_common::{CrashId, Day};
use auxilio_database::{Database, SignedCrash};
use futures::stream::{Stream, StreamExt, TryStreamExt, try_unfold};

use super::candidate::{Candidate, Made};

/// Pages that are signed or wait to be: each has some megabytes.
const PAGES_AT_ONCE: usize = 3;

/// A crash and what the lists make of it.
pub(super) type Tried = (SignedCrash, Made);

/// Where to go on.
struct Reader {
    database: Database,
    day: Option<Day>,
    to: Day,
    after: Option<CrashId>,
    crashes: usize,
}

/// All crashes of the days from behind `after`, in the order of days and ids. A page is never empty, and
/// its crashes are of one day.
pub(super) fn of(
    database: &Database,
    candidate: &Arc<Candidate>,
    (from, to): (Day, Day),
    after: Option<CrashId>,
    crashes: usize,
) -> impl Stream<Item = anyhow::Result<Vec<Tried>>> + Unpin + use<> {
    let day = Some(after.map_or(from, |after| after.day().max(from)));
    let reader = Reader { database: database.clone(), day, to, after, crashes };
    let candidate = Arc::clone(candidate);
    let pages = try_unfold(reader, |mut reader| async move {
        let page = reader.next().await?;
        anyhow::Ok((!page.is_empty()).then_some((page, reader)))
    });
    let signed = pages.map_ok(move |page| {
        let candidate = Arc::clone(&candidate);
        async move {
            let work = move || page.into_iter().map(|crash| sign(&candidate, crash)).collect();
            tokio::task::spawn_blocking(work).await.context("signing panicked")
        }
    });
    signed.try_buffered(PAGES_AT_ONCE).boxed()
}

/// What was kept goes: nobody needs it any more.
fn sign(candidate: &Candidate, mut crash: SignedCrash) -> Tried {
    let made = candidate.sign(&crash);
    crash.frames = None;
    (crash, made)
}

impl Reader {
    async fn next(&mut self) -> anyhow::Result<Vec<SignedCrash>> {
        while let Some(day) = self.day.filter(|day| *day <= self.to) {
            let page = self.database.signed_crashes(day, self.after, self.crashes).await?;
            if let Some(last) = page.last() {
                self.after = Some(last.crash_id);
                return Ok(page);
            }
            self.day = day.next();
            self.after = None;
        }
        Ok(Vec::new())
    }
}
