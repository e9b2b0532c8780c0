//! `auxilio signature undo`: reports get the signatures back that they had before a change, unless they
//! were processed again since. Killed and run again, it goes on where it was.

use std::process::ExitCode;

use anyhow::bail;
use auxilio_database::UndoBegun;

use super::applying::read;
use super::{Work, telling};
use crate::verbs::pace::Pace;

pub(super) async fn perform(
    work: &Work,
    id: i64,
    rate: Option<f64>,
    by: &str,
) -> anyhow::Result<ExitCode> {
    match work.database.begin_signature_undo(id, by).await? {
        UndoBegun::Undoing => {}
        UndoBegun::Undone => bail!("change {id} is undone already"),
        UndoBegun::Unknown => bail!("there is no change {id}"),
        UndoBegun::Later => bail!("a change after {id} stands: undo that first"),
        UndoBegun::Busy => bail!("another change is at work: let it end, or undo it"),
    }
    let mut pace = Pace::new(rate);
    let mut is_done = false;
    while !is_done && !work.shutdown.stopping() && pace.wait(pace.batch(), &work.shutdown).await {
        is_done = !work.database.undo_signatures(id, pace.batch()).await?;
    }
    telling::tell(work, &read(&work.database, id).await?)?;
    Ok(ExitCode::from(u8::from(!is_done)))
}
