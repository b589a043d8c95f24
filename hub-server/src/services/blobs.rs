//! Blobs of a repository: whether they are there, their bytes, and taking them away.

use std::io;
use std::ops::Range;
use std::time::Duration;

use futures::{StreamExt as _, stream};
use hub_blobs::{BlobError, ByteStream};
use hub_db::DbError;
use hub_model::{Action, Actor, Digest, LetterKind, Repo, RepoName};
use url::Url;

use super::access::{self, AccessError};
use super::audit::{self, Act};
use crate::App;

/// Why a blob was not given or deleted.
#[derive(Debug, thiserror::Error)]
pub enum BlobsError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The repository has no such blob, whatever others have.
    #[error("`{repo}` has no blob `{digest}`")]
    Unknown {
        /// Full name of the repository.
        repo: RepoName,
        /// The digest asked for.
        digest: Digest,
    },
    /// Its bytes are lost or changed, and nobody pushed it again since.
    #[error("the blob `{digest}` of `{repo}` is damaged, push an image that holds it again")]
    Damaged {
        /// Full name of the repository.
        repo: RepoName,
        /// The blob.
        digest: Digest,
    },
    /// An image would be broken without it.
    #[error("an image in `{repo}` needs the blob `{digest}`: delete the image first")]
    InUse {
        /// Full name of the repository.
        repo: RepoName,
        /// The blob.
        digest: Digest,
    },
    /// The metadata store failed.
    #[error("could not look the blob up")]
    Db(#[from] DbError),
    /// The store of bytes failed.
    #[error("could not read the blob")]
    Store(#[from] BlobError),
}

/// A blob that the caller may read.
#[derive(Debug, Clone)]
pub struct Readable {
    /// Its size in bytes.
    pub size: u64,
    app: App,
    digest: Digest,
}

impl Readable {
    /// Bytes of it. The range lies inside the blob.
    ///
    /// # Errors
    ///
    /// [`BlobsError::Store`] when the bytes cannot be read.
    pub async fn read(&self, range: Range<u64>) -> Result<ByteStream<'static>, BlobsError> {
        let wanted = range.end.min(self.size).saturating_sub(range.start);
        match self.app.blobs.read(&self.digest, range).await {
            Ok(pieces) => {
                Ok(whole_or_broken(self.app.clone(), self.digest.clone(), wanted, pieces))
            }
            Err(error) => {
                if matches!(error, BlobError::NotFound { .. }) {
                    self.app.suspects.note(&self.digest);
                }
                Err(error.into())
            }
        }
    }

    /// Where else the caller gets it, if the settings let others give it out.
    ///
    /// # Errors
    ///
    /// [`BlobsError::Store`] when the store cannot say.
    pub async fn elsewhere(&self) -> Result<Option<Elsewhere>, BlobsError> {
        let settings = &self.app.config.blobs;
        let store = &self.app.blobs;
        if let Some(path) = &settings.x_accel_redirect
            && let Some(file) = store.local_path(&self.digest)
        {
            let path = format!("{}/{}", path.trim_end_matches('/'), file.display());
            return Ok(Some(Elsewhere::File(path)));
        }
        if settings.redirect && self.size >= settings.redirect_min_bytes {
            let ttl = Duration::from_secs(settings.redirect_seconds);
            return Ok(store.redirect(&self.digest, ttl).await?.map(Elsewhere::Address));
        }
        Ok(None)
    }
}

/// Who gives a blob out in our place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elsewhere {
    /// Whoever answers there; the address is good for a while.
    Address(Url),
    /// The server in front of us, which knows the file by this path.
    File(String),
}

/// The same pieces; where they end too early, an error: a body must not end as if it were whole.
fn whole_or_broken(
    app: App,
    digest: Digest,
    wanted: u64,
    pieces: ByteStream<'static>,
) -> ByteStream<'static> {
    let short = move || {
        app.suspects.note(&digest);
        io::Error::new(io::ErrorKind::UnexpectedEof, format!("the bytes of {digest} end too early"))
    };
    stream::try_unfold((pieces, wanted), move |(mut pieces, left)| {
        let short = short.clone();
        async move {
            match pieces.next().await {
                Some(Ok(piece)) => {
                    let left = left.saturating_sub(piece.len() as u64);
                    Ok(Some((piece, (pieces, left))))
                }
                None if left == 0 => Ok(None),
                Some(Err(error)) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
                Some(Err(_)) | None => Err(short()),
            }
        }
    })
    .boxed()
}

/// Finds a blob that the repository holds.
///
/// # Errors
///
/// [`BlobsError::Unknown`] when the repository has no such blob.
pub async fn find(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    digest: &Digest,
) -> Result<Readable, BlobsError> {
    let (known, repo) = access::pull(app, actor, name).await?;
    let Some(held) = known.blob(&repo, digest).await? else {
        return Err(absent(app, &repo, digest).await?);
    };
    if held.unused {
        // Who sees it may leave it out of a push: it stays for another grace time.
        app.asked.note(repo.id, digest, app.now_ms());
    }
    Ok(Readable { size: held.size, app: app.clone(), digest: digest.clone() })
}

/// Takes a blob out of the repository. The bytes stay while anybody else links them.
///
/// # Errors
///
/// [`BlobsError::InUse`] when an image of the repository names it.
pub async fn delete(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    digest: &Digest,
) -> Result<(), BlobsError> {
    access::repo(app, actor, Action::Delete, name).await?;
    let mut change = app.db.change().await?;
    let repo = change.lock_repo(name).await?.ok_or_else(|| unknown(name, digest))?;
    // Nobody publishes here while the repository is locked, so the answer holds until the commit.
    if change.blob_used(repo.id, digest).await? {
        return Err(BlobsError::InUse { repo: name.clone(), digest: digest.clone() });
    }
    if !change.unlink_blob(repo.id, digest, app.now_ms()).await? {
        return Err(unknown(name, digest));
    }
    let target = format!("{name}@{digest}");
    let act = Act { action: "blob.delete", target: &target, org_id: Some(repo.org_id) };
    audit::done(app, &mut change, actor, act, ((), ())).await?;
    change.tell(LetterKind::Repo, name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// Why a blob counts as absent.
async fn absent(app: &App, repo: &Repo, digest: &Digest) -> Result<BlobsError, DbError> {
    let held = app.db.is_damaged_in(repo.id, digest).await?;
    let (repo, digest) = (repo.name.clone(), digest.clone());
    Ok(if held {
        BlobsError::Damaged { repo, digest }
    } else {
        BlobsError::Unknown { repo, digest }
    })
}

fn unknown(name: &RepoName, digest: &Digest) -> BlobsError {
    BlobsError::Unknown { repo: name.clone(), digest: digest.clone() }
}
