//! Counters of finished requests, looked up once and not by name for each request.

use std::sync::OnceLock;
use std::time::Duration;

use axum::http::StatusCode;
use metrics::{Counter, Histogram, counter, histogram};

use super::registry::TOKEN_PATH;

/// A group of paths with its own callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Surface {
    /// `/v2/` and its token endpoint, `/v1/search`.
    Registry,
    /// `/api/v1`.
    Hub,
    /// Probes.
    Ops,
    /// Pages.
    Web,
}

impl Surface {
    const ALL: [Self; 4] = [Self::Registry, Self::Hub, Self::Ops, Self::Web];

    /// Which surface a path belongs to.
    pub(super) fn of(path: &str) -> Self {
        let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        match first {
            "v2" | "v1" => Self::Registry,
            "api" if path == TOKEN_PATH => Self::Registry,
            "api" | "openapi.json" => Self::Hub,
            "healthz" | "readyz" | "metrics" => Self::Ops,
            _ => Self::Web,
        }
    }

    /// The word in logs and metrics.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Registry => "registry",
            Self::Hub => "hub",
            Self::Ops => "ops",
            Self::Web => "web",
        }
    }
}

/// Classes of answers, by the first digit of their status.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// What is counted of one surface.
struct Meter {
    answers: [Counter; CLASSES.len()],
    seconds: Histogram,
}

/// Counts an answer of `surface` that took so long. The recorder is there before the first one.
pub(super) fn count(surface: Surface, status: StatusCode, took: Duration) {
    static METERS: OnceLock<[Meter; Surface::ALL.len()]> = OnceLock::new();
    let meters = METERS.get_or_init(|| {
        Surface::ALL.map(|surface| {
            let name = surface.as_str();
            Meter {
                answers: CLASSES.map(|class| {
                    counter!("hub_http_requests_total", "surface" => name, "status" => class)
                }),
                seconds: histogram!("hub_http_request_seconds", "surface" => name),
            }
        })
    });
    let meter = &meters[surface as usize];
    let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
    meter.answers[class].increment(1);
    meter.seconds.record(took.as_secs_f64());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_belongs_to_one_surface() {
        for (path, want) in [
            ("/v2/", "registry"),
            ("/v2/labring/app/manifests/v1", "registry"),
            (TOKEN_PATH, "registry"),
            ("/v1/search", "registry"),
            ("/api/v1/orgs", "hub"),
            ("/openapi.json", "hub"),
            ("/readyz", "ops"),
            ("/", "web"),
            ("/labring/app", "web"),
        ] {
            assert_eq!(Surface::of(path).as_str(), want, "{path}");
        }
    }
}
