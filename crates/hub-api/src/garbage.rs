//! Runs of the collector of garbage.

use hub_model::GcRun;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time;

/// Asks for a run: `POST /gc`; what is left out follows the settings.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartGc {
    /// Only find out what would go.
    #[serde(default)]
    pub dry_run: bool,
    /// How long something must have been without use, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_seconds: Option<u64>,
    /// How long a manifest must have been without a tag, in seconds; 0 keeps them all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untagged_seconds: Option<u64>,
}

/// The last runs, the newest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GcRuns {
    /// The runs.
    pub items: Vec<GcRunView>,
}

/// A run of the collector: asked for, going on, or past.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GcRunView {
    /// Its number.
    pub id: i64,
    /// `queued`, `running`, `done`, `failed` or `interrupted`.
    pub state: String,
    /// `interval`, `command`, or the name of who asked for it.
    pub cause: String,
    /// Whether it only finds out what would go.
    pub dry_run: bool,
    /// How long something must have been without use, in seconds.
    pub grace_seconds: i64,
    /// How long a manifest must have been without a tag, in seconds; `null` keeps them all.
    pub untagged_seconds: Option<i64>,
    /// When it was asked for.
    pub asked_at: String,
    /// When it began.
    pub started_at: Option<String>,
    /// When it ended.
    pub ended_at: Option<String>,
    /// What ended it, when it failed.
    pub error: Option<String>,
    /// Blobs whose bytes went, or would go.
    pub blobs: u64,
    /// Bytes of these blobs.
    pub bytes: u64,
    /// Blobs taken out of repositories that did not use them.
    pub links: u64,
    /// Untagged manifests taken out of repositories.
    pub manifests: u64,
    /// Manifests that no repository held.
    pub orphans: u64,
    /// Documents (READMEs, icons) that nothing named.
    pub documents: u64,
    /// What looked unused and was still needed.
    pub spared: u64,
    /// Things that could not be removed; the next run tries again.
    pub errors: u64,
    /// The first of these errors.
    pub first_error: Option<String>,
    /// How far it is.
    pub progress: GcProgress,
    /// The first names of what went, or would go.
    pub examples: Vec<String>,
}

/// How far a run is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GcProgress {
    /// Things to be looked at, as counted at the beginning.
    pub candidates: u64,
    /// Things that were looked at.
    pub examined: u64,
    /// Things looked at per second.
    pub per_second: Option<u64>,
    /// Seconds that it will still take, at this rate.
    pub remaining_seconds: Option<u64>,
}

impl From<GcRun> for GcRunView {
    fn from(run: GcRun) -> Self {
        let progress = GcProgress {
            candidates: run.report.candidates,
            examined: run.report.examined,
            per_second: run.rate(),
            remaining_seconds: run.remaining_ms().map(|ms| ms.div_ceil(1000)),
        };
        let report = run.report;
        Self {
            id: run.id,
            state: run.state.as_str().to_owned(),
            cause: run.cause,
            dry_run: run.wish.dry_run,
            grace_seconds: run.wish.grace_ms / 1000,
            untagged_seconds: run.wish.untagged_ms.map(|ms| ms / 1000),
            asked_at: time(run.asked_at_ms),
            started_at: run.started_at_ms.map(time),
            ended_at: run.ended_at_ms.map(time),
            error: run.error,
            blobs: report.blobs,
            bytes: report.bytes,
            links: report.links,
            manifests: report.manifests,
            orphans: report.orphans,
            documents: report.documents,
            spared: report.spared,
            errors: report.errors,
            first_error: report.first_error,
            progress,
            examples: report.examples,
        }
    }
}

#[cfg(test)]
mod tests {
    use hub_model::{GcReport, GcState, GcWish};

    use super::*;

    #[test]
    fn a_run_tells_how_far_it_is() {
        let run = GcRun {
            id: 7,
            state: GcState::Running,
            cause: "alice".to_owned(),
            wish: GcWish { dry_run: true, grace_ms: 86_400_000, untagged_ms: None },
            report: GcReport {
                blobs: 2,
                bytes: 4096,
                candidates: 100,
                examined: 40,
                ..GcReport::default()
            },
            asked_at_ms: 0,
            started_at_ms: Some(1000),
            seen_at_ms: Some(3000),
            ended_at_ms: None,
            error: None,
        };
        let json = serde_json::to_value(GcRunView::from(run)).unwrap();
        assert_eq!(json["progress"]["perSecond"], 20);
        assert_eq!(json["progress"]["remainingSeconds"], 3);
        assert_eq!(
            (json["graceSeconds"].as_i64(), json["bytes"].as_u64()),
            (Some(86_400), Some(4096))
        );
        assert_eq!(json["startedAt"], "1970-01-01T00:00:01.000Z");
    }
}
