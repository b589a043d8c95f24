//! Which failures are worth another attempt, and after what pause.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// Longest pause that a registry may ask for.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// How often and how slowly to try again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retry {
    /// Attempts after the first one.
    pub(crate) times: u32,
    /// Pause before the second attempt; it doubles with each.
    pub(crate) pause: Duration,
}

impl Retry {
    /// The pause after attempt number `attempt` (from 0), or `None` when it was the last one.
    pub(crate) fn pause_after(self, attempt: u32, asked: Option<Duration>) -> Option<Duration> {
        if attempt >= self.times {
            return None;
        }
        let own = self.pause.saturating_mul(1 << attempt.min(10));
        Some(asked.unwrap_or(own).min(LONGEST_PAUSE))
    }
}

/// Whether an answer of this status may turn into a better one.
pub(crate) fn is_passing(status: StatusCode) -> bool {
    match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => true,
        StatusCode::NOT_IMPLEMENTED | StatusCode::INSUFFICIENT_STORAGE => false,
        other => other.is_server_error(),
    }
}

/// The pause that the answer asks for. Dates are left out: our own pause does as well.
pub(crate) fn asked_pause(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn only_passing_failures_are_tried_again() {
        for (status, passing) in [
            (429, true),
            (408, true),
            (500, true),
            (502, true),
            (503, true),
            (501, false),
            (507, false),
            (400, false),
            (401, false),
            (404, false),
            (416, false),
        ] {
            assert_eq!(is_passing(StatusCode::from_u16(status).unwrap()), passing, "{status}");
        }
    }

    #[test]
    fn pauses_grow_and_end() {
        let retry = Retry { times: 3, pause: Duration::from_millis(500) };
        let pauses: Vec<_> = (0..4).map(|attempt| retry.pause_after(attempt, None)).collect();
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(pauses, [ms(500), ms(1000), ms(2000), None]);
    }

    #[test]
    fn the_registry_may_ask_for_a_pause_but_not_for_an_hour() {
        let retry = Retry { times: 1, pause: Duration::from_millis(1) };
        let mut headers = HeaderMap::new();
        assert_eq!(asked_pause(&headers), None);
        headers.insert(RETRY_AFTER, HeaderValue::from_static("7"));
        assert_eq!(retry.pause_after(0, asked_pause(&headers)), Some(Duration::from_secs(7)));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("3600"));
        assert_eq!(retry.pause_after(0, asked_pause(&headers)), Some(LONGEST_PAUSE));
        headers.insert(RETRY_AFTER, HeaderValue::from_static("Wed, 21 Oct 2026 07:28:00 GMT"));
        assert_eq!(asked_pause(&headers), None);
    }
}
