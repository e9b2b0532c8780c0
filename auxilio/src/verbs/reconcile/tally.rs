//! What became of the crashes: counted by day and in all, and named where somebody may want to look.

use std::fmt::Write;

use auxilio_common::{CrashId, Day};
use serde_json::{Map, Value, json};

/// What became of a crash.
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
}

/// A crash and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct End {
    pub(super) crash_id: CrashId,
    pub(super) fate: Fate,
}

/// How many crashes met which fate, in the order of [`WORDS`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    counts: [u64; WORDS.len()],
}

/// The fates with their words for programs and for people.
const WORDS: [(&str, &str); 8] = [
    ("fine", "fine"),
    ("rebuilt", "rebuilt"),
    ("updated", "brought up"),
    ("queued", "queued"),
    ("waiting", "on their way"),
    ("deferred", "deferred"),
    ("row_alone", "rows without a crash in the store"),
    ("refused", "refused"),
];

impl Fate {
    fn place(&self) -> usize {
        match self {
            Self::Fine => 0,
            Self::Rebuilt => 1,
            Self::Updated => 2,
            Self::Queued => 3,
            Self::Waiting => 4,
            Self::Deferred => 5,
            Self::RowAlone => 6,
            Self::Refused(_) => 7,
        }
    }
}

impl Tally {
    /// Counts one, and names it if there is more to say than that all is well.
    pub(super) fn count(&mut self, end: &End, as_json: bool) {
        let place = end.fate.place();
        self.counts[place] += 1;
        let id = end.crash_id;
        match &end.fate {
            Fate::Fine | Fate::Waiting | Fate::Deferred => {}
            Fate::Refused(why) if as_json => {
                println!("{}", json!({"crash_id": id, "result": WORDS[place].0, "reason": why}));
            }
            _ if as_json => println!("{}", json!({"crash_id": id, "result": WORDS[place].0})),
            Fate::RowAlone => eprintln!("bp-{id} has a row and is not in the store"),
            Fate::Refused(why) => eprintln!("bp-{id} has no row: {why}"),
            Fate::Rebuilt | Fate::Updated | Fate::Queued => {}
        }
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (mine, others) in self.counts.iter_mut().zip(other.counts) {
            *mine += others;
        }
    }

    /// Whether a crash could not be brought back.
    pub(super) fn has_failures(&self) -> bool {
        self.counts[Fate::Refused(String::new()).place()] > 0
    }

    /// The line of a day that is done.
    pub(super) fn tell_day(&self, day: Day, as_json: bool) {
        if as_json {
            let mut line = Map::from_iter([("day".to_owned(), json!(day))]);
            line.extend(self.numbers());
            println!("{}", Value::Object(line));
        } else {
            println!("{day}: {}", self.in_words());
        }
    }

    /// The last line; with the day to go on from, if it is not the end.
    pub(super) fn tell_sum(&self, as_json: bool, is_dry_run: bool, stopped_at: Option<Day>) {
        if as_json {
            let mut line: Map<String, Value> = self.numbers().collect();
            line.insert("dry_run".to_owned(), json!(is_dry_run));
            line.insert("stopped_at".to_owned(), json!(stopped_at));
            println!("{}", Value::Object(line));
            return;
        }
        let dry_run = if is_dry_run { " (nothing was changed)" } else { "" };
        println!("all{dry_run}: {}", self.in_words());
        if let Some(day) = stopped_at {
            println!("stopped in {day}: go on with --from {day}");
        }
    }

    fn numbers(&self) -> impl Iterator<Item = (String, Value)> {
        WORDS.iter().zip(self.counts).map(|((word, _), count)| ((*word).to_owned(), json!(count)))
    }

    fn in_words(&self) -> String {
        let mut text = format!("{} crashes", self.counts.iter().sum::<u64>());
        for ((_, words), count) in WORDS.iter().zip(self.counts).filter(|(_, count)| *count > 0) {
            // Writing to a text can't fail.
            let _ = write!(text, ", {count} {words}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_in_the_order_of_fates_and_zeroes_are_left_out() {
        let crash_id = CrashId::issue([7; 16], 0, Day::from_ymd(2012, 6, 15).unwrap());
        let mut tally = Tally::default();
        let fates = [Fate::Fine, Fate::Rebuilt, Fate::Fine, Fate::RowAlone];
        for fate in fates {
            tally.count(&End { crash_id, fate }, true);
        }
        let words = "4 crashes, 2 fine, 1 rebuilt, 1 rows without a crash in the store";
        assert_eq!(tally.in_words(), words);
        assert!(!tally.has_failures());
        tally.count(&End { crash_id, fate: Fate::Refused("no".to_owned()) }, true);
        assert!(tally.has_failures());
        let mut sum = tally;
        sum.add(&tally);
        assert!(sum.in_words().ends_with("2 refused"), "{}", sum.in_words());
    }
}
