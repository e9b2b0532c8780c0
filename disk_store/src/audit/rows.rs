//! Rows of the indexes without a raw crash.

use std::path::Path;

use auxilio_common::CrashId;
use auxilio_common::audit::{Astray, AuditPage, AuditPlace, Index, Stray};

use super::written_at;
use crate::fault::Fault;
use crate::inner::Inner;
use crate::layout;
use crate::listing::sorted_names;

impl Inner {
    /// Rows stand two folders deep. `first` is the only folder of the first level that is wanted;
    /// a place is `<folder>/<folder>/<name>`.
    pub(super) fn audit_rows(
        &self,
        index: Index,
        first: Option<&str>,
        from: Option<&str>,
        limit: usize,
    ) -> Result<AuditPage, Fault> {
        let base = self.layout.index(index);
        let from: Vec<&str> = from.map(|from| from.splitn(3, '/').collect()).unwrap_or_default();
        let mut page = AuditPage::default();
        for outer in sorted_names(&base)? {
            if first.is_some_and(|first| first != outer) || is_before(&from, &[&outer]) {
                continue;
            }
            for inner in sorted_names(&base.join(&outer))? {
                if is_before(&from, &[&outer, &inner]) {
                    continue;
                }
                let folder = base.join(&outer).join(&inner);
                for name in sorted_names(&folder)? {
                    let place = [outer.as_str(), inner.as_str(), name.as_str()];
                    if from == place || is_before(&from, &place) {
                        continue;
                    }
                    page.strays.extend(self.judge_row(index, &folder, place)?);
                    page.looked_at += 1;
                    if page.looked_at == limit {
                        page.next = Some(AuditPlace(place.join("/").into_bytes()));
                        return Ok(page);
                    }
                }
            }
        }
        Ok(page)
    }

    /// The row was listed before the crash is looked for; one that goes together with its crash is
    /// gone by then.
    fn judge_row(
        &self,
        index: Index,
        folder: &Path,
        place: [&str; 3],
    ) -> Result<Option<Stray>, Fault> {
        let Some(crash_id) = crash_of(index, place[2]) else { return Ok(None) };
        if self.has_raw(crash_id)? {
            return Ok(None);
        }
        let row = place.join("/").into_bytes();
        let since = written_at(&folder.join(place[2]))?;
        let what = Astray::RowAlone { index, row };
        Ok(since.map(|since| Stray { crash_id, since, what }))
    }
}

/// Whether a place, or the beginning of one, stands before another.
fn is_before(from: &[&str], place: &[&str]) -> bool {
    let known = from.len().min(place.len());
    place[..known] < from[..known]
}

/// The crash of a row's name.
pub(super) fn crash_of(index: Index, name: &str) -> Option<CrashId> {
    match index {
        Index::Submitted => layout::parse_window_row(name).map(|(key, _)| key.crash_id),
        Index::Unprocessed => layout::parse_index_row(name).map(|entry| entry.crash_id),
        Index::Hang => layout::parse_id(name),
    }
}

#[cfg(test)]
mod tests {
    use super::is_before;

    #[test]
    fn places_are_compared_folder_by_folder() {
        let from = ["20121224", "1200", "b"];
        for (place, before) in [
            (&["20121223"][..], true),
            (&["20121224"], false),
            (&["20121224", "1159"], true),
            (&["20121224", "1200"], false),
            (&["20121224", "1200", "a"], true),
            (&["20121224", "1200", "b"], false),
            (&["20121224", "1201", "a"], false),
            (&["20121225", "0000", "a"], false),
        ] {
            assert_eq!(is_before(&from, place), before, "{place:?}");
            assert!(!is_before(&[], place));
        }
    }
}
