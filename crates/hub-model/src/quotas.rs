//! How much an organisation may hold, how much it holds, and when more is too much.

use std::fmt;

use crate::OrgName;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Bytes of blobs, each blob once, however many of its repositories hold it.
    Bytes,
    /// Repositories.
    Repos,
    /// Tags that were pushed.
    Tags,
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "bytes",
            Self::Repos => "repositories",
            Self::Tags => "tags",
        })
    }
}

/// What an organisation holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OrgUsage {
    /// Bytes of its blobs, each blob once.
    pub bytes: u64,
    /// Number of its repositories.
    pub repos: u64,
    /// Number of its tags that were pushed.
    pub tags: u64,
}

/// What an organisation may hold; 0 is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quota {
    /// Bytes of its blobs.
    pub bytes: u64,
    /// Number of its repositories.
    pub repos: u64,
    /// Number of its tags.
    pub tags: u64,
}

/// What an administrator set for one organisation; `None` follows the settings of the hub.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QuotaOverride {
    /// Bytes of its blobs.
    pub bytes: Option<u64>,
    /// Number of its repositories.
    pub repos: Option<u64>,
    /// Number of its tags.
    pub tags: Option<u64>,
}

impl QuotaOverride {
    /// What counts in the end.
    #[must_use]
    pub fn over(self, settings: Quota) -> Quota {
        Quota {
            bytes: self.bytes.unwrap_or(settings.bytes),
            repos: self.repos.unwrap_or(settings.repos),
            tags: self.tags.unwrap_or(settings.tags),
        }
    }
}

/// An organisation that may not hold as much as somebody wants to add.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{org}` may hold {limit} {what}, it holds {used} and this adds {more}: delete something, or \
     ask an administrator of the hub for more"
)]
pub struct QuotaExceeded {
    /// The organisation.
    pub org: OrgName,
    /// What is counted.
    pub what: Counted,
    /// How much it may hold.
    pub limit: u64,
    /// How much it holds.
    pub used: u64,
    /// How much was to be added; 1 when that is not known yet.
    pub more: u64,
}

impl Quota {
    /// Whether anything is limited.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        self.bytes > 0 || self.repos > 0 || self.tags > 0
    }

    /// Limit and use of one thing, when it is limited.
    #[must_use]
    pub const fn of(&self, what: Counted, usage: &OrgUsage) -> Option<(u64, u64)> {
        let (limit, used) = match what {
            Counted::Bytes => (self.bytes, usage.bytes),
            Counted::Repos => (self.repos, usage.repos),
            Counted::Tags => (self.tags, usage.tags),
        };
        if limit == 0 { None } else { Some((limit, used)) }
    }

    /// Whether `more` may be added.
    ///
    /// # Errors
    ///
    /// The numbers, when it may not.
    pub fn admit(
        &self,
        org: &OrgName,
        usage: &OrgUsage,
        (what, more): (Counted, u64),
    ) -> Result<(), QuotaExceeded> {
        match self.of(what, usage) {
            Some((limit, used)) if more > limit.saturating_sub(used) && more > 0 => {
                Err(QuotaExceeded { org: org.clone(), what, limit, used, more })
            }
            _ => Ok(()),
        }
    }

    /// What is used to more than nine tenths: what, limit and use.
    #[must_use]
    pub fn nearly_full(&self, usage: &OrgUsage) -> Vec<(Counted, u64, u64)> {
        [Counted::Bytes, Counted::Repos, Counted::Tags]
            .into_iter()
            .filter_map(|what| self.of(what, usage).map(|(limit, used)| (what, limit, used)))
            .filter(|(_, limit, used)| *used > limit / 10 * 9 + limit % 10 * 9 / 10)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_admitted_and_the_refusal_names_the_numbers() {
        let org: OrgName = "labring".parse().unwrap();
        let quota = Quota { bytes: 100, repos: 0, tags: 2 };
        let usage = OrgUsage { bytes: 90, repos: 1000, tags: 2 };
        for (asked, fits) in [
            ((Counted::Bytes, 0), true),
            ((Counted::Bytes, 10), true),
            ((Counted::Bytes, 11), false),
            ((Counted::Bytes, u64::MAX), false),
            ((Counted::Repos, 1), true),
            ((Counted::Tags, 0), true),
            ((Counted::Tags, 1), false),
        ] {
            assert_eq!(quota.admit(&org, &usage, asked).is_ok(), fits, "{asked:?}");
        }
        // More than allowed is used already, since the limit was lowered: nothing new fits.
        let over = OrgUsage { bytes: 300, ..usage };
        let error = quota.admit(&org, &over, (Counted::Bytes, 1)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`labring` may hold 100 bytes, it holds 300 and this adds 1: delete something, or ask \
             an administrator of the hub for more"
        );
    }

    #[test]
    fn an_override_goes_before_the_settings_also_where_it_says_no_limit() {
        let settings = Quota { bytes: 10, repos: 10, tags: 0 };
        let own = QuotaOverride { bytes: Some(0), repos: None, tags: Some(5) };
        assert_eq!(own.over(settings), Quota { bytes: 0, repos: 10, tags: 5 });
    }

    #[test]
    fn a_warning_comes_above_nine_tenths() {
        let quota = Quota { bytes: 1000, repos: 15, tags: 0 };
        let full = |bytes, repos| quota.nearly_full(&OrgUsage { bytes, repos, tags: 99 }).len();
        assert_eq!((full(900, 13), full(901, 13), full(900, 14)), (0, 1, 1));
        assert_eq!(full(u64::MAX, 15), 2);
    }
}
