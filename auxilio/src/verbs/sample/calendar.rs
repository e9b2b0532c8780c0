//! When people crash: less at the end of the week and at night. Also days as numbers.

use auxilio_common::{Day, Timestamp};

use super::dice::Dice;

pub(super) const DAY_SECONDS: i64 = 86_400;

/// Crashes from Monday to Sunday, beside each other.
const WEEK: [u64; 7] = [112, 115, 113, 110, 104, 76, 70];

/// Crashes of each hour in UTC, beside each other.
#[rustfmt::skip]
const HOURS: [u64; 24] = [
    30, 26, 23, 21, 20, 22, 27, 35, 43, 49, 52, 54, 56, 58, 60, 61, 62, 63, 64, 62, 57, 50, 43, 36,
];

/// Seconds at a day's end in which no crash begins: what belongs to it stays in its day.
const SPARE_SECONDS: i64 = 30 * 60;

/// A day as the number of days since 1970-01-01.
pub(super) fn number(day: Day) -> i64 {
    Timestamp::midnight(day).seconds().div_euclid(DAY_SECONDS)
}

/// The day of a number; `None` outside the years that a crash id can say.
pub(super) fn day(number: i64) -> Option<Day> {
    at_second(number * DAY_SECONDS).day()
}

/// The moment of a second since 1970.
pub(super) fn at_second(second: i64) -> Timestamp {
    Timestamp::from_micros(second.saturating_mul(1_000_000))
}

/// How many of `count` crashes fall on each of the `days` whole days before `today`, oldest first.
pub(super) fn spread(count: u64, today: Day, days: u32) -> Vec<(Day, u64)> {
    let first = number(today) - i64::from(days);
    let days: Vec<(Day, u64)> =
        (first..number(today)).filter_map(|n| Some((day(n)?, weekday_weight(n)))).collect();
    let all: u64 = days.iter().map(|(_, weight)| weight).sum();
    // Cut at the running sums, so that no crash is lost to rounding.
    let cut = |sum: u64| u128::from(count) * u128::from(sum) / u128::from(all.max(1));
    let mut sum = 0;
    let mut share = |weight: u64| {
        let before = cut(sum);
        sum += weight;
        // No share is more than the whole count, which is a u64.
        u64::try_from(cut(sum) - before).unwrap_or(count)
    };
    days.into_iter().map(|(day, weight)| (day, share(weight))).collect()
}

fn weekday_weight(number: i64) -> u64 {
    // 1970-01-01 was a Thursday, three days after a Monday.
    let weekday = usize::try_from((number + 3).rem_euclid(7)).unwrap_or(0);
    WEEK[weekday]
}

/// A moment of a day at which a crash is submitted.
pub(super) fn moment(dice: &mut Dice, day: Day) -> Timestamp {
    let mut left = dice.below(HOURS.iter().sum());
    let mut hour = 0_i64;
    for weight in HOURS {
        if left < weight {
            break;
        }
        left -= weight;
        hour += 1;
    }
    let second = (hour * 3_600 + dice.between(0, 3_600)).min(DAY_SECONDS - SPARE_SECONDS);
    let micros = second * 1_000_000 + dice.between(0, 1_000_000);
    Timestamp::from_micros(Timestamp::midnight(day).micros() + micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tuesday() -> Day {
        "2026-11-24".parse().unwrap()
    }

    #[test]
    fn days_and_numbers_are_each_others_inverse() {
        assert_eq!(number("2000-01-01".parse().unwrap()), 10_957);
        for number in [number(tuesday()), number(tuesday()) - 1_000] {
            assert_eq!(super::number(day(number).unwrap()), number);
        }
    }

    #[test]
    fn every_crash_falls_on_a_whole_day_before_today_and_weekends_are_quiet() {
        let spread = spread(1_000, tuesday(), 7);
        assert_eq!(spread.iter().map(|(_, count)| count).sum::<u64>(), 1_000);
        let days: Vec<String> = spread.iter().map(|(day, _)| day.compact()).collect();
        assert_eq!(days.first().map(String::as_str), Some("20261117"));
        assert_eq!(days.last().map(String::as_str), Some("20261123"));
        let counts: Vec<u64> = spread.iter().map(|(_, count)| *count).collect();
        let (saturday, monday) = (counts[4], counts[6]);
        assert!(saturday < monday, "{counts:?}");
    }

    #[test]
    fn few_crashes_are_spread_and_none_is_lost() {
        for count in [0, 1, 2, 12] {
            let spread = spread(count, tuesday(), 5);
            assert_eq!(spread.iter().map(|(_, count)| count).sum::<u64>(), count);
        }
        assert!(spread(60, tuesday(), 5).iter().all(|(_, count)| *count > 5));
    }

    #[test]
    fn moments_lie_in_their_day_with_room_behind_them() {
        let mut dice = Dice::of(&[1]);
        for _ in 0..2_000 {
            let at = moment(&mut dice, tuesday());
            assert_eq!(at.day(), Some(tuesday()));
            assert_eq!(at_second(at.seconds() + SPARE_SECONDS - 1).day(), Some(tuesday()));
        }
    }
}
