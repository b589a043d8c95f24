//! Repositories, and what is found of them.

use hub_model::{Detail, Field, Img, Repo};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{time, time_or_never};

/// A repository, with what its latest image says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RepoView {
    /// Full name, `org/path`.
    pub name: String,
    /// Name of its organisation.
    pub org: String,
    /// `public` or `private`.
    pub visibility: String,
    /// The tag uploaded last; null while there is none.
    pub latest_tag: Option<String>,
    /// The greatest tag by semantic version; null when no tag is a version.
    pub latest_semver: Option<String>,
    /// Whether `latest` resolves to the tag uploaded last: `auto` or `off`.
    pub latest_mode: String,
    /// Number of tags.
    pub tags: u64,
    /// Number of users who starred it.
    pub stars: u64,
    /// Number of pulls.
    pub pulls: u64,
    /// Number of pulls in the last 30 days.
    #[serde(default)]
    pub recent_pulls: u64,
    /// Whether the administrators of the hub vouch for it.
    pub official: bool,
    /// Whether it stays when its last tag goes.
    pub keep: bool,
    /// When it was made.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// When a tag was last uploaded; null for never.
    pub pushed_at: Option<String>,
    /// When it was last pulled from; null for never.
    #[serde(default)]
    pub pulled_at: Option<String>,
    /// A name for people, may be empty.
    pub title: String,
    /// One line of plain text, may be empty.
    pub description: String,
    /// Words to be found by.
    pub keywords: Vec<String>,
    /// A public address, or the digest of a picture; null without one.
    pub icon: Option<String>,
    /// What the caller may do; absent in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may: Option<MayView>,
    /// Whether the caller starred it; absent in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starred: Option<bool>,
}

/// What the caller may do with a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct MayView {
    /// Push and describe.
    pub push: bool,
    /// Delete tags.
    pub delete: bool,
    /// Change its visibility, and delete it whole.
    pub administer: bool,
}

/// Makes a repository: `POST /repos`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateRepo {
    /// Full name, `org/path`.
    pub name: String,
    /// `public` (when left out) or `private`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
}

/// Changes a repository: `PATCH /repos/{org}/{repo}`; what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditRepo {
    /// `public` or `private`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
    /// Whether it stays when its last tag goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<bool>,
    /// Whether the administrators vouch for it; theirs to change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub official: Option<bool>,
    /// Whether `latest` resolves to the tag uploaded last: `auto` or `off`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_mode: Option<String>,
}

impl RepoView {
    /// A repository with the image behind its latest tag.
    #[must_use]
    pub fn new(repo: Repo, latest: Option<&Img>) -> Self {
        let empty = Detail::default();
        let detail = latest.map_or(&empty, |img| &img.detail);
        let text = |field| detail.text(field).unwrap_or_default().to_owned();
        Self {
            org: repo.name.org().into(),
            name: repo.name.into(),
            visibility: repo.visibility.as_str().to_owned(),
            latest_tag: repo.latest_tag.map(Into::into),
            latest_semver: repo.latest_semver.map(Into::into),
            latest_mode: repo.latest_mode.as_str().to_owned(),
            tags: repo.tags,
            stars: repo.stars,
            pulls: repo.pulls,
            recent_pulls: repo.recent_pulls,
            official: repo.official,
            keep: repo.keep,
            created_at: time(repo.created_at_ms),
            updated_at: time(repo.updated_at_ms),
            pushed_at: time_or_never(repo.pushed_at_ms),
            pulled_at: time_or_never(repo.pulled_at_ms),
            title: text(Field::Title),
            description: text(Field::Description),
            keywords: detail.list(Field::Keywords).to_vec(),
            icon: detail.text(Field::Icon).map(str::to_owned),
            may: None,
            starred: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use hub_model::{LatestMode, RepoName, Tag, Visibility};

    use super::*;

    #[test]
    fn a_repository_tells_its_latest_tag() {
        let repo = Repo {
            id: 1,
            org_id: 1,
            name: RepoName::parse("labring/mysql-op").unwrap(),
            visibility: Visibility::Private,
            latest_tag: Some(Tag::parse("v1").unwrap()),
            latest_semver: None,
            latest_mode: LatestMode::Auto,
            keep: false,
            official: false,
            tags: 1,
            stars: 0,
            pulls: 12,
            recent_pulls: 3,
            created_at_ms: 1_763_712_000_000,
            updated_at_ms: 1_763_712_000_000,
            pushed_at_ms: 0,
            pulled_at_ms: 1_763_712_000_000,
        };
        insta::assert_json_snapshot!(RepoView::new(repo, None), @r#"
        {
          "name": "labring/mysql-op",
          "org": "labring",
          "visibility": "private",
          "latestTag": "v1",
          "latestSemver": null,
          "latestMode": "auto",
          "tags": 1,
          "stars": 0,
          "pulls": 12,
          "recentPulls": 3,
          "official": false,
          "keep": false,
          "createdAt": "2025-11-21T08:00:00.000Z",
          "updatedAt": "2025-11-21T08:00:00.000Z",
          "pushedAt": null,
          "pulledAt": "2025-11-21T08:00:00.000Z",
          "title": "",
          "description": "",
          "keywords": [],
          "icon": null
        }
        "#);
    }
}
