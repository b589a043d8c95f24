//! Numbers, sizes and times in words.

use chrono::{DateTime, SecondsFormat, Utc};

use super::Lang;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A point in time, said in three ways.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Relative to now: `3 days ago`.
    pub ago: String,
    /// For `datetime="…"`.
    pub machine: String,
    /// In full, for the tooltip.
    pub full: String,
}

impl Moment {
    /// The day, in UTC.
    pub(crate) fn day(&self) -> String {
        self.machine.chars().take(10).collect()
    }
}

impl Lang {
    /// A number with its digits in groups of three.
    #[expect(clippy::unused_self, reason = "a language to come may do it in another way")]
    pub(crate) fn number(self, number: u64) -> String {
        let digits = number.to_string();
        let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        grouped
    }

    /// A count in little room: `1.2k`, or in Chinese by ten thousands.
    pub(crate) fn short_number(self, number: u64) -> String {
        let steps: &[(u64, &str)] = match self {
            Self::Zh => &[(100_000_000, "亿"), (10_000, "万")],
            Self::En => &[(1_000_000_000, "B"), (1_000_000, "M"), (1_000, "k")],
        };
        match steps.iter().find(|(step, _)| number >= *step) {
            Some((step, unit)) => format!("{}{unit}", tenths(number, *step)),
            None => number.to_string(),
        }
    }

    /// A size in bytes, with decimal units as registries count.
    #[expect(clippy::unused_self, reason = "a language to come may do it in another way")]
    pub(crate) fn size(self, bytes: u64) -> String {
        let steps =
            [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
        match steps.iter().find(|(step, _)| bytes >= *step) {
            Some((step, unit)) => format!("{} {unit}", tenths(bytes, *step)),
            None => format!("{bytes} B"),
        }
    }

    /// A time, seen from now.
    pub(crate) fn moment(self, at_ms: i64, now_ms: i64) -> Moment {
        let at = DateTime::<Utc>::from_timestamp_millis(at_ms).unwrap_or_default();
        Moment {
            ago: self.ago((now_ms - at_ms) / 1000),
            machine: at.to_rfc3339_opts(SecondsFormat::Secs, true),
            full: at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        }
    }

    /// How long ago, from seconds; the future of a skewed clock is now.
    fn ago(self, seconds: i64) -> String {
        let (count, unit) = match seconds {
            ..MINUTE => return self.words().ago_now.to_owned(),
            MINUTE..HOUR => (seconds / MINUTE, 0),
            HOUR..DAY => (seconds / HOUR, 1),
            _ if seconds < 30 * DAY => (seconds / DAY, 2),
            _ if seconds < 365 * DAY => (seconds / (30 * DAY), 3),
            _ => (seconds / (365 * DAY), 4),
        };
        match self {
            Self::Zh => {
                let unit = ["分钟", "小时", "天", "个月", "年"][unit];
                format!("{count} {unit}前")
            }
            Self::En => {
                let unit = ["minute", "hour", "day", "month", "year"][unit];
                let plural = if count == 1 { "" } else { "s" };
                format!("{count} {unit}{plural} ago")
            }
        }
    }
}

/// A quotient with one digit behind the point, unless that is zero or the number is large.
fn tenths(number: u64, step: u64) -> String {
    let (whole, tenth) = (number / step, number % step * 10 / step);
    if tenth == 0 || whole >= 100 { whole.to_string() } else { format!("{whole}.{tenth}") }
}
