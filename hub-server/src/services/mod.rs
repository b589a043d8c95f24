//! Acts: what the hub does, whoever asks and however they ask.
//!
//! Every function takes the [`App`](crate::App), then who acts, then typed input; its first line
//! asks for permission, it makes one change, and it logs nothing: the door does.
//! What is to happen later is written down in the same change, as a letter or a job.
//!
//! A service may call `access`, `audit`, `reach` and `sign_in`; of its siblings only
//! `accounts`, `publish`, `images`, `damage`, `orgs`, `quota` and `search` may be called by others.

pub mod access;
pub mod access_keys;
pub mod accounts;
pub mod audit;
pub mod blobs;
pub mod check;
pub mod damage;
pub mod gc;
pub mod grants;
pub mod images;
pub mod import;
pub mod invitations;
pub mod judging;
pub(crate) mod meanwhile;
#[cfg(feature = "oidc")]
pub mod oidc;
pub mod orgs;
pub mod publish;
pub mod quota;
pub mod reach;
pub mod registry_tokens;
pub mod repos;
pub mod robots;
pub mod search;
pub mod sessions;
pub mod shares;
pub mod sign_in;
pub mod tokens;
pub mod uploads;

use hub_db::RepoFilter;
use hub_model::AccessTerms;

/// A part of a longer list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The part.
    pub items: Vec<T>,
    /// Number of all entries that the caller may see.
    pub total: u64,
    /// Where the next part begins; `None` at the end.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A part of `limit` entries out of one more than that, which tells whether something follows.
    /// `name` gives the name that the next part begins after.
    pub(crate) fn cut(
        mut items: Vec<T>,
        total: i64,
        limit: u64,
        name: impl Fn(&T) -> String,
    ) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(name) } else { None };
        Self { items, total: total.try_into().unwrap_or(0), next }
    }
}

/// A text without control characters: no name holds one, and PostgreSQL stores no zero byte.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// What the caller may see, as the database asks it.
pub(crate) fn filter(terms: AccessTerms) -> RepoFilter {
    match terms {
        AccessTerms::Everything => RepoFilter::All,
        AccessTerms::PublicAnd(own) => RepoFilter::Visible(own),
    }
}

/// An error with all its causes, in one line.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Hours as the database counts time.
pub(crate) fn hours_ms(hours: u64) -> i64 {
    const HOUR_MS: i64 = 3_600_000;
    i64::try_from(hours).unwrap_or(i64::MAX).saturating_mul(HOUR_MS)
}

/// Number of entries as the database counts.
pub(crate) fn limit_rows(limit: u64) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
