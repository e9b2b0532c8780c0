//! The names of a thread's frames, innermost first.

use serde::{Serialize, Serializer};

/// What stands between two names where they are joined.
const BETWEEN: &str = " | ";

/// Names, kept as one text: a text of its own for each of them would cost more than to make them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameNames {
    joined: String,
    /// Where each name ends in it.
    ends: Vec<usize>,
}

impl FrameNames {
    /// Room for the names of `count` frames.
    pub(crate) fn with_capacity(count: usize) -> Self {
        /// Most names are shorter.
        const NAME_BYTES: usize = 48;
        Self { joined: String::with_capacity(count * NAME_BYTES), ends: Vec::with_capacity(count) }
    }

    /// Adds the name that `write` appends to the text it is given.
    pub(crate) fn push_with(&mut self, write: impl FnOnce(&mut String)) {
        if !self.ends.is_empty() {
            self.joined.push_str(BETWEEN);
        }
        write(&mut self.joined);
        self.ends.push(self.joined.len());
    }

    /// All names in order; an empty one is a frame that says nothing.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let name = &self.joined[start..*end];
            start = end + BETWEEN.len();
            name
        })
    }

    /// The name at a place, if there are so many.
    pub fn get(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)?;
        let before = place.checked_sub(1).and_then(|before| self.ends.get(before));
        Some(&self.joined[before.map_or(0, |end| end + BETWEEN.len())..end])
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All of them with ` | ` between.
    pub fn joined(&self) -> &str {
        &self.joined
    }
}

impl<T: AsRef<str>> FromIterator<T> for FrameNames {
    fn from_iter<I: IntoIterator<Item = T>>(names: I) -> Self {
        let mut all = Self::default();
        for name in names {
            all.push_with(|text| text.push_str(name.as_ref()));
        }
        all
    }
}

impl Serialize for FrameNames {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back_as_they_went_in() {
        for names in [vec![], vec![""], vec!["a"], vec!["", "b", ""], vec!["a | b", "", "é"]] {
            let kept: FrameNames = names.iter().collect();
            assert_eq!(kept.iter().collect::<Vec<_>>(), names);
            let got: Vec<_> = (0..=names.len()).map(|place| kept.get(place)).collect();
            let expected: Vec<_> = names.iter().copied().map(Some).chain([None]).collect();
            assert_eq!(got, expected);
            assert_eq!(kept.joined(), names.join(" | "));
            assert_eq!((kept.len(), kept.is_empty()), (names.len(), names.is_empty()));
            assert_eq!(serde_json::to_value(&kept).unwrap(), serde_json::json!(names));
        }
    }
}
