//! Organisations and their members.

use hub_model::{Member, Org, OrgUsage, Quota, QuotaOverride, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::time;

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrgView {
    /// Its name.
    pub name: String,
    /// A name for people, may be empty.
    pub display_name: String,
    /// One line of plain text, may be empty.
    pub description: String,
    /// What repositories are that a push makes: `public` or `private`.
    pub default_visibility: String,
    /// When it was made.
    pub created_at: String,
    /// What the caller is in it; absent for strangers, and in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Number of its repositories that the caller may see; absent in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repos: Option<u64>,
    /// What it may hold and what it holds; for its members only, absent in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<QuotaView>,
}

/// What an organisation may hold, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuotaView {
    /// Bytes of its blobs, each blob once, however many of its repositories hold it.
    pub bytes: QuotaPart,
    /// Repositories.
    pub repos: QuotaPart,
    /// Tags that were pushed.
    pub tags: QuotaPart,
}

/// One limit, and what is used of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuotaPart {
    /// The limit; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// What is used.
    pub used: u64,
    /// Whether an administrator set the limit for this organisation; else the hub's settings do.
    pub own: bool,
}

/// Sets the limits of an organisation: `PUT /orgs/{org}/quota`. 0 is no limit; what is left out
/// follows the settings of the hub.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetQuota {
    /// Bytes of its blobs.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// Number of its repositories.
    #[serde(default)]
    pub repos: Option<u64>,
    /// Number of its tags.
    #[serde(default)]
    pub tags: Option<u64>,
}

/// A member of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemberView {
    /// Name of the user.
    pub user: String,
    /// `reader`, `writer`, `owner`.
    pub role: String,
    /// Since when.
    pub since: String,
}

/// Makes an organisation: `POST /orgs`.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateOrg {
    /// Its name.
    pub name: String,
    /// A name for people.
    #[serde(default)]
    pub display_name: String,
    /// One line of plain text.
    #[serde(default)]
    pub description: String,
    /// What repositories are that a push makes: `public`, the default, or `private`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_visibility: Option<String>,
}

/// Changes an organisation: `PATCH /orgs/{org}`; what is left out stays.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditOrg {
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// One line of plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What repositories are that a push makes: `public` or `private`. Those that are there stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_visibility: Option<String>,
}

/// Makes somebody a member: `PUT /orgs/{org}/members/{user}`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetMember {
    /// `reader`, `writer`, `owner`; `pull`, `push` and `admin` are the same roles.
    pub role: String,
}

/// A membership that ended: `DELETE /orgs/{org}/members/{user}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RemovedMember {
    /// Name of the user.
    pub user: String,
    /// Repositories on which the user still has a role of their own.
    pub grants: Vec<String>,
}

impl From<Org> for OrgView {
    fn from(org: Org) -> Self {
        Self {
            name: org.name.into(),
            display_name: org.display_name,
            description: org.description,
            default_visibility: org.default_visibility.as_str().to_owned(),
            created_at: time(org.created_at_ms),
            role: None,
            repos: None,
            quota: None,
        }
    }
}

impl OrgView {
    /// Adds what one caller sees of it.
    #[must_use]
    pub fn seen(mut self, role: Option<Role>, repos: u64) -> Self {
        self.role = role.map(|role| role.as_str().to_owned());
        self.repos = Some(repos);
        self
    }
}

impl QuotaView {
    /// Limits that count, those of them that are the organisation's own, and its use.
    #[must_use]
    pub fn new(quota: Quota, own: QuotaOverride, usage: OrgUsage) -> Self {
        let part = |limit: u64, own: Option<u64>, used| QuotaPart {
            limit: (limit > 0).then_some(limit),
            used,
            own: own.is_some(),
        };
        Self {
            bytes: part(quota.bytes, own.bytes, usage.bytes),
            repos: part(quota.repos, own.repos, usage.repos),
            tags: part(quota.tags, own.tags, usage.tags),
        }
    }
}

impl From<SetQuota> for QuotaOverride {
    fn from(set: SetQuota) -> Self {
        Self { bytes: set.bytes, repos: set.repos, tags: set.tags }
    }
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            user: member.user.into(),
            role: member.role.as_str().to_owned(),
            since: time(member.since_ms),
        }
    }
}
