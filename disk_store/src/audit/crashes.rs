//! The files of a day's crashes, crash by crash in the order of ids.

use std::collections::BTreeMap;

use auxilio_common::audit::{Astray, AuditPage, AuditPlace, Index, Stray};
use auxilio_common::{CrashId, Day, Generation, RawEnvelope as _, Timestamp};
use auxilio_spool::{Envelope, Error as SpoolError};

use super::written_at;
use crate::fault::Fault;
use crate::inner::{Inner, is_file};
use crate::layout;
use crate::listing::{names, sorted_names};

/// The files of a crash in a listing.
#[derive(Default)]
pub(super) struct Files {
    has_raw: bool,
    processed: Option<Generation>,
}

/// What is looked at: a crash by its files.
type Judge = fn(&Inner, CrashId, &Files, &mut Vec<Stray>) -> Result<(), Fault>;

impl Inner {
    pub(super) fn audit_crashes(
        &self,
        day: Day,
        from: Option<&str>,
        limit: usize,
        judge: Judge,
    ) -> Result<AuditPage, Fault> {
        let after = from.and_then(layout::parse_id);
        let first_shard = after.map(layout::shard_name);
        let folder = self.layout.crashes_of(day);
        let mut page = AuditPage::default();
        for shard in sorted_names(&folder)? {
            if first_shard.as_ref().is_some_and(|first| shard < *first) {
                continue;
            }
            for (crash_id, files) in by_crash(&names(&folder.join(&shard))?) {
                if after.is_some_and(|after| crash_id <= after) {
                    continue;
                }
                judge(self, crash_id, &files, &mut page.strays)?;
                page.looked_at += 1;
                if page.looked_at == limit {
                    page.next = Some(AuditPlace(crash_id.to_string().into_bytes()));
                    return Ok(page);
                }
            }
        }
        Ok(page)
    }

    /// Whether a crash is readable but for its dumps' bytes, and stands in the indexes.
    pub(super) fn judge(
        &self,
        crash_id: CrashId,
        files: &Files,
        strays: &mut Vec<Stray>,
    ) -> Result<(), Fault> {
        let path = self.layout.raw(crash_id).path();
        let crash = match self.open_raw(crash_id) {
            Ok(Some(envelope)) => envelope.into_raw_crash(),
            Ok(None) => return self.judge_alone(crash_id, files, strays),
            Err(Fault::Spool(SpoolError::Damaged { source, .. })) => {
                let what = Astray::Damaged { what: source.to_string() };
                let since = written_at(&path)?;
                strays.extend(since.map(|since| Stray { crash_id, since, what }));
                return Ok(());
            }
            Err(fault) => return Err(fault),
        };
        let rows = [
            (Index::Submitted, Some(self.layout.window_row(&crash))),
            (Index::Hang, self.layout.hang_row(&crash)),
        ];
        for (index, row) in rows {
            let Some(row) = row else { continue };
            // One whose rows went first while it is removed is gone a moment later.
            if !is_file(&row.path())? && self.has_raw(crash_id)? {
                let since = crash.metadata.received_at;
                strays.push(Stray { crash_id, since, what: Astray::Unlisted(index) });
            }
        }
        Ok(())
    }

    /// Whether all bytes of a crash's dumps are there; one that can't be opened is for [`Inner::judge`].
    pub(super) fn judge_dumps(
        &self,
        crash_id: CrashId,
        files: &Files,
        strays: &mut Vec<Stray>,
    ) -> Result<(), Fault> {
        if !files.has_raw {
            return Ok(());
        }
        let envelope = match self.open_raw(crash_id) {
            Ok(Some(envelope)) => envelope,
            Ok(None) | Err(Fault::Spool(SpoolError::Damaged { .. })) => return Ok(()),
            Err(fault) => return Err(fault),
        };
        let since = envelope.raw_crash().metadata.received_at;
        match Envelope::verify(&envelope) {
            Ok(()) => {}
            Err(SpoolError::Damaged { source, .. }) => {
                let what = Astray::Damaged { what: source.to_string() };
                strays.push(Stray { crash_id, since, what });
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// What is astray of a crash, looked at by itself.
    pub(super) fn strays_of(&self, crash_id: CrashId) -> Result<Vec<Stray>, Fault> {
        let processed = self.generations(crash_id)?.into_iter().max();
        let files = Files { has_raw: self.has_raw(crash_id)?, processed };
        let mut strays = Vec::new();
        self.judge(crash_id, &files, &mut strays)?;
        self.judge_dumps(crash_id, &files, &mut strays)?;
        Ok(strays)
    }

    fn judge_alone(
        &self,
        crash_id: CrashId,
        files: &Files,
        strays: &mut Vec<Stray>,
    ) -> Result<(), Fault> {
        let Some(generation) = files.processed else { return Ok(()) };
        let is_there = is_file(&self.layout.processed(crash_id, generation).path())?;
        if is_there && !self.has_raw(crash_id)? {
            // Generations are times.
            let since = Timestamp::from_micros(generation.0.saturating_mul(1_000));
            strays.push(Stray { crash_id, since, what: Astray::ProcessedAlone });
        }
        Ok(())
    }
}

/// The crashes of a folder's names.
fn by_crash(names: &[String]) -> BTreeMap<CrashId, Files> {
    let mut found = BTreeMap::<CrashId, Files>::new();
    for name in names {
        if let Some(crash_id) = layout::crash_of_raw(name) {
            found.entry(crash_id).or_default().has_raw = true;
            continue;
        }
        let Some(id) = name.get(..CrashId::TEXT_LEN) else { continue };
        let Some(crash_id) = layout::parse_id(id) else { continue };
        if let Some(generation) = layout::generation_of(name, id) {
            let files = found.entry(crash_id).or_default();
            files.processed = files.processed.max(Some(generation));
        }
    }
    found
}
