//! Whether what comes fits: the quota of the organisation, and the size of one blob.
//!
//! A body that says its length is refused before a byte of it is stored; one that does not is cut
//! where it passes what is left.

use std::io;

use futures::StreamExt;
use hub_blobs::ByteStream;
use hub_model::{Digest, QuotaExceeded, RepoName};

use super::super::publish::Right;
use super::super::quota;
use super::UploadError;
use crate::App;

/// Where bytes go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) app: &'a App,
    pub(super) right: &'a Right,
    pub(super) repo: &'a RepoName,
}

/// What is known of bytes before they come.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    /// How many came before.
    pub(super) offset: u64,
    /// How many come now, when the caller says so.
    pub(super) length: Option<u64>,
    /// What they become, when the caller says so.
    pub(super) digest: Option<&'a Digest>,
}

/// Why a body is cut, inside the error that ends its stream.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Cut {
    /// The organisation may not hold more.
    #[error(transparent)]
    Quota(QuotaExceeded),
    /// No blob may be larger.
    #[error("a blob has at most {limit} bytes")]
    Blob {
        /// The limit.
        limit: u64,
    },
}

impl From<Cut> for UploadError {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::Quota(error) => Self::Quota(error.into()),
            Cut::Blob { limit } => Self::TooLarge { limit },
        }
    }
}

/// Why a stream ended, when it was cut.
pub(super) fn cut_of(error: &io::Error) -> Option<Cut> {
    error.get_ref()?.downcast_ref::<Cut>().cloned()
}

impl Place<'_> {
    /// Whether the repository may be made, when it is not there.
    ///
    /// # Errors
    ///
    /// [`UploadError::Quota`] with the numbers.
    pub(super) async fn require_repo(self) -> Result<(), UploadError> {
        Ok(quota::require_repo(self.app, self.repo, self.right).await?)
    }

    /// Whether a blob of that size fits.
    ///
    /// # Errors
    ///
    /// [`UploadError::Quota`] with the numbers.
    pub(super) async fn require_blob(self, digest: &Digest, size: u64) -> Result<(), UploadError> {
        let org = self.repo.org();
        let org = (&org, self.right.org_id());
        Ok(quota::require_blob(self.app, org, digest, size).await?)
    }

    /// The same body, cut where it passes what is left.
    ///
    /// # Errors
    ///
    /// [`UploadError::Quota`] or [`UploadError::TooLarge`], when the length says that it will.
    pub(super) async fn admit(
        self,
        expected: Expected<'_>,
        body: ByteStream<'static>,
    ) -> Result<ByteStream<'static>, UploadError> {
        let Some((left, cut)) = self.left(expected).await? else { return Ok(body) };
        match expected.length {
            Some(length) if length > left => Err(match cut {
                Cut::Quota(error) => {
                    let more = expected.offset.saturating_add(length);
                    Cut::Quota(QuotaExceeded { more, ..error })
                }
                cut @ Cut::Blob { .. } => cut,
            }
            .into()),
            _ => Ok(within(body, left, cut)),
        }
    }

    /// How many bytes may still come, and the refusal of more; `None` without a limit.
    async fn left(self, expected: Expected<'_>) -> Result<Option<(u64, Cut)>, UploadError> {
        let limit = self.app.config.registry.max_blob_bytes;
        let blob = (limit > 0).then_some((limit, Cut::Blob { limit }));
        let quota = self.quota_left(expected.digest).await?;
        let least = blob.into_iter().chain(quota).min_by_key(|(left, _)| *left);
        Ok(least.map(|(left, cut)| (left.saturating_sub(expected.offset), cut)))
    }

    async fn quota_left(self, digest: Option<&Digest>) -> Result<Option<(u64, Cut)>, UploadError> {
        let org = self.repo.org();
        let org = (&org, self.right.org_id());
        let Some((room, refusal)) = quota::room(self.app, org).await? else { return Ok(None) };
        // A blob that the organisation holds already takes no room.
        if let Some(digest) = digest
            && self.app.db.org_holds(org.1, digest).await?
        {
            return Ok(None);
        }
        Ok(Some((room, Cut::Quota(refusal))))
    }
}

/// The body up to `left` bytes; what would pass that ends it with an error.
fn within(body: ByteStream<'static>, left: u64, cut: Cut) -> ByteStream<'static> {
    let mut left = left;
    let pieces = body.map(move |piece| {
        let piece = piece?;
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        match left.checked_sub(length) {
            Some(rest) => {
                left = rest;
                Ok(piece)
            }
            None => Err(io::Error::other(cut.clone())),
        }
    });
    pieces.boxed()
}
