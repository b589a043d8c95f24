//! The end of an upload: the bytes become a blob of the repository.

use hub_blobs::{BlobError, ByteStream};
use hub_model::{Actor, Digest, LetterKind, RepoName};

use super::super::publish::{Right, ensure_repo, may_push};
use super::claim::{claim, link_published};
use super::room::{Expected, Place};
use super::session::{Held, drop_session, lost};
use super::start::{begin, require_turn};
use super::{Chunk, UploadError};
use crate::App;

/// What an upload is to become, and the last piece of it.
#[derive(Debug, Clone)]
struct Promise {
    digest: Digest,
    right: Right,
}

/// Adds the last piece and makes the bytes a blob of the repository. Answers its size in bytes.
///
/// # Errors
///
/// [`UploadError::WrongDigest`], and then session and bytes are gone; otherwise as for
/// [`append`](super::append).
pub async fn finish(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    id: &str,
    last: (Option<Chunk>, ByteStream<'static>),
    digest: &Digest,
) -> Result<u64, UploadError> {
    let right = may_push(app, actor, repo).await?;
    let (chunk, body) = last;
    let promise = Promise { digest: digest.clone(), right };
    let taking = app.throttle.take_in(actor.name());
    let (app, name, id) = (app.clone(), repo.clone(), id.to_owned());
    let work = app.tasks.clone().spawn(async move {
        let _taking = taking;
        // Here, not in the request: whoever takes the lease must come to give it back.
        let held = Held::take(&app, &name, &id).await?;
        let place = Place { app: &app, right: &promise.right, repo: &name };
        let (held, outcome) =
            match place.admit(held.expected(chunk, Some(&promise.digest)), body).await {
                Ok(body) => held.write(chunk, body).await,
                Err(error) => (held, Err(error)),
            };
        match outcome {
            Ok(()) => held.become_blob(promise).await,
            failed => held.give_back(failed).await.map(|upload| upload.offset_bytes),
        }
    });
    work.await.map_err(|_| UploadError::Stopped { repo: repo.clone() })?
}

/// Takes a blob in with one request. Answers its size in bytes.
///
/// # Errors
///
/// As for [`finish`]; no session is left behind.
pub async fn whole(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    digest: &Digest,
    body: ByteStream<'static>,
    length: Option<u64>,
) -> Result<u64, UploadError> {
    let right = may_push(app, actor, repo).await?;
    let place = Place { app, right: &right, repo };
    place.require_repo().await?;
    require_turn(app, actor).await?;
    let body = place.admit(Expected { offset: 0, length, digest: Some(digest) }, body).await?;
    let promise = Promise { digest: digest.clone(), right };
    let chunk = Chunk { start: Some(0), length };
    let taking = app.throttle.take_in(actor.name());
    let (app, name, actor) = (app.clone(), repo.clone(), actor.clone());
    let work = app.tasks.clone().spawn(async move {
        let _taking = taking;
        // Here, not in the request: nobody else would end the session that begins.
        let upload = begin(&app, &actor, &name, Some(promise.digest.algorithm())).await?;
        let outcome = match Held::take(&app, &name, &upload.id).await {
            Ok(held) => match held.write(Some(chunk), body).await {
                (held, Ok(())) => held.become_blob(promise).await,
                (_, Err(error)) => Err(error),
            },
            Err(error) => Err(error),
        };
        if outcome.is_err() {
            // Nobody was told the session's id, so nobody can go on with it.
            // What cannot be dropped now expires.
            let _ = drop_session(&app, &upload.id).await;
        }
        outcome
    });
    work.await.map_err(|_| UploadError::Stopped { repo: repo.clone() })?
}

impl Held {
    /// Bytes before rows: publishes the bytes, then links them in one change.
    ///
    /// After a failure that may pass the session stays, so that the last request can be repeated.
    async fn become_blob(self, promise: Promise) -> Result<u64, UploadError> {
        // Asked once more: others may have used the room while these bytes came.
        let place = Place { app: &self.app, right: &promise.right, repo: &self.repo };
        if let Err(error) = place.require_blob(&promise.digest, self.staged.offset).await {
            return Err(self.refuse(error).await);
        }
        if let Err(error) = claim(&self.app, &promise.digest).await {
            // Nothing happened to the bytes: the same request may come again.
            return Err(self.refuse(error).await);
        }
        let publishing = self.app.blobs.publish(self.staged.clone(), &promise.digest);
        match self.lease.during(publishing).await {
            Ok(size) => {
                let link = || link(&self.app, &self.repo, &self.upload.id, &promise, size);
                let linked = match link().await {
                    // Two uploads made the repository in the same moment.
                    Err(UploadError::Db(error)) if error.is_conflict() => link().await,
                    outcome => outcome,
                };
                match linked {
                    Ok(()) => Ok(size),
                    Err(error) => Err(self.refuse(error).await),
                }
            }
            Err(BlobError::Mismatch { expected, found }) => {
                Err(self.refuse(UploadError::WrongDigest { expected, found }).await)
            }
            Err(error @ BlobError::Full { .. }) => Err(self.refuse(UploadError::Full(error)).await),
            Err(error) if lost(&error, self.staged.offset) => {
                let id = self.upload.id.clone();
                Err(self.refuse(UploadError::Unknown { id }).await)
            }
            Err(error) => Err(self.refuse(UploadError::Store(error)).await),
        }
    }

    /// Lets the session go, or ends it where nothing can come of it, and answers why.
    async fn refuse(self, error: UploadError) -> UploadError {
        match self.give_back(Err(error)).await {
            Err(error) => error,
            Ok(upload) => UploadError::Unknown { id: upload.id },
        }
    }
}

async fn link(
    app: &App,
    repo: &RepoName,
    id: &str,
    promise: &Promise,
    size: u64,
) -> Result<(), UploadError> {
    let mut change = app.db.change().await?;
    let ensured = ensure_repo(app, &mut change, repo, promise.right.clone(), None).await?;
    link_published(app, &mut change, ensured.repo.id, &promise.digest, size).await?;
    change.delete_upload(id).await?;
    if ensured.made {
        change.tell(LetterKind::Repo, repo.as_str(), app.now_ms()).await?;
    }
    change.commit().await?;
    if ensured.made {
        app.kick();
    }
    Ok(())
}
