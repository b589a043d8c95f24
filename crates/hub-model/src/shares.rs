//! Private repositories shown to others: read only, until a date or for ever.

use crate::{OrgName, RepoName, Role, UserName};

/// With whom a repository is shared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SharedWith {
    /// One user.
    User(UserName),
    /// Every member of an organisation.
    Org(OrgName),
}

impl SharedWith {
    /// The name, of either.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::User(user) => user.as_str(),
            Self::Org(org) => org.as_str(),
        }
    }
}

/// A repository that is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Row in the database.
    pub id: i64,
    /// What is shared.
    pub repo: RepoName,
    /// With whom.
    pub with: SharedWith,
    /// Until when, in milliseconds; `None` for ever. What ended grants nothing and stays listed.
    pub until_ms: Option<i64>,
    /// Why.
    pub description: String,
    /// When it was shared, in milliseconds.
    pub created_at_ms: i64,
    /// Name of who shared it.
    pub created_by: String,
}

impl Share {
    /// Whether it is good at `now_ms`.
    #[must_use]
    pub fn is_good(&self, now_ms: i64) -> bool {
        self.until_ms.is_none_or(|until| now_ms < until)
    }
}

/// A role of a user on a single repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoGrant {
    /// The repository.
    pub repo: RepoName,
    /// The user.
    pub user: UserName,
    /// What the user may do there.
    pub role: Role,
    /// Since when, in milliseconds.
    pub since_ms: i64,
    /// Name of who granted it.
    pub granted_by: String,
}
