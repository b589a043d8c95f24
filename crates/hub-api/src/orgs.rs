//! Organisations and their members.

use hub_model::{Member, Org, Role};
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
    /// When it was made.
    pub created_at: String,
    /// What the caller is in it; absent for strangers, and in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Number of its repositories that the caller may see; absent in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repos: Option<u64>,
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
}

/// Makes somebody a member: `PUT /orgs/{org}/members/{user}`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetMember {
    /// `reader`, `writer`, `owner`; `pull`, `push` and `admin` are the same roles.
    pub role: String,
}

impl From<Org> for OrgView {
    fn from(org: Org) -> Self {
        Self {
            name: org.name.into(),
            display_name: org.display_name,
            description: org.description,
            created_at: time(org.created_at_ms),
            role: None,
            repos: None,
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

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            user: member.user.into(),
            role: member.role.as_str().to_owned(),
            since: time(member.since_ms),
        }
    }
}
