//! Repositories: lists, settings, stars.

use std::collections::HashMap;

use hub_db::{Change, DbError, RepoEdit};
use hub_model::{
    Action, Actor, Counted, Img, LatestMode, LetterKind, NewRepo, OrgName, QuotaExceeded, Repo,
    RepoName, Visibility,
};
use serde_json::{Value, json};

use super::access::{self, AccessError};
use super::audit::{self, Act};
use super::{filter, limit_rows, quota};
use crate::App;

pub use super::Page;

/// Why a repository was not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is a repository of that name.
    #[error("`{name}` is there already")]
    Taken {
        /// The name.
        name: RepoName,
    },
    /// The organisation may not have more.
    #[error(transparent)]
    Quota(Box<QuotaExceeded>),
    /// The metadata store failed.
    #[error("could not read or record the repository")]
    Db(#[from] DbError),
}

/// What the caller may do, for pages that offer it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct May {
    /// Push and describe.
    pub push: bool,
    /// Delete tags and manifests.
    pub delete: bool,
    /// Change settings, delete the repository.
    pub administer: bool,
}

/// A repository as its page shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct RepoPage {
    /// The record.
    pub repo: Repo,
    /// The image of its latest tag.
    pub latest: Option<Img>,
    /// What the caller may do.
    pub may: May,
    /// Whether the caller starred it.
    pub starred: bool,
}

/// A repository in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct RepoCard {
    /// The record.
    pub repo: Repo,
    /// The image of its latest tag.
    pub latest: Option<Img>,
}

/// Settings to change; `None` leaves one as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RepoChanges {
    /// Who may see it.
    pub visibility: Option<Visibility>,
    /// Whether it stays when its last tag goes.
    pub keep: Option<bool>,
    /// Whether the administrators of the hub vouch for it; for administrators only.
    pub official: Option<bool>,
    /// Whether `latest` resolves to the tag uploaded last.
    pub latest_mode: Option<LatestMode>,
}

/// One repository.
///
/// # Errors
///
/// [`AccessError::Hidden`] when there is none that the caller may see.
pub async fn get(app: &App, actor: &Actor, name: &RepoName) -> Result<RepoPage, RepoError> {
    let repo = access::repo(app, actor, Action::Pull, name).await?;
    let latest = app.db.cards(&[repo.id]).await?.into_iter().find_map(|(_, latest)| latest);
    let starred = match actor.user() {
        Some(user) => app.db.starred(repo.id, user.id).await?,
        None => false,
    };
    let may = may(app, actor, &repo).await?;
    Ok(RepoPage { repo, latest, may, starred })
}

/// What the caller may do.
async fn may(app: &App, actor: &Actor, repo: &Repo) -> Result<May, DbError> {
    let at = (&repo.name, repo.visibility);
    Ok(May {
        push: access::may(app, actor, Action::Push, at).await?,
        delete: access::may(app, actor, Action::Delete, at).await?,
        administer: access::may(app, actor, Action::Administer, at).await?,
    })
}

/// The repositories that the caller may see, by name, those after `after`.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn list(
    app: &App,
    actor: &Actor,
    org: Option<&OrgName>,
    after: Option<&str>,
    limit: u64,
) -> Result<Page<RepoCard>, RepoError> {
    let seen = filter(access::terms(app, actor).await?);
    let total = app.db.count_repos(&seen, org).await?;
    let rows = limit_rows(limit).saturating_add(1);
    let repos = app.db.repos(&seen, org, after, rows).await?;
    let page = Page::cut(repos, total, limit, |repo| repo.name.to_string());
    Ok(Page { items: cards(app, page.items).await?, total: page.total, next: page.next })
}

/// The repositories that the caller may see, newest upload first.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn recent(app: &App, actor: &Actor, limit: u64) -> Result<Vec<RepoCard>, RepoError> {
    let seen = filter(access::terms(app, actor).await?);
    let repos = app.db.recent_repos(&seen, limit_rows(limit)).await?;
    Ok(cards(app, repos).await?)
}

/// Repositories with the images of their latest tags, in the same order.
pub(super) async fn cards(app: &App, repos: Vec<Repo>) -> Result<Vec<RepoCard>, DbError> {
    let ids: Vec<i64> = repos.iter().map(|repo| repo.id).collect();
    let shown = app.db.cards(&ids).await?.into_iter();
    let mut latest: HashMap<i64, Option<Img>> =
        shown.map(|(repo, latest)| (repo.id, latest)).collect();
    let card = |repo: Repo| RepoCard { latest: latest.remove(&repo.id).flatten(), repo };
    Ok(repos.into_iter().map(card).collect())
}

/// Makes an empty repository, which stays when its last tag goes. It is what repositories of its
/// organisation are by default, unless a visibility is given.
///
/// # Errors
///
/// [`RepoError::Taken`] when there is one of that name.
pub async fn create(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    visibility: impl Into<Option<Visibility>>,
) -> Result<Repo, RepoError> {
    let visibility = visibility.into();
    let org = access::require_org(app, actor, Action::Push, &name.org()).await?;
    access::fits(app, name)?;
    let taken = || RepoError::Taken { name: name.clone() };
    if app.db.repo(name).await?.is_none() {
        quota::require(app, (&org.name, org.id), (Counted::Repos, 1)).await?;
    }
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    if change.lock_repo(name).await?.is_some() {
        return Err(taken());
    }
    let visibility = match visibility {
        Some(visibility) => visibility,
        None => change.default_visibility(org.id).await?,
    };
    let new =
        NewRepo { org_id: org.id, name: name.clone(), visibility, keep: true, created_at_ms: now };
    let repo = change.add_repo(&new).await;
    let repo = repo.map_err(|error| if error.is_conflict() { taken() } else { error.into() })?;
    let act = Act { action: "repo.create", target: name.as_str(), org_id: Some(org.id) };
    audit::done(app, &mut change, actor, act, ((), settings(&repo))).await?;
    change.tell(LetterKind::Repo, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(repo)
}

/// What is noted of a repository.
pub(super) fn settings(repo: &Repo) -> Value {
    json!({"visibility": repo.visibility, "keep": repo.keep, "official": repo.official,
        "latestMode": repo.latest_mode.as_str()})
}

/// Changes settings.
///
/// # Errors
///
/// When the caller is no owner, or no administrator of the hub for [`RepoChanges::official`].
pub async fn edit(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    changes: RepoChanges,
) -> Result<Repo, RepoError> {
    let repo = access::repo(app, actor, Action::Administer, name).await?;
    if changes.official.is_some() {
        access::administer(app, actor, ("repo.edit", name.as_str()))?;
    }
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    let mut repo = access::still_repo(app, &mut change, actor, &repo).await?;
    let before = settings(&repo);
    repo.visibility = changes.visibility.unwrap_or(repo.visibility);
    repo.keep = changes.keep.unwrap_or(repo.keep);
    repo.official = changes.official.unwrap_or(repo.official);
    repo.latest_mode = changes.latest_mode.unwrap_or(repo.latest_mode);
    repo.updated_at_ms = now;
    let edit = RepoEdit {
        visibility: repo.visibility,
        keep: repo.keep,
        official: repo.official,
        latest_mode: repo.latest_mode,
        updated_at_ms: now,
    };
    change.edit_repo(repo.id, &edit).await?;
    let act = Act { action: "repo.edit", target: name.as_str(), org_id: Some(repo.org_id) };
    audit::done(app, &mut change, actor, act, (before, settings(&repo))).await?;
    change.tell(LetterKind::Repo, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(repo)
}

/// Deletes a repository with all its images.
///
/// # Errors
///
/// When the caller is no owner.
pub async fn delete(app: &App, actor: &Actor, name: &RepoName) -> Result<(), RepoError> {
    let repo = access::repo(app, actor, Action::Administer, name).await?;
    let mut change = app.db.change().await?;
    let repo = access::still_repo(app, &mut change, actor, &repo).await?;
    let now = app.now_ms();
    change.delete_repo(repo.id, now).await?;
    let act = Act { action: "repo.delete", target: name.as_str(), org_id: Some(repo.org_id) };
    audit::done(app, &mut change, actor, act, (settings(&repo), ())).await?;
    change.tell(LetterKind::Repo, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// Stars a repository for the caller; twice is fine. Answers the number of stars.
///
/// # Errors
///
/// When nobody is signed in, or the repository is not there for the caller.
pub async fn star(app: &App, actor: &Actor, name: &RepoName) -> Result<u64, RepoError> {
    let repo = access::repo(app, actor, Action::Pull, name).await?;
    let caller = access::person(actor)?;
    let mut change = app.db.change().await?;
    let new = change.star(repo.id, caller.user.id).await?;
    stars(app, change, &repo, new).await
}

/// Takes the caller's star back; twice is fine. Answers the number of stars.
///
/// # Errors
///
/// When nobody is signed in, or the repository is not there for the caller.
pub async fn unstar(app: &App, actor: &Actor, name: &RepoName) -> Result<u64, RepoError> {
    let repo = access::repo(app, actor, Action::Pull, name).await?;
    let caller = access::person(actor)?;
    let mut change = app.db.change().await?;
    let was = change.unstar(repo.id, caller.user.id).await?;
    stars(app, change, &repo, was).await
}

/// Ends a change of a star; the index hears of it when there was one.
async fn stars(app: &App, mut change: Change, repo: &Repo, moved: bool) -> Result<u64, RepoError> {
    let stars = change.stars(repo.id).await?;
    if moved {
        change.tell(LetterKind::Counts, repo.name.as_str(), app.now_ms()).await?;
    }
    change.commit().await?;
    app.kick();
    Ok(stars)
}

#[cfg(test)]
mod tests;
