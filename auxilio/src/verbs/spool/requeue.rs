//! `auxilio spool requeue`: crashes come back from quarantine for another try.

use std::collections::BTreeSet;
use std::io;

use auxilio_common::CrashId;
use auxilio_crashmover::CarriedSpool;
use auxilio_spool::files::Kind;
use auxilio_spool::{Error, Requeue, Requeued, SpoolFile};
use serde_json::json;

use super::line::{Lines, fault};
use super::reading::each_file;
use crate::cli::RequeueOptions;

/// Puts the crashes that were asked for back; whether all of them are.
pub(super) fn perform(
    spools: Vec<CarriedSpool>,
    options: &RequeueOptions,
    lines: &mut Lines,
) -> io::Result<bool> {
    let mut bringing = Bringing {
        options,
        missing: options.ids.iter().copied().collect(),
        requeued: 0,
        refused: 0,
    };
    let mut is_readable = true;
    for spool in spools {
        is_readable &= bringing.bring_from(spool, lines)?;
    }
    bringing.tell_sum(lines)?;
    Ok(is_readable && bringing.refused == 0 && bringing.missing.is_empty())
}

/// A run of the verb.
struct Bringing<'a> {
    options: &'a RequeueOptions,
    /// Ids that no quarantine had so far.
    missing: BTreeSet<CrashId>,
    requeued: u64,
    refused: u64,
}

impl Bringing<'_> {
    fn bring_from(&mut self, spool: CarriedSpool, lines: &mut Lines) -> io::Result<bool> {
        let CarriedSpool { name, source } = spool;
        let requeue = Requeue::of(source.clone());
        let read = each_file(&name, &source, |file| self.bring(&name, &requeue, &file, lines))?;
        Ok(read == Some(true))
    }

    fn bring(
        &mut self,
        spool: &str,
        requeue: &Requeue,
        file: &SpoolFile,
        lines: &mut Lines,
    ) -> io::Result<()> {
        let Kind::Quarantined(crash_id) = file.kind else { return Ok(()) };
        let why = file.reason().unwrap_or_else(|error| Some(fault(&error))).unwrap_or_default();
        if !self.is_asked_for(crash_id, &why) {
            return Ok(());
        }
        self.missing.remove(&crash_id);
        let mut path = file.path.clone();
        let (result, text) = match self.put_back(requeue, file) {
            // Somebody else has put it back meanwhile.
            Ok(Requeued::Gone) => return Ok(()),
            Ok(Requeued::Held) => ("held", "somebody else has it in hand".to_owned()),
            Ok(Requeued::Back(back)) => {
                path = back;
                ("requeued", path.display().to_string())
            }
            Err(error) => {
                if let Error::HalfBack { back, .. } = &error {
                    path.clone_from(back);
                }
                (if is_damage(&error) { "damaged" } else { "failed" }, fault(&error))
            }
        };
        let is_back = result == "requeued";
        *(if is_back { &mut self.requeued } else { &mut self.refused }) += 1;
        lines.tell(
            || {
                json!({
                    "crash_id": crash_id, "spool": spool, "result": result, "was": why,
                    "path": path.display().to_string(),
                    "reason": if is_back { None } else { Some(&text) },
                })
            },
            || format!("{result}  {crash_id}  {text}"),
        )?;
        // A line for each that is back, whenever we are stopped.
        lines.flush()
    }

    fn is_asked_for(&self, crash_id: CrashId, why: &str) -> bool {
        self.options.all
            || self.options.ids.contains(&crash_id)
            || self.options.reason.as_deref().is_some_and(|reason| why.contains(reason))
    }

    fn put_back(&self, requeue: &Requeue, file: &SpoolFile) -> Result<Requeued, Error> {
        if self.options.dry_run { Requeue::try_out(file) } else { requeue.put_back(file) }
    }

    fn tell_sum(&self, lines: &mut Lines) -> io::Result<()> {
        for crash_id in &self.missing {
            lines.tell(
                || json!({"crash_id": crash_id, "result": "not_in_quarantine"}),
                || format!("not in quarantine  {crash_id}"),
            )?;
        }
        let Self { requeued, refused, missing, .. } = self;
        let (missing, dry_run) = (missing.len(), self.options.dry_run);
        lines.tell(
            || {
                json!({
                    "requeued": requeued, "refused": refused, "not_in_quarantine": missing,
                    "dry_run": dry_run,
                })
            },
            || {
                let would = if dry_run { "would be " } else { "" };
                format!(
                    "{requeued} {would}requeued, {refused} refused, {missing} not in quarantine"
                )
            },
        )
    }
}

/// Whether the file itself is at fault.
fn is_damage(error: &Error) -> bool {
    matches!(error, Error::Damaged { source, .. } if source.is_damage())
}
