//! Going on with an upload, asking how far it is, giving it up.

use std::io::ErrorKind;

use hub_blobs::{BlobError, ByteStream, Hash, Staged};
use hub_model::{Actor, Digest, RepoName, Upload};

use super::super::publish::may_push;
use super::lease::Lease;
use super::room::{Expected, Place, cut_of};
use super::{Chunk, UploadError};
use crate::App;

/// How far an upload is.
///
/// # Errors
///
/// [`UploadError::Unknown`] when there is no such session in this repository.
pub async fn status(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    id: &str,
) -> Result<Upload, UploadError> {
    may_push(app, actor, repo).await?;
    find(app, repo, id).await
}

/// Adds a piece at the end. Answers how far the upload is then.
///
/// # Errors
///
/// [`UploadError::OutOfOrder`] when the piece belongs elsewhere, [`UploadError::Busy`] when
/// somebody else writes; the session stays. When the caller stops in the middle, what came is
/// kept.
pub async fn append(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    id: &str,
    chunk: Option<Chunk>,
    body: ByteStream<'static>,
) -> Result<Upload, UploadError> {
    let right = may_push(app, actor, repo).await?;
    let taking = app.throttle.take_in(actor.name());
    let (app, name, id) = (app.clone(), repo.clone(), id.to_owned());
    let writing = app.tasks.clone().spawn(async move {
        let _taking = taking;
        // Here, not in the request: whoever takes the lease must come to give it back.
        let held = Held::take(&app, &name, &id).await?;
        let place = Place { app: &app, right: &right, repo: &name };
        match place.admit(held.expected(chunk, None), body).await {
            Ok(body) => {
                let (held, outcome) = held.write(chunk, body).await;
                held.give_back(outcome).await
            }
            Err(error) => held.give_back(Err(error)).await,
        }
    });
    writing.await.map_err(|_| UploadError::Stopped { repo: repo.clone() })?
}

/// Gives an upload up; its bytes go at once.
///
/// # Errors
///
/// [`UploadError::Unknown`] when there is no such session, [`UploadError::Busy`] while somebody
/// writes to it.
pub async fn cancel(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    id: &str,
) -> Result<(), UploadError> {
    may_push(app, actor, repo).await?;
    let (app, name, id) = (app.clone(), repo.clone(), id.to_owned());
    let ending = app.tasks.clone().spawn(async move {
        let held = Held::take(&app, &name, &id).await?;
        held.drop_all().await
    });
    ending.await.map_err(|_| UploadError::Stopped { repo: repo.clone() })?
}

/// Ends a session that nobody went on with since `before_ms`, with its bytes; one that somebody
/// goes on with stays.
///
/// # Errors
///
/// When the bytes or the row cannot be dropped.
pub async fn expire(app: &App, id: &str, before_ms: i64) -> Result<(), UploadError> {
    let Some(lease) = Lease::take(app, id).await? else { return Ok(()) };
    let Some(upload) = app.db.upload(id).await? else { return Ok(()) };
    if upload.updated_at_ms >= before_ms {
        // Somebody went on since it was looked for.
        app.db.save_upload(&upload, &lease.holder).await?;
        return Ok(());
    }
    drop_session(app, id).await
}

/// Drops a session and its bytes: bytes first, because a row without bytes is found again.
pub(super) async fn drop_session(app: &App, id: &str) -> Result<(), UploadError> {
    app.blobs.discard(id).await.map_err(UploadError::Store)?;
    let mut change = app.db.change().await?;
    change.delete_upload(id).await?;
    Ok(change.commit().await?)
}

async fn find(app: &App, repo: &RepoName, id: &str) -> Result<Upload, UploadError> {
    let upload = app.db.upload(id).await?.filter(|upload| upload.repo == repo.as_str());
    upload.ok_or_else(|| UploadError::Unknown { id: id.to_owned() })
}

/// Whether the store no longer has the `offset` bytes that the session speaks of.
pub(super) fn lost(error: &BlobError, offset: u64) -> bool {
    let missing = |kind: ErrorKind| matches!(kind, ErrorKind::NotFound | ErrorKind::UnexpectedEof);
    offset > 0 && matches!(error, BlobError::Io { source, .. } if missing(source.kind()))
}

/// An upload that this request alone writes to.
pub(super) struct Held {
    pub(super) app: App,
    pub(super) repo: RepoName,
    pub(super) upload: Upload,
    pub(super) staged: Staged,
    pub(super) lease: Lease,
}

impl Held {
    /// Takes the lease, then reads how far the upload is.
    pub(super) async fn take(app: &App, repo: &RepoName, id: &str) -> Result<Self, UploadError> {
        find(app, repo, id).await?;
        let Some(lease) = Lease::take(app, id).await? else {
            // It may have ended since it was found.
            find(app, repo, id).await?;
            return Err(UploadError::Busy { id: id.to_owned() });
        };
        // Read again: the writer before may have finished between the two statements.
        let upload = find(app, repo, id).await?;
        let hash = Hash::restore(upload.algorithm, &upload.hash_state);
        let unknown = || UploadError::Unknown { id: id.to_owned() };
        let staged = Staged {
            id: upload.id.clone(),
            offset: upload.offset_bytes,
            hash: hash.ok_or_else(unknown)?,
            state: upload.store_state.clone(),
        };
        Ok(Self { app: app.clone(), repo: repo.clone(), upload, staged, lease })
    }

    /// What is known of a piece before it comes.
    pub(super) fn expected<'a>(
        &self,
        chunk: Option<Chunk>,
        digest: Option<&'a Digest>,
    ) -> Expected<'a> {
        let length = chunk.and_then(|chunk| chunk.length);
        Expected { offset: self.staged.offset, length, digest }
    }

    /// Takes a piece in, and keeps the lease meanwhile. The staged state is right afterwards,
    /// also when it failed half-way.
    pub(super) async fn write(
        mut self,
        chunk: Option<Chunk>,
        body: ByteStream<'static>,
    ) -> (Self, Result<(), UploadError>) {
        if let Some(start) = chunk.and_then(|chunk| chunk.start)
            && start != self.staged.offset
        {
            let offset = self.staged.offset;
            return (self, Err(UploadError::OutOfOrder { offset, start }));
        }
        let (app, before) = (self.app.clone(), self.staged.clone());
        let appended = self.lease.during(app.blobs.append(&mut self.staged, body)).await;
        let outcome = match appended {
            Ok(found) => match chunk.and_then(|chunk| chunk.length) {
                Some(stated) if stated != found => {
                    // Which of the bytes were meant is unknown: all of them are cut off again.
                    self.staged = before;
                    Err(UploadError::Size { stated, found })
                }
                _ => Ok(()),
            },
            Err(BlobError::Body { source }) if let Some(cut) = cut_of(&source) => Err(cut.into()),
            Err(BlobError::Body { source }) => {
                Err(UploadError::BrokeOff { offset: self.staged.offset, source })
            }
            Err(error @ BlobError::Full { .. }) => Err(UploadError::Full(error)),
            Err(error) if lost(&error, self.staged.offset) => {
                Err(UploadError::Unknown { id: before.id })
            }
            Err(error) => Err(UploadError::Store(error)),
        };
        (self, outcome)
    }

    /// Writes down how far the upload is and lets others write.
    pub(super) async fn give_back(
        mut self,
        outcome: Result<(), UploadError>,
    ) -> Result<Upload, UploadError> {
        if let Err(
            error @ (UploadError::Full(_)
            | UploadError::Quota(_)
            | UploadError::TooLarge { .. }
            | UploadError::Unknown { .. }
            | UploadError::WrongDigest { .. }),
        ) = outcome
        {
            // Bytes that fit nowhere help nobody: their place is needed for what others finish.
            // And a session whose bytes are lost or wrong cannot go on: its owner is to begin
            // again.
            self.drop_all().await?;
            return Err(error);
        }
        if self.upload.offset_bytes != self.staged.offset {
            self.upload.offset_bytes = self.staged.offset;
            self.upload.hash_state = self.staged.hash.save();
            self.upload.store_state.clone_from(&self.staged.state);
            self.upload.updated_at_ms = self.app.now_ms();
        }
        let saved = self.app.db.save_upload(&self.upload, &self.lease.holder).await;
        outcome?;
        if saved? { Ok(self.upload) } else { Err(UploadError::Busy { id: self.upload.id }) }
    }

    /// Ends the session, with its bytes.
    pub(super) async fn drop_all(self) -> Result<(), UploadError> {
        drop_session(&self.app, &self.upload.id).await
    }
}
