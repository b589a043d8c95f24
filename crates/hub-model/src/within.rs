//! Where a credential is good: everywhere, or in some organisations and repositories only.

use std::fmt;
use std::sync::Arc;

use crate::{NameError, OrgName, Own, RepoName};

/// Most places that one credential names.
pub const MOST_PLACES: usize = 50;

/// One place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// An organisation, with whatever belongs to it.
    Org(OrgName),
    /// One repository.
    Repo(RepoName),
}

impl Place {
    /// Parses `ORG` or `ORG/REPO`.
    ///
    /// # Errors
    ///
    /// Returns the first rule that `text` breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.contains('/') {
            RepoName::parse(text).map(Self::Repo)
        } else {
            OrgName::parse(text).map(Self::Org)
        }
    }

    /// Reads one out of a record, as [`OrgName::stored`] does.
    fn stored(text: &str) -> Result<Self, NameError> {
        if text.contains('/') {
            RepoName::stored(text).map(Self::Repo)
        } else {
            OrgName::stored(text).map(Self::Org)
        }
    }

    /// The organisation, or the one that the repository belongs to.
    #[must_use]
    pub fn org(&self) -> OrgName {
        match self {
            Self::Org(org) => org.clone(),
            Self::Repo(repo) => repo.org(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Org(org) => org.fmt(f),
            Self::Repo(repo) => repo.fmt(f),
        }
    }
}

/// Where a credential is good. Elsewhere its bearer is a stranger. A cheap handle.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Within(Option<Arc<[Place]>>);

impl Within {
    /// No bounds.
    pub const EVERYWHERE: Self = Self(None);

    /// These places; none for everywhere.
    #[must_use]
    pub fn of(places: Vec<Place>) -> Self {
        Self((!places.is_empty()).then(|| places.into()))
    }

    /// Parses places separated by blanks, as the database keeps them.
    ///
    /// # Errors
    ///
    /// Returns the first rule that a place breaks.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        text.split_whitespace().map(Place::stored).collect::<Result<_, _>>().map(Self::of)
    }

    /// The places; empty for everywhere.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        self.0.as_deref().unwrap_or_default()
    }

    /// The organisations and the single repositories among the places.
    #[must_use]
    pub fn split(&self) -> Own {
        let mut own = Own::default();
        for place in self.places() {
            match place {
                Place::Org(org) => own.orgs.push(org.clone()),
                Place::Repo(repo) => own.repos.push(repo.clone()),
            }
        }
        own
    }

    /// Whether there are no bounds.
    #[must_use]
    pub const fn is_everywhere(&self) -> bool {
        self.0.is_none()
    }

    /// Whether it reaches a repository.
    #[must_use]
    pub fn reaches(&self, repo: &RepoName) -> bool {
        let Some(places) = &self.0 else { return true };
        places.iter().any(|place| match place {
            Place::Org(org) => repo.as_str().strip_prefix(org.as_str()).is_some_and(starts_path),
            Place::Repo(name) => name == repo,
        })
    }

    /// Whether it reaches a whole organisation, not only repositories of it.
    #[must_use]
    pub fn reaches_org(&self, org: &OrgName) -> bool {
        let Some(places) = &self.0 else { return true };
        places.iter().any(|place| matches!(place, Place::Org(name) if name == org))
    }

    /// Whether everything that `other` reaches is reached by this as well.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        if self.is_everywhere() {
            return true;
        }
        let holds = |place: &Place| match place {
            Place::Org(org) => self.reaches_org(org),
            Place::Repo(repo) => self.reaches(repo),
        };
        !other.is_everywhere() && other.places().iter().all(holds)
    }
}

fn starts_path(rest: &str) -> bool {
    rest.starts_with('/')
}

impl fmt::Display for Within {
    /// The places with blanks between them; nothing for everywhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, place) in self.places().iter().enumerate() {
            write!(f, "{}{place}", if number == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(text: &str) -> Within {
        Within::parse(text).unwrap()
    }

    #[test]
    fn a_place_is_an_organisation_with_all_it_has_or_one_repository() {
        for (places, repo, want) in [
            ("", "a/b", true),
            ("a", "a/b", true),
            ("a", "a/b/c", true),
            ("a", "ab/c", false),
            ("a", "a-b/c", false),
            ("a/b", "a/b", true),
            ("a/b", "a/b/c", false),
            ("a/b c", "c/d", true),
        ] {
            let repo = RepoName::parse(repo).unwrap();
            assert_eq!(within(places).reaches(&repo), want, "{places:?} {repo}");
        }
        let org = OrgName::parse("a").unwrap();
        assert!(within("a").reaches_org(&org) && within("").reaches_org(&org));
        assert!(!within("a/b").reaches_org(&org));
    }

    #[test]
    fn bounds_hold_what_lies_inside_them() {
        for (outer, inner, want) in [
            ("", "", true),
            ("", "a", true),
            ("a", "", false),
            ("a", "a/b a", true),
            ("a/b", "a", false),
            ("a/b", "a/b", true),
            ("a", "b", false),
        ] {
            assert_eq!(within(outer).holds(&within(inner)), want, "{outer:?} {inner:?}");
        }
        assert_eq!(within("a/b  c").to_string(), "a/b c");
        assert!(Within::parse("a A").is_err());
    }
}
