//! What became of a crash or of a part of one, in words.

use auxilio_common::CrashId;
use auxilio_common::audit::Index;
use serde_json::{Map, Value, json};

/// What became of a crash, or of a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// There was nothing to do.
    Fine,
    /// It had no row, and has one now.
    Rebuilt,
    /// It had an old row, which is brought up.
    Updated,
    /// It is queued in lane reprocess.
    Queued,
    /// It is not processed yet and will be: it has a job, or stands in the index of new crashes.
    Waiting,
    /// It was deferred, and nobody has asked for it.
    Deferred,
    /// It has a row, and the store does not have it.
    RowAlone,
    /// The database refuses its row.
    Refused(String),
    /// A part of it is in the store, and the others are on their way or may be.
    Arriving,
    /// An index of the store did not know it, and does now.
    Indexed,
    /// Its file was gone from the store, and is there again.
    Restored,
    /// What the store had of it was of no use, and is removed.
    Removed,
    /// It has a job, and its raw crash is nowhere.
    JobAlone,
    /// Something is astray and stays so.
    Left(Left),
}

/// What is left as it is, for a person to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Its put did not come to its end.
    Unfinished { age_secs: u64, bytes: u64 },
    /// Some of it is missing or unreadable.
    Damaged { what: String },
    /// It is processed and has no raw crash.
    ProcessedAlone { age_secs: u64 },
    /// An index does not know it, and it can't be read for its place there.
    Unlisted { index: Index },
    /// An index knows it, and it is not there.
    RowAlone { index: Index, age_secs: u64 },
}

/// A crash and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) crash_id: CrashId,
    pub(super) fate: Fate,
}

impl Fate {
    /// Its place in the tally.
    pub(super) fn place(&self) -> usize {
        match self {
            Self::Fine => 0,
            Self::Rebuilt => 1,
            Self::Updated => 2,
            Self::Queued => 3,
            Self::Waiting => 4,
            Self::Deferred => 5,
            Self::RowAlone => 6,
            Self::Refused(_) => 7,
            Self::Arriving => 8,
            Self::Indexed => 9,
            Self::Restored => 10,
            Self::Removed => 11,
            Self::JobAlone => 12,
            Self::Left(Left::Unfinished { .. }) => 13,
            Self::Left(Left::Damaged { .. }) => 14,
            Self::Left(Left::ProcessedAlone { .. }) => 15,
            Self::Left(Left::Unlisted { .. }) => 16,
            Self::Left(Left::RowAlone { .. }) => 17,
        }
    }

    /// What a program is told beside the word.
    pub(super) fn details(&self) -> Map<String, Value> {
        let details = match self {
            Self::Refused(why) => json!({"reason": why}),
            Self::Left(Left::Unfinished { age_secs, bytes }) => {
                json!({"age_secs": age_secs, "bytes": bytes})
            }
            Self::Left(Left::Damaged { what }) => json!({"reason": what}),
            Self::Left(Left::ProcessedAlone { age_secs }) => json!({"age_secs": age_secs}),
            Self::Left(Left::Unlisted { index }) => json!({"index": index.as_str()}),
            Self::Left(Left::RowAlone { index, age_secs }) => {
                json!({"index": index.as_str(), "age_secs": age_secs})
            }
            _ => Value::Null,
        };
        if let Value::Object(details) = details { details } else { Map::new() }
    }

    /// What a person is told, if that is more than a number.
    pub(super) fn sentence(&self) -> Option<String> {
        Some(match self {
            Self::RowAlone => "has a row and is not in the store".to_owned(),
            Self::Refused(why) => format!("has no row: {why}"),
            Self::JobAlone => "has a job and is neither in the store nor in a spool".to_owned(),
            Self::Left(Left::Unfinished { age_secs, bytes }) => {
                let age = in_hours(*age_secs);
                format!("is unfinished in the store for {age}: {bytes} bytes that nobody reads")
            }
            Self::Left(Left::Damaged { what }) => format!("is damaged in the store: {what}"),
            Self::Left(Left::ProcessedAlone { .. }) => {
                "is processed and has no raw crash in the store".to_owned()
            }
            Self::Left(Left::Unlisted { index }) => {
                format!("is not in the store's index \"{}\" and can't be read", index.as_str())
            }
            Self::Left(Left::RowAlone { index, .. }) => {
                format!("is in the store's index \"{}\" and not in the store", index.as_str())
            }
            _ => return None,
        })
    }
}

fn in_hours(age_secs: u64) -> String {
    match age_secs / 3_600 {
        hours @ 0..48 => format!("{hours} hours"),
        hours => format!("{} days", hours / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::in_hours;

    #[test]
    fn ages_are_told_in_hours_and_later_in_days() {
        assert_eq!((in_hours(7_300), in_hours(864_000)), ("2 hours".into(), "10 days".into()));
    }
}
