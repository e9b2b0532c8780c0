//! Times, durations and sizes as people read them.

use auxilio_common::Timestamp;

/// A time on the wire as `2026-11-24 18:00:12 UTC`; a text that is no time stays as it is.
pub(crate) fn moment(text: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(at) => {
            let whole = at.to_string();
            // The form is fixed: 10 characters of day, T, 8 of time.
            let (day, time) = (whole.get(..10), whole.get(11..19));
            day.zip(time).map_or(whole.clone(), |(day, time)| format!("{day} {time} UTC"))
        }
        Err(_) => text.to_owned(),
    }
}

/// How long ago a time on the wire was, such as `5 min ago`; `None` for what is no time.
pub(crate) fn age(text: &str, now: Timestamp) -> Option<String> {
    let seconds = now.since(text.parse().ok()?).as_secs();
    Some(if seconds < 2 { "just now".to_owned() } else { format!("{} ago", rough(seconds)) })
}

/// A duration in seconds by its two largest units.
pub(crate) fn duration(seconds: u64) -> String {
    let (minute, hour, day) = (60, 3_600, 86_400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => pair(seconds, minute, "min", 1, "s"),
        3_600..86_400 => pair(seconds, hour, "h", minute, "min"),
        _ => pair(seconds, day, if seconds < 2 * day { "day" } else { "days" }, hour, "h"),
    }
}

fn rough(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        86_400..172_800 => "1 day".to_owned(),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn pair(seconds: u64, large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    let (whole, rest) = (seconds / large, seconds % large / small);
    if rest == 0 {
        format!("{whole} {large_unit}")
    } else {
        format!("{whole} {large_unit} {rest} {small_unit}")
    }
}

/// A number of bytes, such as `15.6 GiB`.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut value = count as f64;
    let mut unit = 0;
    while value >= 1_024.0 && unit + 1 < UNITS.len() {
        value /= 1_024.0;
        unit += 1;
    }
    if unit == 0 { format!("{count} bytes") } else { format!("{value:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_write_them() {
        assert_eq!(moment("2026-11-24T18:00:12.123456+00:00"), "2026-11-24 18:00:12 UTC");
        assert_eq!(moment("soon"), "soon");
        let now = "2026-11-24T18:05:12+00:00".parse().unwrap();
        assert_eq!(age("2026-11-24T18:00:12+00:00", now).as_deref(), Some("5 min ago"));
        assert_eq!(age("2026-11-24T19:00:12+00:00", now).as_deref(), Some("just now"));
        assert_eq!(age("soon", now), None);
    }

    #[test]
    fn durations_and_sizes_use_units_of_their_scale() {
        let durations = [0, 61, 3_600, 7_380, 90_000, 8_640_000].map(duration);
        assert_eq!(durations, ["0 s", "1 min 1 s", "1 h", "2 h 3 min", "1 day 1 h", "100 days"]);
        assert_eq!([12, 16_000_000_000].map(bytes), ["12 bytes", "14.9 GiB"]);
    }
}
