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

    /// The word on the wire for what kind of name it is.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Org(_) => "org",
        }
    }
}

/// Until when something is shared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Deadline {
    /// The moment from which on it is not shared any more, in milliseconds; `None` for ever.
    pub until_ms: Option<i64>,
    /// As it was given; empty for ever.
    pub given: String,
}

impl Deadline {
    /// No end.
    pub const FOREVER: Self = Self { until_ms: None, given: String::new() };

    /// The end that was given as `given`, which is the moment `at_ms`. A day, which is what a
    /// time at exactly midnight UTC stands for, counts as a whole.
    /// Source: `docs/sources.md#swr-sharing`.
    #[must_use]
    pub fn at(given: &str, at_ms: i64) -> Self {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        let whole_day = at_ms.rem_euclid(DAY_MS) == 0;
        let until_ms = if whole_day { at_ms.saturating_add(DAY_MS) } else { at_ms };
        Self { until_ms: Some(until_ms), given: given.to_owned() }
    }

    /// Whether it has not come at `now_ms`.
    #[must_use]
    pub fn is_ahead(&self, now_ms: i64) -> bool {
        self.until_ms.is_none_or(|until| now_ms < until)
    }
}

/// A repository about to be shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewShare {
    /// Row of the repository.
    pub repo_id: i64,
    /// With whom.
    pub with: SharedWith,
    /// Row of the user or of the organisation.
    pub with_id: i64,
    /// Until when.
    pub until: Deadline,
    /// Why.
    pub description: String,
    /// When, in milliseconds.
    pub created_at_ms: i64,
    /// Name of who shares it.
    pub created_by: String,
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
    /// Until when. What ended grants nothing and stays listed.
    pub until: Deadline,
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
        self.until.is_ahead(now_ms)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_counts_as_a_whole_and_a_moment_as_itself() {
        const DAY: i64 = 86_400_000;
        assert_eq!(Deadline::at("d", 10 * DAY).until_ms, Some(11 * DAY));
        assert_eq!(Deadline::at("d", 10 * DAY + 1).until_ms, Some(10 * DAY + 1));
        assert_eq!(Deadline::at("d", -DAY).until_ms, Some(0));
        let day = Deadline::at("d", 10 * DAY);
        assert!(day.is_ahead(11 * DAY - 1) && !day.is_ahead(11 * DAY));
        assert!(Deadline::FOREVER.is_ahead(i64::MAX));
    }
}
