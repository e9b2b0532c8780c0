//! What is printed of changes.

use std::io::{BufWriter, ErrorKind, StdoutLock, Write};
use std::process::ExitCode;

use auxilio_database::{ChangeState, SignatureChange};

use super::Work;

pub(super) fn output() -> BufWriter<StdoutLock<'static>> {
    BufWriter::new(std::io::stdout().lock())
}

pub(super) fn line(out: &mut impl Write, text: &str) -> std::io::Result<()> {
    writeln!(out, "{text}")?;
    out.flush()
}

/// A reader who has seen enough is no fault.
pub(super) fn ended_by_reader(told: std::io::Result<()>) -> std::io::Result<()> {
    match told {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        told => told,
    }
}

/// Lists all changes.
pub(super) async fn changes(work: &Work) -> anyhow::Result<ExitCode> {
    for change in work.database.signature_changes(None).await? {
        tell(work, &change)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One change: its record, or its state and counts in words.
pub(super) fn tell(work: &Work, change: &SignatureChange) -> anyhow::Result<()> {
    let text = if work.as_json { serde_json::to_string(change)? } else { in_words(change) };
    Ok(ended_by_reader(line(&mut output(), &text))?)
}

fn in_words(change: &SignatureChange) -> String {
    let SignatureChange { id, from_day, to_day, lists, applied_by, began_at, .. } = change;
    let state = match change.state {
        ChangeState::Applying => "not applied to the end",
        ChangeState::Applied => "applied",
        ChangeState::Undoing => "not undone to the end",
        ChangeState::Undone => "undone",
    };
    let head = format!(
        "change {id}, {state}: {from_day} to {to_day}, by {applied_by} at {began_at}, lists {lists}"
    );
    let applied = format!(
        "  {} crashes: {} got another signature, {} another group key alone, {} stayed, {} have nothing \
         kept to sign them by, {} were processed again meanwhile",
        change.looked_at,
        change.changed,
        change.rekeyed,
        change.unchanged,
        change.without_frames,
        change.overtaken
    );
    let undone = change.undone_by.as_ref().map(|by| {
        format!(
            "\n  undone by {by}: {} restored, {} processed again since, {} written anew from the store, \
             {} gone",
            change.restored, change.reprocessed, change.rewritten, change.gone
        )
    });
    format!("{head}\n{applied}{}", undone.unwrap_or_default())
}
