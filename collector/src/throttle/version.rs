//! Versions, ordered as Mozilla's toolkit orders them, and ranges of them.
//!
//! Parts stand between dots; a missing part is 0. A part is a number, a word, a number and a word, each
//! of which may be missing; a part with a word comes before the same without: `1.0b2 < 1.0rc1 < 1.0`.
//! Source: the description of toolkit's version format.

use std::cmp::Ordering;

/// Parts that are looked at: no real version has more.
const PARTS_MAX: usize = 8;

/// A version, part by part.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    number: u64,
    word: String,
    word_number: u64,
    rest: String,
}

impl Version {
    /// Reads a version; what begins with no digit is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        text.starts_with(|first: char| first.is_ascii_digit())
            .then(|| Self { parts: text.split('.').take(PARTS_MAX).map(Part::parse).collect() })
    }

    fn compare(&self, other: &Self) -> Ordering {
        let zero = Part::parse("0");
        let part =
            |version: &Self, place| version.parts.get(place).cloned().unwrap_or(zero.clone());
        (0..self.parts.len().max(other.parts.len()))
            .map(|place| part(self, place).compare(&part(other, place)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

impl Part {
    fn parse(text: &str) -> Self {
        let (number, text) = split(text, |c| c.is_ascii_digit());
        let (word, text) = split(text, |c| !c.is_ascii_digit());
        let (word_number, rest) = split(text, |c| c.is_ascii_digit());
        Self {
            number: to_number(number),
            word: word.to_owned(),
            word_number: to_number(word_number),
            rest: rest.to_owned(),
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.number
            .cmp(&other.number)
            .then_with(|| words(&self.word, &other.word))
            .then_with(|| self.word_number.cmp(&other.word_number))
            .then_with(|| words(&self.rest, &other.rest))
    }
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

/// Missing digits are 0, more than fit are the most.
fn to_number(digits: &str) -> u64 {
    if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u64::MAX) }
}

/// No word comes after every word.
fn words(one: &str, other: &str) -> Ordering {
    one.is_empty().cmp(&other.is_empty()).then_with(|| one.cmp(other))
}

/// Bounds of which a version must meet all, such as `>= 52, < 60`.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    bounds: Vec<(&'static str, Version)>,
}

const SIGNS: [&str; 5] = [">=", "<=", ">", "<", "="];

impl Range {
    /// Reads bounds between commas; one without a sign means equal.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bounds = text.split(',').map(|bound| {
            let bound = bound.trim();
            let (sign, version) = SIGNS
                .iter()
                .find_map(|sign| Some((*sign, bound.strip_prefix(sign)?)))
                .unwrap_or(("=", bound));
            Some((sign, Version::parse(version)?))
        });
        Some(Self { bounds: bounds.collect::<Option<_>>()? })
    }

    pub(crate) fn contains(&self, version: &Version) -> bool {
        self.bounds.iter().all(|(sign, bound)| {
            let order = version.compare(bound);
            match *sign {
                ">=" => order.is_ge(),
                "<=" => order.is_le(),
                ">" => order.is_gt(),
                "<" => order.is_lt(),
                _ => order.is_eq(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stand_in_their_order() {
        let ordered = [
            "0",
            "1.0a1",
            "1.0a2",
            "1.0b1",
            "1.0b2",
            "1.0b10",
            "1.0rc1",
            "1.0",
            "1.0.0.1",
            "1.1",
            "1.9",
            "1.10",
            "2",
            "52.0esr",
            "52.0",
            "52.0.1",
            "99999999999999999999999",
        ];
        let ordered = ordered.map(|text| Version::parse(text).unwrap());
        for (place, one) in ordered.iter().enumerate() {
            for (other_place, other) in ordered.iter().enumerate() {
                assert_eq!(one.compare(other), place.cmp(&other_place), "{one:?} {other:?}");
            }
        }
        let equal =
            |one, other| Version::parse(one).unwrap().compare(&Version::parse(other).unwrap());
        assert!(equal("1", "1.0.0").is_eq() && equal(" 1.0 ", "1").is_eq());
        for none in ["", "x", ".1", "-1", "v1"] {
            assert!(Version::parse(none).is_none(), "{none}");
        }
    }

    #[test]
    fn a_range_is_met_by_all_its_bounds() {
        let within = |range: &str, version: &str| {
            Range::parse(range).unwrap().contains(&Version::parse(version).unwrap())
        };
        for (version, expected) in
            [("51.9", false), ("52.0", true), ("59.0.3", true), ("60.0a1", false), ("60", false)]
        {
            assert_eq!(within(">= 52, < 60a", version), expected, "{version}");
        }
        assert!(within("1.0", "1") && within("<=1", "1") && !within(">1", "1"));
        for bad in ["", ">=", "> x", "1,", "=>1", ">= 1 < 2,"] {
            assert!(Range::parse(bad).is_none(), "{bad}");
        }
    }
}
