//! The repository that a push goes to: whether the caller may, and making it when it is not there.

use hub_db::{Change, DbError, RepoEdit};
use hub_model::{Action, Actor, NewRepo, Org, Repo, RepoName, Visibility};

use super::super::access::{self, AccessError};
use crate::App;

/// A right to push that was asked for and given.
#[derive(Debug, Clone)]
pub(crate) enum Right {
    /// Into this repository.
    Repo(Repo),
    /// Into any repository of this organisation; the one asked for is not there yet.
    Org(Org),
}

impl Right {
    /// The repository's row, when it is there already.
    pub(crate) const fn repo(&self) -> Option<&Repo> {
        match self {
            Self::Repo(repo) => Some(repo),
            Self::Org(_) => None,
        }
    }

    /// Row of the organisation.
    pub(crate) const fn org_id(&self) -> i64 {
        match self {
            Self::Repo(repo) => repo.org_id,
            Self::Org(org) => org.id,
        }
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
        Ok(repo) => return Ok(Right::Repo(repo)),
        Err(error @ AccessError::Hidden { .. }) => error,
        Err(error) => return Err(error),
    };
    match access::require_org(app, actor, Action::Push, &name.org()).await {
        Ok(org) => {
            access::fits(app, name)?;
            Ok(Right::Org(org))
        }
        Err(AccessError::Db(error)) => Err(AccessError::Db(error)),
        Err(_) => Err(hidden),
    }
}

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
/// When the metadata store fails; a conflict means that somebody else made it just now.
pub(crate) async fn ensure_repo(
    app: &App,
    change: &mut Change,
    name: &RepoName,
    right: Right,
    visibility: Option<Visibility>,
) -> Result<Ensured, DbError> {
    let now = app.now_ms();
    if let Some(mut repo) = change.lock_repo(name).await? {
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
