//! Garbage: what nothing needs any more, and what collecting it came to.

use serde::{Deserialize, Serialize};

/// How a stored blob stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlobState {
    /// Its bytes are there.
    Live,
    /// It was decided to remove it, its bytes go now or are gone already.
    Deleting,
    /// Its bytes are lost or changed: it counts as absent until it is pushed again.
    Damaged,
}

impl BlobState {
    /// The word in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Deleting => "deleting",
            Self::Damaged => "damaged",
        }
    }

    /// Reads the word of the database.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Live, Self::Deleting, Self::Damaged].into_iter().find(|one| one.as_str() == text)
    }
}

/// What a run of the collector is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GcWish {
    /// Only find out what would go.
    pub dry_run: bool,
    /// How long something must have been without use, in milliseconds.
    pub grace_ms: i64,
    /// How long a manifest must have been without a tag, in milliseconds; `None` keeps them all.
    pub untagged_ms: Option<i64>,
}

/// What a run of the collector did, or would do when it was a dry run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GcReport {
    /// Untagged manifests taken out of their repositories, by policy.
    pub manifests: u64,
    /// Blobs taken out of repositories none of whose manifests named them.
    pub links: u64,
    /// Manifests that no repository held any more.
    pub orphans: u64,
    /// Documents that nothing named any more: READMEs and icons.
    pub documents: u64,
    /// Blobs whose bytes were removed.
    pub blobs: u64,
    /// Bytes of these blobs.
    pub bytes: u64,
    /// What looked unused and was still needed.
    pub spared: u64,
    /// Things that could not be removed; the next run tries again.
    pub errors: u64,
    /// The first of these errors.
    pub first_error: Option<String>,
    /// Things to be looked at, as counted at the beginning.
    pub candidates: u64,
    /// Things that were looked at.
    pub examined: u64,
    /// The first names of what went: digests, with the repository in front where there is one.
    pub examples: Vec<String>,
}

impl GcReport {
    /// Most names in [`GcReport::examples`].
    pub const EXAMPLES: usize = 100;

    /// Notes a name, while there is room.
    pub fn example(&mut self, name: impl FnOnce() -> String) {
        if self.examples.len() < Self::EXAMPLES {
            self.examples.push(name());
        }
    }

    /// Notes something that could not be removed.
    pub fn failed(&mut self, error: String) {
        self.errors += 1;
        self.first_error.get_or_insert(error);
    }
}

/// How far a run of the collector is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GcState {
    /// Asked for.
    Queued,
    /// Going on.
    Running,
    /// Came to its end.
    Done,
    /// Ended by an error; the next run goes on.
    Failed,
    /// Ended before it was done: the process stopped or died. The next run goes on.
    Interrupted,
}

impl GcState {
    /// The word in the database and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// Reads the word of the database.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Interrupted]
            .into_iter()
            .find(|one| one.as_str() == text)
    }
}

/// A run of the collector: asked for, going on, or past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GcRun {
    /// Row in the database.
    pub id: i64,
    /// How far it is.
    pub state: GcState,
    /// Why it runs: `interval`, `command`, or the name of who asked for it.
    pub cause: String,
    /// What it is to do.
    pub wish: GcWish,
    /// What it did so far.
    pub report: GcReport,
    /// When it was asked for, in milliseconds.
    pub asked_at_ms: i64,
    /// When it began, in milliseconds.
    pub started_at_ms: Option<i64>,
    /// When it last told how far it is, in milliseconds.
    pub seen_at_ms: Option<i64>,
    /// When it ended, in milliseconds.
    pub ended_at_ms: Option<i64>,
    /// What ended it, when it failed.
    pub error: Option<String>,
}

impl GcRun {
    /// Things looked at per second; `None` before anything can be said.
    #[must_use]
    pub fn rate(&self) -> Option<u64> {
        let from = self.started_at_ms?;
        let to = self.ended_at_ms.or(self.seen_at_ms)?;
        let ms = u64::try_from(to - from).ok().filter(|ms| *ms > 0)?;
        Some(self.report.examined.saturating_mul(1000) / ms)
    }

    /// Milliseconds that it will still take, at the rate so far.
    #[must_use]
    pub fn remaining_ms(&self) -> Option<u64> {
        if self.state != GcState::Running {
            return None;
        }
        let left = self.report.candidates.saturating_sub(self.report.examined);
        let rate = self.rate().filter(|rate| *rate > 0)?;
        Some(left.saturating_mul(1000) / rate)
    }
}
