//! Beginning an upload, or doing without one.

use hub_db::DbError;
use hub_model::{
    Action, Actor, Algorithm, BlobState, Digest, LetterKind, Repo, RepoName, Upload, Visibility,
};

use super::super::access::{self, AccessError};
use super::super::publish::{Right, ensure_repo, may_push};
use super::super::registry_tokens::Verified;
use super::UploadError;
use super::room::Place;
use crate::App;
use crate::app::{Often, TooMany};

/// How many repositories that hold a blob are asked about before a mount is given up.
const MOUNT_SOURCES: i64 = 64;

/// The least size of a piece that is not the last one, in bytes, if the store wants one
/// (OCI distribution-spec, `OCI-Chunk-Min-Length`).
#[must_use]
pub fn min_chunk(app: &App) -> Option<u64> {
    app.blobs.min_chunk()
}

/// Begins a session.
///
/// # Errors
///
/// When the caller may not push here.
pub async fn start(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    algorithm: Option<Algorithm>,
) -> Result<Upload, UploadError> {
    let right = may_push(app, actor, repo).await?;
    // Not for the room of a byte: what comes may be held already, and then takes none.
    Place { app, right: &right, repo }.require_repo().await?;
    require_turn(app, actor).await?;
    begin(app, actor, repo, algorithm).await
}

/// Whether the caller may begin one more upload now. Who has begun is never sent away: clients
/// cannot say a body again.
pub(super) async fn require_turn(app: &App, actor: &Actor) -> Result<(), UploadError> {
    let user = actor.name();
    app.throttle.count(Often::UploadStarts, user)?;
    app.throttle.room_for_upload(user)?;
    let most = app.config.limits.sessions_per_user;
    if most > 0 && app.db.uploads_of(user).await? >= most {
        return Err(TooMany { what: "open uploads", retry_after_seconds: 60 }.into());
    }
    Ok(())
}

/// Begins a session for a caller who may.
pub(super) async fn begin(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    algorithm: Option<Algorithm>,
) -> Result<Upload, UploadError> {
    let now = app.now_ms();
    let upload = Upload {
        // Unguessable: 128 bits from the system's source of randomness.
        id: hex::encode(rand::random::<[u8; 16]>()),
        repo: repo.to_string(),
        user: actor.name().to_owned(),
        offset_bytes: 0,
        algorithm: algorithm.unwrap_or(Algorithm::Sha256),
        hash_state: Vec::new(),
        store_state: Vec::new(),
        started_at_ms: now,
        updated_at_ms: now,
    };
    let mut change = app.db.change().await?;
    change.add_upload(&upload).await?;
    change.commit().await?;
    Ok(upload)
}

/// Where a blob is to be mounted from.
#[derive(Debug, Clone, Copy, Default)]
pub struct MountSource<'a> {
    /// This repository; any that holds the blob when none is named.
    pub from: Option<&'a RepoName>,
    /// The token that the caller presented: it bounds what may be pulled, as everywhere.
    pub token: Option<&'a Verified>,
}

impl MountSource<'_> {
    /// Whether the credential reaches as far as this repository. Everybody may pull what is public.
    fn reaches(&self, repo: &Repo) -> bool {
        repo.visibility == Visibility::Public
            || self.token.is_none_or(|token| token.covers(Action::Pull, &repo.name))
    }
}

/// Links a blob of another repository, when the caller may pull it from there. Answers whether
/// the repository holds the blob now.
///
/// # Errors
///
/// When the caller may not push here; never because of the other repository.
pub async fn mount(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    digest: &Digest,
    source: MountSource<'_>,
) -> Result<bool, UploadError> {
    let right = may_push(app, actor, name).await?;
    if let Some(repo) = right.repo()
        && let Some(held) = app.db.held_blob(repo.id, digest).await?
    {
        if held.unused {
            app.asked.note(repo.id, digest, app.now_ms());
        }
        return Ok(true);
    }
    let Some(source) = find_source(app, actor, digest, source).await? else { return Ok(false) };
    let size = app.db.blob_in(source.id, digest).await?.unwrap_or(0);
    let place = Place { app, right: &right, repo: name };
    place.require_repo().await?;
    place.require_blob(digest, size).await?;
    let link = || link_from(app, &source, digest, name, right.clone());
    match link().await {
        // Two mounts made the repository in the same moment.
        Err(UploadError::Db(error)) if error.is_conflict() => link().await,
        outcome => outcome,
    }
}

async fn link_from(
    app: &App,
    source: &Repo,
    digest: &Digest,
    name: &RepoName,
    right: Right,
) -> Result<bool, UploadError> {
    let mut change = app.db.change().await?;
    // It may have been deleted there since it was found.
    if change.blobs_in(source.id, std::slice::from_ref(digest)).await?.is_empty() {
        return Ok(false);
    }
    let ensured = ensure_repo(app, &mut change, name, right, None).await?;
    // The collector may have been faster than the reader of the source.
    if !matches!(change.hold_blob(digest).await?, Some((_, BlobState::Live))) {
        return Ok(false);
    }
    change.link_blob(ensured.repo.id, digest, app.now_ms()).await?;
    if ensured.made {
        change.tell(LetterKind::Repo, name.as_str(), app.now_ms()).await?;
    }
    change.commit().await?;
    if ensured.made {
        app.kick();
    }
    Ok(true)
}

async fn find_source(
    app: &App,
    actor: &Actor,
    digest: &Digest,
    source: MountSource<'_>,
) -> Result<Option<Repo>, DbError> {
    if let Some(from) = source.from {
        return match access::repo(app, actor, Action::Pull, from).await {
            Ok(repo) if !source.reaches(&repo) => Ok(None),
            Ok(repo) => Ok(app.db.blob_in(repo.id, digest).await?.map(|_| repo)),
            Err(AccessError::Db(error)) => Err(error),
            Err(_) => Ok(None),
        };
    }
    for repo in app.db.repos_with_blob(digest, MOUNT_SOURCES).await? {
        match access::require(app, actor, Action::Pull, &repo).await {
            Ok(()) if source.reaches(&repo) => return Ok(Some(repo)),
            Err(AccessError::Db(error)) => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(None)
}
