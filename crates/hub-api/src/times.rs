//! Times on the wire.

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat};

/// Writes milliseconds since 1970 as RFC 3339 in UTC.
#[must_use]
pub fn time(ms: i64) -> String {
    DateTime::from_timestamp_millis(ms)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Writes a time that may not have come yet; 0 is "never".
#[must_use]
pub fn time_or_never(ms: i64) -> Option<String> {
    (ms != 0).then(|| time(ms))
}

/// Reads RFC 3339 as milliseconds since 1970.
#[must_use]
pub fn parse_time(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.timestamp_millis())
}

/// Longest text that is read as a time.
const LONGEST: usize = 40;

/// Reads RFC 3339, or a day as `2026-12-31`, which stands for its beginning in UTC.
#[must_use]
pub fn parse_time_or_day(text: &str) -> Option<i64> {
    if text.len() > LONGEST {
        return None;
    }
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    let begins = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
    parse_time(text).or_else(|| day().map(begins))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_print_and_parse() {
        let ms = 1_763_712_000_123;
        assert_eq!(time(ms), "2025-11-21T08:00:00.123Z");
        assert_eq!(parse_time(&time(ms)), Some(ms));
        assert_eq!(parse_time("2025-11-21T09:00:00+01:00"), Some(1_763_712_000_000));
        assert_eq!(parse_time("yesterday"), None);
        assert_eq!(time_or_never(0), None);
        for (text, want) in [
            ("2025-11-21", Some(1_763_683_200_000)),
            ("2025-11-21T00:00:00Z", Some(1_763_683_200_000)),
            ("2025-13-01", None),
            ("21.11.2025", None),
            (&format!("2025-11-21T00:00:00.{}Z", "0".repeat(99))[..], None),
        ] {
            assert_eq!(parse_time_or_day(text), want, "{text}");
        }
    }
}
