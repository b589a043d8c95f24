//! How far a credential is to reach, as it is typed: `push:labring/app`, `90d`, `labring+ci`.

use std::str::FromStr;

use chrono::{DateTime, Duration, NaiveDate, SecondsFormat, Utc};
use hub_model::{Place, RobotName, TokenScope};

use crate::report::Failure;

/// What a credential is good for, in one place or everywhere: `pull`, `push:labring/app`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    what: TokenScope,
    place: Option<Place>,
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (what, place) = match text.split_once(':') {
            Some((what, place)) => (what, Some(place)),
            None => (text, None),
        };
        let what = TokenScope::parse(what)
            .ok_or_else(|| format!("`{what}` is none of pull, push, delete, admin"))?;
        let place = place.map(Place::parse).transpose().map_err(|error| error.to_string())?;
        Ok(Self { what, place })
    }
}

/// The one thing that several scopes are good for, and their places; none for everywhere.
///
/// # Errors
///
/// When they are good for different things: a credential has one scope.
pub(crate) fn together(scopes: &[Scope]) -> Result<Option<(TokenScope, Vec<Place>)>, Failure> {
    let Some(first) = scopes.first() else { return Ok(None) };
    if let Some(other) = scopes.iter().find(|scope| scope.what != first.what) {
        let (one, other) = (first.what.as_str(), other.what.as_str());
        let text = format!("one credential is for {one} or for {other}, not for both");
        return Err(Failure::usage(text).hint("make one for each"));
    }
    let places: Vec<Place> = scopes.iter().filter_map(|scope| scope.place.clone()).collect();
    if !places.is_empty() && places.len() < scopes.len() {
        let text = "one --scope names a place, another one means everywhere";
        return Err(Failure::usage(text).hint("leave out the one that you do not mean"));
    }
    Ok(Some((first.what, places)))
}

/// When a credential is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// As late as the hub lets it.
    Never,
    /// So long from now.
    After(Duration),
    /// Then.
    At(DateTime<Utc>),
}

impl End {
    /// The time on the wire; empty for as late as may be.
    pub(crate) fn wire(self, now: DateTime<Utc>) -> String {
        let at = match self {
            Self::Never => return String::new(),
            Self::After(time) => now + time,
            Self::At(at) => at,
        };
        at.to_rfc3339_opts(SecondsFormat::Secs, true)
    }
}

impl FromStr for End {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "never" {
            return Ok(Self::Never);
        }
        let rule = || format!("`{text}` is no time like 90d, 12h, 30m, 2027-01-31 or never");
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Ok(Self::At(at.to_utc()));
        }
        if let Ok(day) = text.parse::<NaiveDate>() {
            return Ok(Self::At(day.and_time(chrono::NaiveTime::MIN).and_utc()));
        }
        let unit = text.chars().last().ok_or_else(rule)?;
        let number: i64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| rule())?;
        let time = match unit {
            'm' => Duration::try_minutes(number),
            'h' => Duration::try_hours(number),
            'd' => Duration::try_days(number),
            _ => None,
        };
        let longest = Duration::days(36_500);
        let fits = |time: &Duration| (1..=longest.num_seconds()).contains(&time.num_seconds());
        time.filter(fits).map(Self::After).ok_or_else(rule)
    }
}

/// A robot, as it is typed: `labring/ci` or `labring+ci`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Robot(pub(crate) RobotName);

impl FromStr for Robot {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.replacen('/', "+", 1);
        RobotName::parse(&text).map(Self).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(texts: &[&str]) -> Vec<Scope> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn scopes_name_one_thing_and_its_places() {
        assert!(together(&[]).unwrap().is_none());
        let places = |text: &str| -> Vec<Place> {
            text.split_whitespace().map(|place| Place::parse(place).unwrap()).collect()
        };
        let two = together(&scopes(&["push:labring/app", "push:team"])).unwrap();
        assert_eq!(two, Some((TokenScope::Push, places("labring/app team"))));
        assert_eq!(together(&scopes(&["pull"])).unwrap(), Some((TokenScope::Pull, Vec::new())));
        assert!(together(&scopes(&["push:a", "pull:a"])).is_err());
        assert!(together(&scopes(&["push:a", "push"])).is_err());
        for bad in ["", "write", "pull:", "pull:A", "pull:a/"] {
            assert!(bad.parse::<Scope>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_end_is_a_time_from_now_or_a_day() {
        let now = DateTime::parse_from_rfc3339("2026-11-22T10:00:00Z").unwrap().to_utc();
        for (text, want) in [
            ("90d", "2027-02-20T10:00:00Z"),
            ("12h", "2026-11-22T22:00:00Z"),
            ("30m", "2026-11-22T10:30:00Z"),
            ("2027-01-31", "2027-01-31T00:00:00Z"),
            ("2027-01-31T01:00:00+01:00", "2027-01-31T00:00:00Z"),
            ("never", ""),
        ] {
            assert_eq!(text.parse::<End>().unwrap().wire(now), want, "{text}");
        }
        for bad in ["", "d", "-1d", "0d", "1w", "1.5h", "99999999999999999999d", "4000000d", "1é"]
        {
            assert!(bad.parse::<End>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_robot_is_written_with_a_slash_or_a_plus() {
        for text in ["labring/ci", "labring+ci"] {
            assert_eq!(text.parse::<Robot>().unwrap().0.as_str(), "labring+ci");
        }
        for bad in ["labring", "labring/", "a/b/c", "+ci"] {
            assert!(bad.parse::<Robot>().is_err(), "{bad}");
        }
    }
}
