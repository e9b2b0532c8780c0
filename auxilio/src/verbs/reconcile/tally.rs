//! What became of the crashes: counted by day and in all, and named where somebody may
//! want to look.

use std::fmt::Write;

use auxilio_common::Day;
use serde_json::{Map, Value, json};

use super::fate::{End, Fate};

/// What is only counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Count {
    /// Crashes that wait in the spools.
    Spooled,
    /// Those of them that the store has as well.
    SpooledAndStored,
    /// Crashes in quarantine.
    Quarantined,
}

/// How many crashes met which fate, in the order of [`WORDS`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    counts: [u64; WORDS.len()],
}

/// The fates with their words for programs and for people.
const WORDS: [(&str, &str); 21] = [
    ("fine", "fine"),
    ("rebuilt", "rebuilt"),
    ("updated", "brought up"),
    ("queued", "queued"),
    ("waiting", "on their way"),
    ("deferred", "deferred"),
    ("row_alone", "rows without a crash in the store"),
    ("refused", "refused"),
    ("arriving", "in part, the rest arriving"),
    ("indexed", "put into an index again"),
    ("restored", "restored from an index"),
    ("removed", "orphans removed"),
    ("job_alone", "jobs without a crash"),
    ("unfinished", "unfinished"),
    ("damaged", "damaged"),
    ("processed_alone", "processed without a raw crash"),
    ("unlisted", "lacking in an index"),
    ("index_row_alone", "rows of indexes without a crash"),
    ("spooled", "in the spools"),
    ("spooled_and_stored", "of these in the store already"),
    ("quarantined", "in quarantine"),
];

/// The first of [`WORDS`], each of which a crash of the listing meets exactly one of.
const CRASHES: usize = 8;

impl Count {
    fn place(self) -> usize {
        match self {
            Self::Spooled => 18,
            Self::SpooledAndStored => 19,
            Self::Quarantined => 20,
        }
    }
}

impl Tally {
    /// Counts one, and names it if there is more to say than that all is well.
    pub(super) fn count(&mut self, end: &End, as_json: bool) {
        let place = end.fate.place();
        self.counts[place] += 1;
        let id = end.crash_id;
        if matches!(end.fate, Fate::Fine | Fate::Waiting | Fate::Deferred | Fate::Arriving) {
            return;
        }
        if as_json {
            let mut line = end.fate.details();
            line.insert("crash_id".to_owned(), json!(id));
            line.insert("result".to_owned(), json!(WORDS[place].0));
            println!("{}", Value::Object(line));
        } else if let Some(sentence) = end.fate.sentence() {
            eprintln!("bp-{id} {sentence}");
        }
    }

    /// Counts some of which nothing else is said.
    pub(super) fn add_count(&mut self, count: Count, more: usize) {
        self.counts[count.place()] += more as u64;
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

    /// The line of spools, queue and indexes, if there is anything to say.
    pub(super) fn tell_dayless(&self, as_json: bool) {
        if self.counts.iter().all(|count| *count == 0) {
            return;
        }
        if as_json {
            println!("{}", Value::Object(self.numbers().collect()));
        } else {
            println!("spools, queue, indexes: {}", self.in_words());
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
        let mut text = format!("{} crashes", self.counts[..CRASHES].iter().sum::<u64>());
        for ((_, words), count) in WORDS.iter().zip(self.counts).filter(|(_, count)| *count > 0) {
            // Writing to a text can't fail.
            let _ = write!(text, ", {count} {words}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use auxilio_common::CrashId;
    use auxilio_common::audit::Index;

    use super::super::fate::Left;
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

    #[test]
    fn parts_that_are_astray_are_no_crashes_and_stand_in_their_order() {
        let crash_id = CrashId::issue([7; 16], 0, Day::from_ymd(2012, 6, 15).unwrap());
        let index = Index::Hang;
        let lefts = [
            Left::Unfinished { age_secs: 3_600, bytes: 5 },
            Left::Damaged { what: "x".to_owned() },
            Left::ProcessedAlone { age_secs: 1 },
            Left::Unlisted { index },
            Left::RowAlone { index, age_secs: 1 },
        ];
        let mut tally = Tally::default();
        let fates = [Fate::Arriving, Fate::Indexed, Fate::Restored, Fate::Removed, Fate::JobAlone];
        for fate in fates.into_iter().chain(lefts.map(Fate::Left)) {
            tally.count(&End { crash_id, fate }, true);
        }
        tally.add_count(Count::Spooled, 2);
        tally.add_count(Count::SpooledAndStored, 1);
        tally.add_count(Count::Quarantined, 3);
        let words = tally.in_words();
        assert!(
            words.starts_with("0 crashes, 1 in part, the rest arriving, 1 put into"),
            "{words}"
        );
        assert!(
            words.contains("1 rows of indexes without a crash, 2 in the spools, 1 of"),
            "{words}"
        );
        assert!(words.ends_with("3 in quarantine"), "{words}");
        assert!(!tally.has_failures());
    }
}
