//! Private repositories shown to others: read only, with a user or with an organisation.
//!
//! Who administers a repository shares it; who it is shared with cannot share it on. Reading the
//! shares where somebody wants to read is `access`.

use hub_db::{DbError, ShareFilter};
use hub_model::{
    Action, Actor, Deadline, LetterKind, NewShare, OrgName, RepoName, Role, Share, SharedWith,
    SignedIn, UserName, Visibility,
};
use serde_json::{Value, json};

use super::access::{self, AccessError};
use super::audit::{self, Act};
use super::orgs::locked_user;
use super::{Page, limit_rows, plain};
use crate::App;

/// With how many users and organisations one repository is shared at most. Source: SWR
/// (`docs/sources.md#swr-sharing`).
pub const MOST_SHARES: usize = 500;

/// Longest description, in characters. Source: SWR.
const LONGEST_DESCRIPTION: usize = 1000;

/// Why something was not shared, or not any more.
#[derive(Debug, thiserror::Error)]
pub enum ShareError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Everybody may read it anyway.
    #[error("`{repo}` is public, everybody may read it: only a private repository is shared")]
    Public {
        /// The repository.
        repo: RepoName,
    },
    /// Neither a user nor an organisation.
    #[error("there is neither a user nor an organisation `{name}`")]
    UnknownName {
        /// The name.
        name: OrgName,
    },
    /// With oneself, or with the organisation that owns it.
    #[error("`{name}` may read `{repo}` anyway: a repository is shared with others")]
    Own {
        /// The name.
        name: OrgName,
        /// The repository.
        repo: RepoName,
    },
    /// It is shared with them already.
    #[error("`{repo}` is shared with `{name}` already: change that share instead")]
    Taken {
        /// The repository.
        repo: RepoName,
        /// With whom.
        name: OrgName,
    },
    /// It is not shared with them.
    #[error("`{repo}` is not shared with `{name}`")]
    Unknown {
        /// The repository.
        repo: RepoName,
        /// With whom.
        name: OrgName,
    },
    /// The end has come already.
    #[error("the share would have ended already")]
    Ended,
    /// A description that is too long.
    #[error("a description has at most {LONGEST_DESCRIPTION} characters, this one has {found}")]
    TooLong {
        /// Length of the rejected one.
        found: usize,
    },
    /// It is shared with very many already.
    #[error("`{repo}` is shared with {MOST_SHARES} already, which is the most")]
    TooMany {
        /// The repository.
        repo: RepoName,
    },
    /// A place in a list that was not made by the list before.
    #[error("`{cursor}` is no place in this list")]
    Cursor {
        /// The text.
        cursor: String,
    },
    /// The metadata store failed.
    #[error("could not read or record the share")]
    Db(#[from] DbError),
}

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Only those that are good, or only those that ended.
    pub good: Option<bool>,
    /// Where the part before ended: its `next`.
    pub before: Option<String>,
    /// How many.
    pub limit: u64,
}

/// What is to be changed of a share; `None` leaves it as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ShareChanges {
    /// Until when.
    pub until: Option<Deadline>,
    /// Why.
    pub description: Option<String>,
}

/// With whom a repository is shared, the newest first; for those who administer it.
///
/// # Errors
///
/// When the caller does not administer the repository.
pub async fn of_repo(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    wanted: &Wanted,
) -> Result<Page<Share>, ShareError> {
    let repo = access::repo(app, actor, Action::Administer, name).await?;
    page(app, ShareFilter { repo_id: Some(repo.id), ..ShareFilter::default() }, wanted).await
}

/// What an organisation shares with others; for those who administer it.
///
/// # Errors
///
/// When the caller does not administer the organisation.
pub async fn of_org(
    app: &App,
    actor: &Actor,
    name: &OrgName,
    wanted: &Wanted,
) -> Result<Page<Share>, ShareError> {
    let org = access::require_org(app, actor, Action::Administer, name).await?;
    page(app, ShareFilter { of_orgs: Some(vec![org.id]), ..ShareFilter::default() }, wanted).await
}

/// What the organisations that the caller owns share with others, as far as the caller's
/// credential reaches.
///
/// # Errors
///
/// When nobody is signed in, or not with a credential that may administer.
pub async fn by_me(app: &App, actor: &Actor, wanted: &Wanted) -> Result<Page<Share>, ShareError> {
    let caller = access::person(actor)?;
    let (action, scope) = (Action::Administer, caller.scope);
    if !scope.covers(action) {
        let name = "your organisations".to_owned();
        return Err(AccessError::Narrow { action, name, scope, bounded: false }.into());
    }
    let orgs = app.db.orgs_of(caller.user.id).await?.into_iter();
    let owned = orgs.filter(|(_, role)| *role == Role::Owner).map(|(org, _)| org.id);
    let filter = ShareFilter { of_orgs: Some(owned.collect()), ..reached(caller) };
    page(app, filter, wanted).await
}

/// What is shared with the caller, or with an organisation of theirs, as far as the caller's
/// credential reaches.
///
/// # Errors
///
/// When nobody is signed in.
pub async fn with_me(app: &App, actor: &Actor, wanted: &Wanted) -> Result<Page<Share>, ShareError> {
    let caller = access::person(actor)?;
    let filter = ShareFilter { with_user: Some(caller.user.id), ..reached(caller) };
    page(app, filter, wanted).await
}

/// Beyond its places a credential shows nothing, not even names.
fn reached(caller: &SignedIn) -> ShareFilter {
    let within = (!caller.within.is_everywhere()).then(|| caller.within.split());
    ShareFilter { within, ..ShareFilter::default() }
}

async fn page(app: &App, filter: ShareFilter, wanted: &Wanted) -> Result<Page<Share>, ShareError> {
    let bad = |cursor: &String| ShareError::Cursor { cursor: cursor.clone() };
    let before = wanted.before.as_ref();
    let before = before.map(|text| text.parse().map_err(|_| bad(text))).transpose()?;
    let good = wanted.good.map(|good| (good, app.now_ms()));
    let filter = ShareFilter { good, before, ..filter };
    let total = app.db.count_shares(&filter).await?;
    let items = app.db.shares(&filter, limit_rows(wanted.limit).saturating_add(1)).await?;
    Ok(Page::cut(items, total, wanted.limit, |share| share.id.to_string()))
}

/// One share of a repository; for those who administer it.
///
/// # Errors
///
/// [`ShareError::Unknown`] when it is not shared with them.
pub async fn get(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    with: &OrgName,
) -> Result<Share, ShareError> {
    let repo = access::repo(app, actor, Action::Administer, name).await?;
    let shares = app.db.shares_of_repo(repo.id).await?;
    find(shares, with).ok_or_else(|| unknown(name, with))
}

/// The share with a user of that name, or else with an organisation.
fn find(shares: Vec<Share>, with: &OrgName) -> Option<Share> {
    let mut named: Vec<_> =
        shares.into_iter().filter(|share| share.with.as_str() == with.as_str()).collect();
    named.sort_by_key(|share| matches!(share.with, SharedWith::Org(_)));
    named.into_iter().next()
}

fn unknown(repo: &RepoName, name: &OrgName) -> ShareError {
    ShareError::Unknown { repo: repo.clone(), name: name.clone() }
}

/// Shares a private repository with a user of that name, or else with the organisation.
///
/// # Errors
///
/// [`ShareError::Public`], [`ShareError::UnknownName`], [`ShareError::Own`],
/// [`ShareError::Taken`], [`ShareError::Ended`], and the limits.
pub async fn create(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    with: &OrgName,
    (until, description): (Deadline, &str),
) -> Result<Share, ShareError> {
    let repo = access::repo(app, actor, Action::Administer, name).await?;
    let now = app.now_ms();
    let description = checked(&until, description, now)?;
    let (shared_with, with_id) = recipient(app, actor, name, with).await?;
    let mut change = app.db.change().await?;
    let mut orgs = vec![repo.org_id];
    match &shared_with {
        SharedWith::User(user) => {
            // An account that was deleted meanwhile keeps its row.
            let found = locked_user(&mut change, with_id, user).await?;
            if found.is_none_or(|user| user.deleted_at_ms.is_some()) {
                return Err(ShareError::UnknownName { name: with.clone() });
            }
        }
        SharedWith::Org(_) => orgs.push(with_id),
    }
    // Two organisations that share with each other must not wait for each other.
    orgs.sort_unstable();
    for org in orgs {
        change.lock_org(org).await?;
    }
    let repo = access::still_repo(app, &mut change, actor, &repo).await?;
    if repo.visibility == Visibility::Public {
        return Err(ShareError::Public { repo: name.clone() });
    }
    if change.shares_of_repo(repo.id).await?.len() >= MOST_SHARES {
        return Err(ShareError::TooMany { repo: name.clone() });
    }
    let new = NewShare {
        repo_id: repo.id,
        with: shared_with,
        with_id,
        until,
        description,
        created_at_ms: now,
        created_by: actor.name().to_owned(),
    };
    let id = change.add_share(&new).await.map_err(|error| match error {
        error if error.is_conflict() => {
            ShareError::Taken { repo: name.clone(), name: with.clone() }
        }
        error if error.is_in_use() => ShareError::UnknownName { name: with.clone() },
        error => error.into(),
    })?;
    let share = Share {
        id,
        repo: name.clone(),
        with: new.with,
        until: new.until,
        description: new.description,
        created_at_ms: now,
        created_by: new.created_by,
    };
    let act = Act { action: "share.create", target: name.as_str(), org_id: Some(repo.org_id) };
    audit::done(app, &mut change, actor, act, ((), noted(&share))).await?;
    change.tell(LetterKind::Repo, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(share)
}

/// Changes until when and why a repository is shared. What ended can go on.
///
/// # Errors
///
/// [`ShareError::Unknown`] when it is not shared with them, [`ShareError::Ended`], and the limits.
pub async fn edit(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    with: &OrgName,
    changes: ShareChanges,
) -> Result<Share, ShareError> {
    let repo = access::repo(app, actor, Action::Administer, name).await?;
    let now = app.now_ms();
    let ShareChanges { until, description } = changes;
    let forever = Deadline::FOREVER;
    let end = until.as_ref().unwrap_or(&forever);
    let kept = checked(end, description.as_deref().unwrap_or_default(), now)?;
    let description = description.map(|_| kept);
    let mut change = app.db.change().await?;
    let repo = access::still_repo(app, &mut change, actor, &repo).await?;
    let shares = change.shares_of_repo(repo.id).await?;
    let mut share = find(shares, with).ok_or_else(|| unknown(name, with))?;
    let before = noted(&share);
    share.until = until.unwrap_or(share.until);
    share.description = description.unwrap_or(share.description);
    change.edit_share(share.id, &share.until, &share.description).await?;
    let act = Act { action: "share.edit", target: name.as_str(), org_id: Some(repo.org_id) };
    audit::done(app, &mut change, actor, act, (before, noted(&share))).await?;
    change.tell(LetterKind::Repo, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(share)
}

/// Ends a share: from the next request on nobody reads by it.
///
/// # Errors
///
/// [`ShareError::Unknown`] when it is not shared with them.
pub async fn delete(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    with: &OrgName,
) -> Result<(), ShareError> {
    let repo = access::repo(app, actor, Action::Administer, name).await?;
    let mut change = app.db.change().await?;
    let repo = access::still_repo(app, &mut change, actor, &repo).await?;
    let shares = change.shares_of_repo(repo.id).await?;
    let share = find(shares, with).ok_or_else(|| unknown(name, with))?;
    change.delete_share(share.id).await?;
    let act = Act { action: "share.delete", target: name.as_str(), org_id: Some(repo.org_id) };
    audit::done(app, &mut change, actor, act, (noted(&share), ())).await?;
    change.tell(LetterKind::Repo, name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// Who is meant: the user of that name, or else the organisation. Neither the caller nor the owner.
async fn recipient(
    app: &App,
    actor: &Actor,
    repo: &RepoName,
    name: &OrgName,
) -> Result<(SharedWith, i64), ShareError> {
    let own = actor.user().is_some_and(|user| user.name.as_str() == name.as_str());
    if own || *name == repo.org() {
        return Err(ShareError::Own { name: name.clone(), repo: repo.clone() });
    }
    if let Ok(user) = UserName::parse(name.as_str())
        && let Some(user) = app.db.user(&user).await?
        && user.deleted_at_ms.is_none()
    {
        return Ok((SharedWith::User(user.name), user.id));
    }
    let org = app.db.org(name).await?;
    let org = org.ok_or_else(|| ShareError::UnknownName { name: name.clone() })?;
    Ok((SharedWith::Org(org.name), org.id))
}

/// The description as it is kept, when both rules are kept.
fn checked(until: &Deadline, description: &str, now_ms: i64) -> Result<String, ShareError> {
    if !until.is_ahead(now_ms) {
        return Err(ShareError::Ended);
    }
    let found = description.chars().count();
    if found > LONGEST_DESCRIPTION {
        return Err(ShareError::TooLong { found });
    }
    Ok(plain(description))
}

/// What is noted of a share.
fn noted(share: &Share) -> Value {
    let until = if share.until.given.is_empty() { "forever" } else { &share.until.given };
    json!({"with": share.with.as_str(), "kind": share.with.kind(), "until": until,
        "description": share.description})
}

#[cfg(test)]
mod tests;
