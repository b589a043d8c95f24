//! Checks whether records, bytes and index agree, and sets right what can be set right.
//!
//! It works beside everybody else: what it finds it looks at again, under a lock, before it
//! changes anything. It never invents bytes: a blob whose bytes are lost or changed is recorded
//! as damaged, so that everybody is told clearly, and the next push of the same bytes heals it.

mod bytes;
mod records;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use hub_blobs::BlobError;
use hub_db::DbError;
use hub_model::Actor;
use serde::Serialize;

use super::access::{self, AccessError};
use super::damage::DamageError;
use crate::App;

/// Most findings of each kind that are named.
const NAMED: usize = 10_000;

/// Why nothing was checked.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The metadata store failed.
    #[error("could not read the records")]
    Db(#[from] DbError),
    /// The store of bytes failed.
    #[error("could not list or read the bytes")]
    Store(#[from] BlobError),
    /// A blob could not be examined.
    #[error("could not examine a blob")]
    Damage(#[from] DamageError),
    /// The index failed.
    #[error("could not read the search index")]
    Index(#[from] hub_search::SearchError),
    /// The thread that read the index is gone.
    #[error("could not finish reading the search index")]
    Lost(#[from] tokio::task::JoinError),
}

/// How much is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rehash {
    /// Sizes only.
    #[default]
    None,
    /// So many blobs, those first that were not read for the longest time.
    Some(u64),
    /// Every blob.
    All,
}

/// What is to be checked, and whether it is to be set right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// Set right what can be set right.
    pub fix: bool,
    /// How much is read again.
    pub rehash: Rehash,
    /// Whether the index is compared: it must be the one that is served.
    pub index: bool,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A blob is recorded, and its bytes are gone.
    BytesMissing,
    /// A blob has another number of bytes than recorded.
    WrongSize,
    /// A blob has other bytes than its digest says.
    WrongDigest,
    /// A blob is known to be damaged.
    Damaged,
    /// The store failed to read a blob.
    Unreadable,
    /// The store holds bytes that no record knows.
    UnknownBytes,
    /// Staged bytes without an upload.
    Leftover,
    /// A manifest names a blob that its repository does not hold.
    ManifestWithoutBlob,
    /// A tag names a manifest that its repository does not hold.
    TagWithoutManifest,
    /// The latest tag, or the number of tags, of a repository is wrong.
    WrongLatest,
    /// The number of stars of a repository is wrong.
    WrongStars,
    /// Things that nothing needs, and that the collector would never look at.
    Forgotten,
    /// A repository that the index does not know.
    NotIndexed,
    /// The index knows a repository that is gone.
    IndexedTooMuch,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// Digest, repository or name.
    pub subject: String,
    /// What is wrong with it, for people.
    pub detail: String,
    /// Images that need it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub needed_by: Vec<String>,
    /// Whether it was set right, or recorded where that is all that can be done.
    pub fixed: bool,
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    /// Number of findings of each kind.
    pub counts: BTreeMap<Kind, u64>,
    /// The findings, at most ten thousand of each kind.
    pub findings: Vec<Finding>,
    /// Recorded blobs that were looked at.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Blobs that were read and hashed again.
    pub rehashed: u64,
    /// Repositories that were looked at.
    pub repos: u64,
    /// Whether the index was compared.
    pub index_checked: bool,
}

impl CheckReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.counts.is_empty()
    }

    fn add(&mut self, finding: Finding) {
        let count = self.counts.entry(finding.kind).or_default();
        *count += 1;
        if usize::try_from(*count).is_ok_and(|count| count <= NAMED) {
            self.findings.push(finding);
        }
    }
}

/// A check that goes on.
struct Check<'a> {
    app: &'a App,
    wish: Wish,
    report: CheckReport,
    tell: Option<&'a (dyn Fn(&str) + Send + Sync)>,
}

impl Check<'_> {
    fn say(&self, text: &str) {
        if let Some(tell) = self.tell {
            tell(text);
        }
    }

    fn found(&mut self, kind: Kind, subject: String, detail: String, fixed: bool) {
        self.report.add(Finding { kind, subject, detail, needed_by: Vec::new(), fixed });
    }
}

/// Checks everything. `tell` hears how far it is.
///
/// # Errors
///
/// When the records, the bytes or the index cannot be read at all.
pub async fn check(
    app: &App,
    actor: &Actor,
    wish: Wish,
    tell: Option<&(dyn Fn(&str) + Send + Sync)>,
) -> Result<CheckReport, CheckError> {
    access::require_administrator(actor)?;
    let mut check = Check { app, wish, report: CheckReport::default(), tell };
    check.blobs().await?;
    check.rehash().await?;
    check.store().await?;
    check.leftovers().await?;
    check.manifests().await?;
    check.repos().await?;
    check.forgotten().await?;
    if wish.index {
        check.index().await?;
    }
    Ok(check.report)
}
