//! Build ids as Mozilla writes them: `YYYYMMDDhhmmss`.

use auxilio_common::{Day, Timestamp};

const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// The day in a build id: 14 digits that begin with 20 and name a day that exists.
pub(crate) fn day(build_id: &str) -> Option<Day> {
    let shaped = build_id.len() == 14
        && build_id.starts_with("20")
        && build_id.bytes().all(|byte| byte.is_ascii_digit());
    shaped.then(|| build_id[..8].parse().ok()).flatten()
}

/// Whether a build began its day more than so many days ago; `None` for what is no build id.
pub(crate) fn is_older(build_id: &str, days: u32, now: Timestamp) -> Option<bool> {
    let age = now.micros() - Timestamp::midnight(day(build_id)?).micros();
    Some(age > i64::from(days) * DAY_MICROS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_build_id_has_an_age() {
        let now = "2026-11-24T23:59:00Z".parse().unwrap();
        for (build_id, older) in [
            ("20261124000000", Some(false)),
            ("20261125000000", Some(false)),
            ("20241125000000", Some(false)),
            ("20241124120000", Some(true)),
            ("20241123235959", Some(true)),
            ("20241323235959", None),
            ("2024112323595", None),
            ("202411232359599", None),
            ("19991123235959", None),
            ("2024112323595x", None),
            ("", None),
            ("２０２４１", None),
        ] {
            assert_eq!(is_older(build_id, 730, now), older, "{build_id}");
        }
        let midnight = "2026-11-24T00:00:00Z".parse().unwrap();
        assert_eq!(is_older("20241124120000", 730, midnight), Some(false));
    }
}
