//! `auxilio signature apply`: reports get the signatures that other lists make, batch by batch. Killed at
//! any moment and run again with the same lists, it goes on where it was.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use auxilio_common::Day;
use auxilio_database::{
    ChangeState, Database, NewChange, Resigned, ResignedBatch, SignatureChange,
};
use futures::TryStreamExt;

use super::candidate::{Candidate, Made};
use super::pages::{self, Tried};
use super::{Work, telling};
use crate::verbs::pace::Pace;

pub(super) async fn perform(
    work: &Work,
    candidate: Candidate,
    (from, to): (Day, Day),
    rate: Option<f64>,
    by: &str,
) -> anyhow::Result<ExitCode> {
    let (lists, digest) = (&*candidate.name, &*candidate.digest);
    let new = NewChange { by, lists, digest, from, to };
    let change = work.database.begin_signature_change(&new).await?;
    let id = change.id;
    if change.state == ChangeState::Undoing {
        bail!("change {id} is being undone: \"auxilio signature undo {id}\" goes on with it");
    }
    if change.digest != candidate.digest {
        bail!(
            "change {id} by other lists ({}) is not applied to the end: apply these once more, or undo it",
            change.lists
        );
    }
    if change.looked_at > 0 && !work.as_json {
        println!("change {id} goes on behind {} crashes", change.looked_at);
    }
    let is_done = go_on(work, &Arc::new(candidate), change, &mut Pace::new(rate)).await?;
    telling::tell(work, &read(&work.database, id).await?)?;
    Ok(ExitCode::from(u8::from(!is_done)))
}

/// Applies what is left of a change. False if it was stopped.
async fn go_on(
    work: &Work,
    candidate: &Arc<Candidate>,
    mut change: SignatureChange,
    pace: &mut Pace,
) -> anyhow::Result<bool> {
    loop {
        let days = (change.from_day, change.to_day);
        let mut pages = pages::of(&work.database, candidate, days, change.seen_uuid, pace.batch());
        let is_through = loop {
            let Some(crashes) = pages.try_next().await? else { break true };
            if !pace.wait(crashes.len(), &work.shutdown).await || work.shutdown.stopping() {
                return Ok(false);
            }
            let Some(batch) = batch(change.id, &crashes) else { break true };
            if !work.database.resign_reports(&change, &batch).await? {
                break false;
            }
            change.seen_day = Some(batch.last.day());
            change.seen_uuid = Some(batch.last);
        };
        if is_through && work.database.end_signature_change(&change).await? {
            return Ok(true);
        }
        // Another one applies it as well, and has come further.
        change = read(&work.database, change.id).await?;
        match change.state {
            ChangeState::Applying => {}
            ChangeState::Applied => return Ok(true),
            ChangeState::Undoing | ChangeState::Undone => {
                bail!("change {} was taken back meanwhile", change.id);
            }
        }
    }
}

/// What is to be written of a page.
fn batch(change: i64, crashes: &[Tried]) -> Option<ResignedBatch> {
    let (last, _) = crashes.last()?;
    let mut batch = ResignedBatch {
        last: last.crash_id,
        looked_at: crashes.len() as u64,
        without_frames: 0,
        rows: Vec::new(),
    };
    for (crash, made) in crashes {
        let Made::Signed(signature, group_key) = made else {
            batch.without_frames += 1;
            continue;
        };
        let before = crash.signature.as_deref().unwrap_or_default();
        if before != signature || crash.group_key != *group_key {
            batch.rows.push(Resigned {
                uuid: crash.crash_id,
                generation: crash.generation,
                change_was: crash.change,
                change,
                signature: signature.clone(),
                group_key: group_key.clone(),
            });
        }
    }
    Some(batch)
}

/// A change's record, which is never removed.
pub(super) async fn read(database: &Database, id: i64) -> anyhow::Result<SignatureChange> {
    let change = database.signature_changes(Some(id)).await?.pop();
    change.with_context(|| format!("there is no change {id}"))
}
