//! Auditing: which files of crashes and which rows of indexes lack what belongs to them.
//!
//! Nothing is held between pages but the place where the next one begins. A listing of a folder is
//! no single moment, so whatever seems to be missing is looked up once more.

mod crashes;
mod mending;
mod rows;

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use auxilio_common::audit::{AuditPage, AuditPlace, AuditScope, Index};
use auxilio_common::{CrashId, Timestamp};

use crate::fault::Fault;
use crate::inner::{Inner, is_file};
use crate::layout::day_name;

impl Inner {
    /// Looks at the next crashes or rows of a scope, at most `limit`.
    pub(crate) fn audit(
        &self,
        scope: AuditScope,
        from: Option<&AuditPlace>,
        limit: usize,
    ) -> Result<AuditPage, Fault> {
        let from = from.map(|place| String::from_utf8_lossy(&place.0).into_owned());
        let (from, limit) = (from.as_deref(), limit.max(1));
        match scope {
            AuditScope::Crashes(day) => self.audit_crashes(day, from, limit, Inner::judge),
            AuditScope::Dumps(day) => self.audit_crashes(day, from, limit, Inner::judge_dumps),
            AuditScope::Submitted(day) => {
                let days = Some(day_name(Timestamp::midnight(day)));
                self.audit_rows(Index::Submitted, days.as_deref(), from, limit)
            }
            AuditScope::Unprocessed => self.audit_rows(Index::Unprocessed, None, from, limit),
            AuditScope::Hangs => self.audit_rows(Index::Hang, None, from, limit),
        }
    }

    fn has_raw(&self, crash_id: CrashId) -> Result<bool, Fault> {
        is_file(&self.layout.raw(crash_id).path())
    }
}

/// When a file got its bytes; `None` if it is gone.
fn written_at(path: &Path) -> Result<Option<Timestamp>, Fault> {
    match fs::symlink_metadata(path).and_then(|metadata| metadata.modified()) {
        Ok(at) => {
            let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
            Ok(Some(Timestamp::from_micros(micros)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Fault::io("look up", path)(error)),
    }
}
