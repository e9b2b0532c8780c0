//! One crash among all that wait, by its id.

use auxilio_common::CrashId;

use crate::scan::{minutes, spooled_at};
use crate::{Entry, Error, Lane, Source, layout};

impl Source {
    /// Where a crash waits, in either lane; `None` if it does not. Of several files with one id
    /// (only ids that a submitter chose can meet) it is one of the oldest minute.
    ///
    /// Costs one look-up for each minute that has crashes, however many these are.
    pub fn find(&self, crash_id: CrashId) -> Result<Option<Entry>, Error> {
        let name = layout::file_name(crash_id, 0);
        for lane in Lane::ALL {
            for minute in minutes(&self.layout, lane)? {
                let path = self.layout.minute(lane, &minute).join(&name);
                if let Some(spooled_at) = spooled_at(&path) {
                    return Ok(Some(Entry { path, lane, crash_id, spooled_at }));
                }
            }
        }
        Ok(None)
    }
}
