//! Uploads and mounts against the collector of garbage, which works at the same time.
//!
//! Before bytes are published, their digest is *claimed*: a blob that nobody holds gets another
//! grace time, and one that is being deleted is waited for. After they were published, the change
//! that links them keeps the row of the blob first, and believes it only when it is live; a blob
//! without a row is recorded, and only then looked for in the store: from that moment on nobody
//! can delete it. So whatever the grace time is, an acknowledged blob is there.

use std::time::Duration;

use hub_db::Change;
use hub_model::{BlobState, Digest};

use super::UploadError;
use crate::App;

/// How often a blob that is being deleted is looked at.
const PAUSE: Duration = Duration::from_millis(50);

/// How often it is looked at before its uploader is told to come again: five seconds.
const PATIENCE: usize = 100;

/// Makes sure that the collector leaves the blob alone while its bytes are published.
///
/// # Errors
///
/// [`UploadError::Collected`] when it is being deleted, and that takes long.
pub(super) async fn claim(app: &App, digest: &Digest) -> Result<(), UploadError> {
    for _ in 0..PATIENCE {
        match app.db.blob(digest).await? {
            Some((_, BlobState::Deleting)) => tokio::time::sleep(PAUSE).await,
            Some((_, BlobState::Live | BlobState::Damaged)) => {
                app.db.claim_blob(digest, app.now_ms()).await?;
                return Ok(());
            }
            None => return Ok(()),
        }
    }
    Err(UploadError::Collected { digest: digest.clone() })
}

/// Links a blob, whose bytes were published just now, to a repository that `change` has locked.
///
/// # Errors
///
/// [`UploadError::Collected`] when the collector took the bytes in the meantime: then `change` is
/// to be dropped.
pub(super) async fn link_published(
    app: &App,
    change: &mut Change,
    repo_id: i64,
    digest: &Digest,
    size: u64,
) -> Result<(), UploadError> {
    let now = app.now_ms();
    let collected = || UploadError::Collected { digest: digest.clone() };
    loop {
        match change.hold_blob(digest).await? {
            Some((_, BlobState::Live)) => break,
            Some((_, BlobState::Deleting)) => return Err(collected()),
            Some((_, BlobState::Damaged)) => {
                // Its old bytes were set aside, these are new.
                require_bytes(app, digest, size).await?;
                change.heal_blob(digest, size, now).await?;
                break;
            }
            // Recorded first: as long as this change goes on, nobody can take the bytes away.
            None if change.put_blob(digest, size, now).await? => {
                require_bytes(app, digest, size).await?;
                break;
            }
            // Somebody else recorded it between the two statements.
            None => {}
        }
    }
    Ok(change.link_blob(repo_id, digest, now).await?)
}

async fn require_bytes(app: &App, digest: &Digest, size: u64) -> Result<(), UploadError> {
    match app.blobs.stat(digest).await.map_err(UploadError::Store)? {
        Some(found) if found == size => Ok(()),
        _ => Err(UploadError::Collected { digest: digest.clone() }),
    }
}
