//! The repository that a push goes to: whether the caller may, and making it when it is not there.

use hub_db::{Change, DbError, RepoEdit};
use hub_model::{Action, Actor, NewRepo, Repo, RepoName, Visibility};

use super::super::access::{self, AccessError};
use super::super::images::ImageError;
use super::super::uploads::UploadError;
use super::PublishError;
use crate::App;

/// A right to push that was asked for and given: into the repository, or, where that is not there
/// yet, into any of the organisation that the credential reaches.
#[derive(Debug, Clone)]
pub(crate) struct Right {
    actor: Actor,
    repo: Option<Repo>,
    org_id: i64,
}

impl Right {
    /// The repository's row, when it is there already.
    pub(crate) const fn repo(&self) -> Option<&Repo> {
        self.repo.as_ref()
    }

    /// Row of the organisation.
    pub(crate) const fn org_id(&self) -> i64 {
        self.org_id
    }
}

/// Whether the caller may push to a repository, which need not exist.
///
/// # Errors
///
/// The refusal that tells no more than the caller may know: who may not push to an organisation
/// cannot tell a missing repository from a private one.
pub(crate) async fn may_push(
    app: &App,
    actor: &Actor,
    name: &RepoName,
) -> Result<Right, AccessError> {
    let hidden = match access::repo(app, actor, Action::Push, name).await {
        Ok(repo) => {
            let org_id = repo.org_id;
            return Ok(Right { actor: actor.clone(), repo: Some(repo), org_id });
        }
        Err(error @ AccessError::Hidden { .. }) => error,
        Err(error) => return Err(error),
    };
    // Hidden because it is not there, or because the caller may not know. What is not there has no
    // grants and no shares, so who may push here may by what they are in the organisation; also
    // with a credential for this place alone.
    if !access::may(app, actor, Action::Push, (name, Visibility::Private)).await? {
        return Err(hidden);
    }
    let Some(org) = app.db.org(&name.org()).await? else { return Err(hidden) };
    access::fits(app, name)?;
    Ok(Right { actor: actor.clone(), repo: None, org_id: org.id })
}

/// Why there is no repository to push to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnsureError {
    /// It was deleted meanwhile, and the caller may not make it.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The metadata store failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

macro_rules! told_by {
    ($($error:ty),+) => {
        $(impl From<EnsureError> for $error {
            fn from(error: EnsureError) -> Self {
                match error {
                    EnsureError::Access(error) => Self::Access(error),
                    EnsureError::Db(error) => Self::Db(error),
                }
            }
        })+
    };
}

told_by!(PublishError, UploadError, ImageError);

/// A repository that is there now.
#[derive(Debug)]
pub(crate) struct Ensured {
    /// The record, locked until the change ends.
    pub(crate) repo: Repo,
    /// Whether this change made it.
    pub(crate) made: bool,
}

/// Locks the repository, and makes it first when it is not there. `visibility` counts only for
/// one that no image was ever pushed to and that nobody made on purpose.
///
/// Of one that was made the caller tells the replicas, last of all: the turn in the outbox comes
/// behind every other lock.
///
/// # Errors
///
/// [`EnsureError::Access`] when the repository that the right was for is gone, and the caller may
/// not make one here; when the metadata store fails; a conflict means that somebody else made it
/// just now.
pub(crate) async fn ensure_repo(
    app: &App,
    change: &mut Change,
    name: &RepoName,
    right: Right,
    visibility: Option<Visibility>,
) -> Result<Ensured, EnsureError> {
    let now = app.now_ms();
    let found = change.lock_repo(name).await?;
    let meant = right.repo().map(|repo| repo.id);
    if found.is_none() || meant.is_some_and(|id| found.as_ref().is_some_and(|repo| repo.id != id)) {
        // A role on the repository alone has gone with it.
        let place = (right.org_id(), name);
        if !access::may_make(app, change, &right.actor, place).await? {
            return Err(AccessError::Hidden { name: name.to_string() }.into());
        }
    }
    if let Some(mut repo) = found {
        let wanted = visibility.unwrap_or(repo.visibility);
        if wanted != repo.visibility && repo.pushed_at_ms == 0 && !repo.keep {
            repo.visibility = wanted;
            let edit = RepoEdit {
                visibility: wanted,
                keep: repo.keep,
                official: repo.official,
                latest_mode: repo.latest_mode,
                updated_at_ms: now,
            };
            change.edit_repo(repo.id, &edit).await?;
        }
        return Ok(Ensured { repo, made: false });
    }
    // It may have been deleted during a long upload: then it comes back as it was.
    let before = right.repo().map(|repo| repo.visibility);
    let visibility = match visibility.or(before) {
        Some(visibility) => visibility,
        // Asked in this change: what an owner decided meanwhile counts.
        None => change.default_visibility(right.org_id()).await?,
    };
    let new = NewRepo {
        org_id: right.org_id(),
        name: name.clone(),
        visibility,
        keep: false,
        created_at_ms: now,
    };
    let repo = change.add_repo(&new).await?;
    Ok(Ensured { repo, made: true })
}
