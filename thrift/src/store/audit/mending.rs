//! Rows of the lasting indexes that a whole crash lacks are put again.

use auxilio_common::audit::{Astray, Mending, Outlook, Stray};
use auxilio_common::{CrashId, RawCrash};

use super::super::fault::Fault;
use super::super::put_raw::hang_column;
use super::super::schema::{HANGS, SUBMITTED};
use super::super::{HbaseStore, columns, keys};
use super::INDEX_BYTES;

impl HbaseStore {
    pub(in super::super) async fn mend_stray(&self, stray: &Stray) -> Result<Mending, Fault> {
        match stray.what {
            Astray::Unlisted(_) => self.list_again(stray.crash_id).await,
            Astray::Unfinished { .. }
            | Astray::Damaged { .. }
            | Astray::ProcessedAlone
            | Astray::RowAlone { .. } => Ok(Mending::Impossible),
        }
    }

    /// What mending or removing would come to.
    pub(in super::super) async fn outlook_of(&self, stray: &Stray) -> Result<Outlook, Fault> {
        match stray.what {
            Astray::Unlisted(_) => match self.raw_crash(stray.crash_id).await {
                Ok(Some(_)) => Ok(Outlook::Mendable),
                Ok(None) | Err(Fault::NotYet | Fault::Json(_) | Fault::Chunk(_)) => {
                    Ok(Outlook::Neither)
                }
                Err(fault) => Err(fault),
            },
            Astray::Unfinished { .. } | Astray::RowAlone { .. } => Ok(Outlook::Removable),
            Astray::Damaged { .. } | Astray::ProcessedAlone => Ok(Outlook::Neither),
        }
    }

    async fn list_again(&self, crash_id: CrashId) -> Result<Mending, Fault> {
        let crash = match self.raw_crash(crash_id).await {
            Ok(Some(crash)) => crash,
            Ok(None) | Err(Fault::NotYet) => return Ok(Mending::NotAstray),
            // Where its rows belong is not known any more. The audit of its dumps names it.
            Err(Fault::Json(_) | Fault::Chunk(_)) => return Ok(Mending::Impossible),
            Err(fault) => return Err(fault),
        };
        if self.is_listed(&crash).await? {
            return Ok(Mending::NotAstray);
        }
        self.put_lasting_rows(&crash).await?;
        // Somebody may have removed the crash meanwhile, and its rows first.
        if matches!(self.raw_crash(crash_id).await, Ok(None)) {
            self.remove_rows(&crash).await?;
            return Ok(Mending::NotAstray);
        }
        Ok(Mending::Mended)
    }

    pub(super) async fn is_listed(&self, crash: &RawCrash) -> Result<bool, Fault> {
        let submitted = keys::timed(crash.metadata.submitted_timestamp, crash.crash_id)?;
        let wanted = [columns::CRASH_ID];
        if self.client.get_row(SUBMITTED, &submitted, &wanted, INDEX_BYTES).await?.is_none() {
            return Ok(false);
        }
        let Some(hang_id) = crash.annotation("HangID") else { return Ok(true) };
        let column = hang_column(crash);
        let key = keys::short(hang_id);
        Ok(self.client.get_row(HANGS, &key, &[&column], INDEX_BYTES).await?.is_some())
    }
}
