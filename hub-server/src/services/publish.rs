//! The commit point: every image enters the hub here, and nothing else makes a tag point at a
//! manifest. Latest tag, search, counters and jobs therefore cannot disagree.

#[cfg(test)]
pub(crate) mod fixtures;
mod repo;
mod steps;
#[cfg(test)]
mod tests;

use hub_db::DbError;
use hub_model::{Actor, Digest, QuotaExceeded, RepoName, Tag, Visibility};
use hub_oci::ManifestError;

use super::access::AccessError;
use crate::App;

pub(crate) use repo::{Ensured, Right, ensure_repo, may_push};

/// Most tags that one request may set.
pub const MAX_TAGS: usize = 64;

/// What a manifest is pushed by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ManifestRef {
    /// A tag, which will name it.
    Tag(Tag),
    /// Its digest.
    Digest(Digest),
}

/// A manifest on its way in.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Where to.
    pub repo: RepoName,
    /// By tag or by digest.
    pub reference: ManifestRef,
    /// Further tags.
    pub tags: Vec<Tag>,
    /// The media type that the sender states.
    pub media_type: Option<String>,
    /// The bytes.
    pub body: Vec<u8>,
    /// Who may see the repository, when this is the first image of one that was not there.
    pub visibility: Option<Visibility>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Digest of the manifest.
    pub digest: Digest,
    /// The manifest that it refers to.
    pub subject: Option<Digest>,
    /// Every tag that names it now because of this request.
    pub tags: Vec<Tag>,
    /// Whether this was the first image of a repository that was not there.
    pub repo_created: bool,
}

/// Why an image did not enter the hub.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The caller may not push here.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The manifest breaks a rule.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The manifest is too large.
    #[error("a manifest has at most {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// Too many tags at once.
    #[error("one request sets at most {} tags, this one asks for {found}", MAX_TAGS)]
    TooManyTags {
        /// How many were asked for.
        found: usize,
    },
    /// The manifest has another digest than it was pushed by.
    #[error("the manifest has the digest {found}, not {expected}")]
    WrongDigest {
        /// The digest it was pushed by.
        expected: Digest,
        /// The digest it has.
        found: Digest,
    },
    /// It names blobs or manifests that the repository does not hold.
    #[error("the repository does not hold what the manifest names: push it first")]
    Missing {
        /// What is not there; of very many, the first.
        digests: Vec<Digest>,
    },
    /// It states a wrong size for a blob.
    #[error("{digest} has {found} bytes, the manifest says {stated}")]
    WrongSize {
        /// The blob.
        digest: Digest,
        /// The size that the manifest states.
        stated: u64,
        /// The size it has.
        found: u64,
    },
    /// The organisation may not hold as much.
    #[error(transparent)]
    Quota(Box<QuotaExceeded>),
    /// The thread that read the manifest is gone.
    #[error("could not finish reading the manifest")]
    Lost(#[from] tokio::task::JoinError),
    /// The metadata store failed.
    #[error("could not record the image")]
    Db(#[from] DbError),
}

/// Records an image: its manifest, its tags, the repository's latest tag, and what is to happen
/// later. All of it, or nothing.
///
/// # Errors
///
/// The rule that the image breaks, or the right that the caller lacks; then nothing is recorded.
#[tracing::instrument(skip_all, fields(repo.name = %publication.repo))]
pub async fn publish(
    app: &App,
    actor: &Actor,
    publication: Publication,
) -> Result<Published, PublishError> {
    let right = may_push(app, actor, &publication.repo).await?;
    let image = steps::examine(app, &right, publication).await?;
    steps::require_room(app, &right, &image).await?;
    match steps::record(app, &right, actor, &image).await {
        // Another push made the repository in the same moment: now it is there.
        Err(PublishError::Db(error)) if error.is_conflict() => {
            steps::record(app, &right, actor, &image).await
        }
        outcome => outcome,
    }
}
