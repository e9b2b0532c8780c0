//! The two indexes in order of time: crashes of a window, and crashes that are not queued yet.

use std::fs;
use std::path::Path;

use auxilio_common::Timestamp;
use auxilio_common::storage::{IndexEntry, WindowKey};

use crate::fault::Fault;
use crate::inner::Inner;
use crate::layout::{self, day_name, minute_name};
use crate::listing::{names, sorted_names};

impl Inner {
    pub(crate) fn list_window(
        &self,
        from: Timestamp,
        to: Timestamp,
        product: Option<&str>,
        after: Option<&WindowKey>,
        limit: usize,
    ) -> Result<Vec<WindowKey>, Fault> {
        let product = product.map(layout::product_name);
        let first = after.map_or(from, |after| from.max(after.submitted_at));
        let mut found = Vec::new();
        walk_minutes(&self.layout.submitted(), Some(first), Some(to), |_, names, _| {
            let mut keys: Vec<_> = names
                .iter()
                .filter_map(|name| layout::parse_window_row(name))
                .filter(|(key, _)| key.submitted_at >= from && key.submitted_at < to)
                .filter(|(key, _)| after.is_none_or(|after| key > after))
                .filter(|(_, name)| product.as_ref().is_none_or(|product| product == name))
                .map(|(key, _)| key)
                .collect();
            keys.sort_unstable();
            found.append(&mut keys);
            found.len() < limit
        })?;
        found.truncate(limit);
        Ok(found)
    }

    pub(crate) fn read_index(
        &self,
        since: Option<Timestamp>,
        limit: usize,
    ) -> Result<Vec<IndexEntry>, Fault> {
        let mut found = Vec::new();
        walk_minutes(&self.layout.unprocessed(), since, None, |folder, names, newest| {
            if names.is_empty() && !newest {
                // Its crashes are all queued. Not empty any more, or not ours to remove: it stays.
                let _ = fs::remove_dir(folder);
                let _ = folder.parent().map(fs::remove_dir);
            }
            let mut rows: Vec<_> =
                names.iter().filter_map(|name| layout::parse_index_row(name)).collect();
            rows.retain(|row| since.is_none_or(|since| row.received_at >= since));
            rows.sort_unstable();
            found.append(&mut rows);
            found.len() < limit
        })?;
        found.truncate(limit);
        Ok(found)
    }
}

/// Visits the minute folders that touch `[from, to]`, oldest first, with the names in each and
/// whether it is the newest of all, until a visit says that it is enough.
fn walk_minutes(
    parent: &Path,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    mut visit: impl FnMut(&Path, &[String], bool) -> bool,
) -> Result<(), Fault> {
    let place = |at: Timestamp| (day_name(at), minute_name(at));
    let (from, to) = (from.map(place), to.map(place));
    let days = sorted_names(parent)?;
    for day in &days {
        let folder = parent.join(day);
        let before = from.as_ref().is_some_and(|(from, _)| day < from);
        let behind = to.as_ref().is_some_and(|(to, _)| day > to);
        if before || behind {
            continue;
        }
        let minutes = sorted_names(&folder)?;
        for (place, minute) in minutes.iter().enumerate() {
            let at = (day.clone(), minute.clone());
            // Names in the two days for times that no calendar has don't sort by their minute.
            let odd = day == "00000000" || day == "99999999";
            let before = from.as_ref().is_some_and(|from| at < *from);
            let behind = to.as_ref().is_some_and(|to| at > *to);
            if !odd && (before || behind) {
                continue;
            }
            let folder = folder.join(minute);
            let newest = days.last() == Some(day) && place + 1 == minutes.len();
            if !visit(&folder, &names(&folder)?, newest) {
                return Ok(());
            }
        }
    }
    Ok(())
}
