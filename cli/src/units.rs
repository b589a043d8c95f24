//! Numbers and times for people.

use chrono::{DateTime, Utc};

/// A number of bytes: `84.2 MB`.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A count: `12.1k`.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(crate) fn count(number: u64) -> String {
    match number {
        0..1000 => number.to_string(),
        1000..1_000_000 => format!("{:.1}k", number as f64 / 1e3),
        _ => format!("{:.1}M", number as f64 / 1e6),
    }
}

/// How long ago an RFC 3339 time is: `3d`. What is no time stays as it is.
pub(crate) fn ago(time: &str, now: DateTime<Utc>) -> String {
    let Ok(then) = DateTime::parse_from_rfc3339(time) else { return time.to_owned() };
    let seconds = (now - then.to_utc()).num_seconds().max(0);
    let (minute, hour, day) = (60, 3600, 86_400);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}min", seconds / minute),
        3600..86_400 => format!("{}h", seconds / hour),
        86_400..2_592_000 => format!("{}d", seconds / day),
        2_592_000..31_536_000 => format!("{}mo", seconds / (30 * day)),
        _ => format!("{}y", seconds / (365 * day)),
    }
}

/// How long ago it is, seen from now.
pub(crate) fn since(time: &str) -> String {
    ago(time, Utc::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_decimal_and_a_unit() {
        for (bytes, want) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (84_200_000, "84.2 MB"),
            (999_999_999, "1.0 GB"),
            (5_000_000_000_000_000, "5000.0 TB"),
        ] {
            assert_eq!(size(bytes), want);
        }
        assert_eq!((count(999), count(12_100)), ("999".into(), "12.1k".into()));
    }

    #[test]
    fn times_are_told_from_now() {
        let now = "2026-11-21T08:00:00Z".parse().unwrap();
        for (time, want) in [
            ("2026-11-21T07:59:30Z", "30s"),
            ("2026-11-21T07:00:01Z", "59min"),
            ("2026-11-18T07:00:00Z", "3d"),
            ("2026-10-01T07:00:00Z", "1mo"),
            ("2020-10-01T07:00:00Z", "6y"),
            ("2027-01-01T00:00:00Z", "0s"),
            ("soon", "soon"),
        ] {
            assert_eq!(ago(time, now), want);
        }
    }
}
