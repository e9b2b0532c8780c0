//! Which builds of a product people run on a day: trains of eight weeks, as rapid releases go.
//!
//! Train N is the release of its weeks, N + 1 the beta, N + 2 aurora and N + 3 the nightly. Whatever
//! day is asked for, a build has one version and one build id, and is older than the day.

use super::calendar::{self, DAY_SECONDS};
use super::dice::Dice;
use super::products::{Channel, Numbering, Product};

const TRAIN_DAYS: i64 = 56;

/// 2004-01-06, a Tuesday before the first day that a crash may have: when train 1 became a release.
const FIRST_RELEASE: i64 = 12_423;

/// Days from a build to its release.
const BAKING_DAYS: i64 = 5;

/// The day of its weeks on which a release is mended once.
const MENDED_AFTER_DAYS: i64 = 14;

/// A train in so many lives on for long-term users.
const ESR_TRAINS: i64 = 7;

/// A build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Build {
    /// The version, as the client writes it.
    pub(super) version: String,
    /// The channel.
    pub(super) channel: Channel,
    /// Fourteen digits of date and time.
    pub(super) id: String,
    /// When it was made, in seconds since 1970.
    pub(super) built: i64,
    /// Which beta it is.
    pub(super) beta: Option<i32>,
}

/// A build that somebody runs on the day of this number.
pub(super) fn draw(dice: &mut Dice, product: &Product, day: i64) -> Build {
    let channel = *dice.weighted(product.channels);
    let (train, build_day, suffix) = match channel {
        Channel::Release | Channel::Default => release(dice, day),
        Channel::Beta => beta(dice, day),
        Channel::Aurora => daily(dice, day, 2, "a2"),
        Channel::Nightly => daily(dice, day, 3, "a1"),
        Channel::Esr => esr(dice, day),
    };
    let built = time_of_build(product, channel, build_day);
    let version = version(product, train, channel, &suffix);
    let beta = suffix.strip_prefix('b').and_then(|number| number.parse().ok());
    Build { version, channel, id: build_id(built), built, beta }
}

/// The train that is the release on a day, and for how many days it has been.
fn train(day: i64) -> (i64, i64) {
    let days = (day - FIRST_RELEASE).max(0);
    (1 + days / TRAIN_DAYS, days % TRAIN_DAYS)
}

/// The day of a train's release.
fn release_day(train: i64) -> i64 {
    FIRST_RELEASE + (train - 1) * TRAIN_DAYS
}

/// Most people run this release, some the one before, a few an old one.
fn release(dice: &mut Dice, day: i64) -> (i64, i64, String) {
    let (current, days) = train(day);
    let behind = dice.weighted(&[(72, 0..1), (17, 1..2), (11, 2..9)]).clone();
    let train = (current - dice.between(behind.start, behind.end)).max(1);
    let is_mended = train < current || days >= MENDED_AFTER_DAYS;
    if is_mended && dice.chance(800) {
        return (train, release_day(train) + MENDED_AFTER_DAYS - 2, ".1".to_owned());
    }
    (train, release_day(train) - BAKING_DAYS, String::new())
}

/// A beta a week, numbered from 1; who has not updated runs the one before.
fn beta(dice: &mut Dice, day: i64) -> (i64, i64, String) {
    let (current, days) = train(day);
    let newest = days / 7;
    let number = if dice.chance(750) { newest } else { (newest - 1).max(0) };
    (current + 1, release_day(current) + 7 * number - 1, format!("b{}", number + 1))
}

/// A build each night.
fn daily(dice: &mut Dice, day: i64, ahead: i64, suffix: &str) -> (i64, i64, String) {
    let age = dice.weighted(&[(60, 1..2), (30, 2..5), (10, 5..16)]).clone();
    let build_day = day - dice.between(age.start, age.end);
    (train(build_day).0 + ahead, build_day, suffix.to_owned())
}

/// Long-term releases are mended with each train.
fn esr(dice: &mut Dice, day: i64) -> (i64, i64, String) {
    let (current, _) = train(day);
    let mended = (current - i64::from(dice.chance(150))).max(1);
    let base = mended - (mended - 1) % ESR_TRAINS;
    let suffix = if mended == base { String::new() } else { format!(".{}", mended - base) };
    (base, release_day(mended) - BAKING_DAYS, suffix)
}

fn version(product: &Product, train: i64, channel: Channel, suffix: &str) -> String {
    let train = (train - product.behind).max(1);
    match product.numbering {
        Numbering::BetaInBuild if channel == Channel::Beta => format!("{train}.0"),
        Numbering::BetaInBuild | Numbering::BetaInVersion => format!("{train}.0{suffix}"),
        Numbering::Dotted if suffix == ".1" => format!("{}.{}.1", train / 10, train % 10),
        Numbering::Dotted => format!("{}.{}.0{suffix}", train / 10, train % 10),
    }
}

/// In the early morning, at a time that the product, the channel and the day decide.
fn time_of_build(product: &Product, channel: Channel, day: i64) -> i64 {
    let name = product.guid.bytes().chain(channel.name().bytes()).map(u64::from);
    let numbers: Vec<u64> = name.chain([day.unsigned_abs()]).collect();
    day * DAY_SECONDS + Dice::of(&numbers).between(2 * 3_600, 8 * 3_600)
}

/// `YYYYMMDDHHMMSS`.
fn build_id(built: i64) -> String {
    let at = calendar::at_second(built).to_string();
    at.chars().filter(char::is_ascii_digit).take(14).collect()
}

/// The moment of a build, from its id; `None` for what is no build id.
#[cfg(test)]
fn built_at(id: &str) -> Option<auxilio_common::Timestamp> {
    let part = |range| id.get(range);
    let (date, time) = (part(0..8)?, part(8..14)?);
    format!(
        "{}-{}-{}T{}:{}:{}Z",
        &date[..4],
        &date[4..6],
        &date[6..],
        &time[..2],
        &time[2..4],
        &time[4..]
    )
    .parse()
    .ok()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::super::products::PRODUCTS;
    use super::*;

    /// Draws of every product on every day of four months.
    fn draws() -> Vec<(&'static str, i64, Build)> {
        let mut all = Vec::new();
        for day in 20_500_i64..20_620 {
            for (_, product) in PRODUCTS {
                for number in 0..30 {
                    let mut dice = Dice::of(&[day.unsigned_abs(), number]);
                    all.push((product.name, day, draw(&mut dice, product, day)));
                }
            }
        }
        all
    }

    #[test]
    fn builds_are_older_than_their_crashes_and_ids_say_when() {
        for (product, day, build) in draws() {
            assert!(build.built < day * DAY_SECONDS, "{product} {day} {build:?}");
            let at = built_at(&build.id).map(auxilio_common::Timestamp::seconds);
            assert_eq!(at, Some(build.built), "{build:?}");
        }
    }

    #[test]
    fn a_build_id_has_one_version_in_its_product_and_channel() {
        let mut versions = BTreeMap::new();
        for (product, _, build) in draws() {
            let key = (product, build.channel.name(), build.id.clone());
            let known = versions.entry(key).or_insert_with(|| build.version.clone());
            assert_eq!(*known, build.version, "{product} {build:?}");
        }
    }

    #[test]
    fn every_form_of_a_version_occurs() {
        let of = |product, channel: Channel| -> BTreeSet<String> {
            let all = draws().into_iter();
            let mine = all.filter(|(name, _, build)| *name == product && build.channel == channel);
            mine.map(|(.., build)| build.version).collect()
        };
        let any =
            |versions: &BTreeSet<String>, end: &str| versions.iter().any(|v| v.ends_with(end));
        let releases = of("Heronview", Channel::Release);
        assert!(
            releases.len() > 5 && any(&releases, ".0") && any(&releases, ".0.1"),
            "{releases:?}"
        );
        assert!(any(&of("Heronview", Channel::Nightly), "a1"));
        assert!(any(&of("Heronview", Channel::Aurora), "a2"));
        assert!(of("Heronview", Channel::Beta).iter().all(|version| version.ends_with(".0")));
        assert!(any(&of("Postlark", Channel::Beta), "b2"));
        assert!(of("Quayside", Channel::Beta).iter().all(|version| version.contains(".0b")));
        assert!(of("Postlark", Channel::Esr).len() > 1);
    }

    #[test]
    fn the_first_day_that_a_crash_may_have_has_builds_too() {
        let day = calendar::number("2005-01-01".parse().unwrap());
        for (_, product) in PRODUCTS {
            let build = draw(&mut Dice::of(&[3]), product, day);
            assert!(build.built < day * DAY_SECONDS, "{build:?}");
        }
    }
}
