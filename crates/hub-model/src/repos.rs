//! Repositories.

use serde::{Deserialize, Serialize};

use crate::{RepoName, Tag, Visibility};

/// Whether `latest` resolves to the tag uploaded last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LatestMode {
    /// It does, as long as no tag of that name was ever pushed.
    #[default]
    Auto,
    /// It does not.
    Off,
}

impl LatestMode {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Off => "off",
        }
    }

    /// Reads a mode.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

/// A repository: tags of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repo {
    /// Row in the database.
    pub id: i64,
    /// Row of its organisation.
    pub org_id: i64,
    /// Full name.
    pub name: RepoName,
    /// Who may see it.
    pub visibility: Visibility,
    /// The tag uploaded last, by the server's clock.
    pub latest_tag: Option<Tag>,
    /// The greatest tag by semantic version.
    pub latest_semver: Option<Tag>,
    /// Whether `latest` resolves to [`Repo::latest_tag`].
    pub latest_mode: LatestMode,
    /// Whether it stays when its last tag goes.
    pub keep: bool,
    /// Whether the administrators of the hub vouch for it.
    pub official: bool,
    /// Number of tags that were pushed.
    pub tags: u64,
    /// Number of users who starred it.
    pub stars: u64,
    /// Number of pulls.
    pub pulls: u64,
    /// Number of pulls in the last 30 days.
    pub recent_pulls: u64,
    /// When it was made, in milliseconds.
    pub created_at_ms: i64,
    /// When it last changed, in milliseconds.
    pub updated_at_ms: i64,
    /// When a tag was last uploaded, in milliseconds; 0 for never.
    pub pushed_at_ms: i64,
    /// When it was last pulled from, in milliseconds; 0 for never.
    pub pulled_at_ms: i64,
}

/// A repository about to be made.
#[derive(Debug, Clone)]
pub struct NewRepo {
    /// Row of its organisation.
    pub org_id: i64,
    /// Full name.
    pub name: RepoName,
    /// Who may see it.
    pub visibility: Visibility,
    /// Whether it stays when its last tag goes.
    pub keep: bool,
    /// When it is made, in milliseconds.
    pub created_at_ms: i64,
}
