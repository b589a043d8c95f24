//! Roles on single repositories: granting them, taking them, and who may what there.

use hub_db::DbError;
use hub_model::{
    Action, Actor, Ground, LetterKind, Member, Org, OrgName, Repo, RepoGrant, RepoName, Role,
    Share, SharedWith, Since, User, UserName,
};
use serde_json::{Value, json};

use super::access::{self, AccessError};
use super::audit::{self, Act};
use super::orgs::locked_user;
use crate::App;

/// Why a role on a repository was not granted or taken.
#[derive(Debug, thiserror::Error)]
pub enum GrantError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such user, or none who can sign in.
    #[error("there is no user `{name}`")]
    UnknownUser {
        /// The name.
        name: UserName,
    },
    /// The user has no role of their own there.
    #[error("`{user}` was granted nothing on `{repo}`")]
    NotGranted {
        /// The user.
        user: UserName,
        /// The repository.
        repo: RepoName,
    },
    /// Who could would keep a way in after having left.
    #[error("nobody grants themselves more: ask another owner of `{repo}`")]
    Oneself {
        /// The repository.
        repo: RepoName,
    },
    /// The metadata store failed.
    #[error("could not read or record who may use the repository")]
    Db(#[from] DbError),
}

/// Who may what at a repository, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepoAccess {
    /// The repository.
    pub repo: Repo,
    /// Whether the caller decides about it. Who does not sees only what concerns themselves.
    pub administer: bool,
    /// Members of the organisation.
    pub members: Vec<Member>,
    /// Users with a role on this repository.
    pub grants: Vec<RepoGrant>,
    /// With whom it is shared; what ended is among them.
    pub shares: Vec<Share>,
}

/// Gives a user a role on a repository, or another one. Owners of the organisation may, and who was
/// granted to own the repository; they stand above every role, so nobody grants more than they have.
///
/// # Errors
///
/// [`GrantError::Oneself`] when the caller would widen their own role: it would outlive their
/// membership.
pub async fn set(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    user: &UserName,
    role: Role,
) -> Result<RepoGrant, GrantError> {
    let repo = access::repo(app, actor, Action::Administer, name).await?;
    let unknown = || GrantError::UnknownUser { name: user.clone() };
    let found = app.db.user(user).await?.ok_or_else(unknown)?;
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    let found = locked_user(&mut change, found.id, user).await?.ok_or_else(unknown)?;
    let repo = access::still_repo(app, &mut change, actor, &repo).await?;
    let before = change.grant(repo.id, found.id).await?.map(|before| before.role);
    // Who cannot sign in any more may still lose some of a role.
    if !found.is_open() && before.is_none_or(|before| before < role) {
        return Err(unknown());
    }
    if is_oneself(actor, user) && before.is_none_or(|before| before < role) {
        return Err(GrantError::Oneself { repo: name.clone() });
    }
    change.set_grant((repo.id, found.id), role, actor.name(), now).await?;
    let act = Act { action: "grant.set", target: name.as_str(), org_id: Some(repo.org_id) };
    let told = (before.map(|role| noted(user, role)), noted(user, role));
    audit::done(app, &mut change, actor, act, told).await?;
    change.tell(LetterKind::Repo, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    let grant = app.db.grants_of_repo(repo.id).await?.into_iter().find(|one| one.user == *user);
    grant.ok_or_else(|| GrantError::NotGranted { user: user.clone(), repo: name.clone() })
}

/// Takes a user's role on a repository. Everybody may give up their own.
///
/// # Errors
///
/// [`GrantError::NotGranted`] when there is none.
pub async fn remove(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    user: &UserName,
) -> Result<(), GrantError> {
    let own = is_oneself(actor, user);
    let needed = if own { Action::Pull } else { Action::Administer };
    let repo = access::repo(app, actor, needed, name).await?;
    if own {
        // A credential for something else, found by somebody else, takes nobody's role.
        access::whole_person(actor, name.as_str())?;
    }
    let not_granted = || GrantError::NotGranted { user: user.clone(), repo: name.clone() };
    let found = app.db.user(user).await?.ok_or_else(not_granted)?;
    let mut change = app.db.change().await?;
    let repo = if own {
        access::locked(&mut change, &repo).await?
    } else {
        access::still_repo(app, &mut change, actor, &repo).await?
    };
    let before = change.grant(repo.id, found.id).await?.ok_or_else(not_granted)?.role;
    change.remove_grant(repo.id, found.id).await?;
    let act = Act { action: "grant.remove", target: name.as_str(), org_id: Some(repo.org_id) };
    audit::done(app, &mut change, actor, act, (noted(user, before), ())).await?;
    change.tell(LetterKind::Repo, name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// Who may what at a repository: everything for those who administer it, for others what concerns
/// themselves.
///
/// # Errors
///
/// [`AccessError::Hidden`] when there is no repository that the caller may see.
pub async fn access(app: &App, actor: &Actor, name: &RepoName) -> Result<RepoAccess, GrantError> {
    let repo = access::repo(app, actor, Action::Pull, name).await?;
    let administer = access::may(app, actor, Action::Administer, (name, repo.visibility)).await?;
    if !administer {
        return own(app, actor, repo).await;
    }
    Ok(RepoAccess {
        administer,
        members: app.db.members(repo.org_id).await?,
        grants: app.db.grants_of_repo(repo.id).await?,
        shares: app.db.shares_of_repo(repo.id).await?,
        repo,
    })
}

/// What the caller themselves may, by which rules.
async fn own(app: &App, actor: &Actor, repo: Repo) -> Result<RepoAccess, GrantError> {
    let (mut members, mut grants, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    if let Some(user) = actor.user() {
        let mut is_shared = false;
        for ground in access::grounds_at(app, actor, &repo.name).await? {
            match ground {
                Ground::Member(Since { role, since_ms }) => {
                    members.push(Member { user: user.name.clone(), role, since_ms });
                }
                Ground::Grant(_) => {
                    grants = app.db.grants_of_repo(repo.id).await?;
                    grants.retain(|grant| grant.user == user.name);
                }
                Ground::Share { .. } => is_shared = true,
                _ => {}
            }
        }
        if is_shared {
            shares = shares_with(app, user, &repo).await?;
        }
    }
    Ok(RepoAccess { repo, administer: false, members, grants, shares })
}

/// The shares that count for a user.
async fn shares_with(app: &App, user: &User, repo: &Repo) -> Result<Vec<Share>, DbError> {
    let (now, mut counting) = (app.now_ms(), Vec::new());
    for share in app.db.shares_of_repo(repo.id).await? {
        let theirs = match &share.with {
            SharedWith::User(name) => *name == user.name,
            SharedWith::Org(org) => app.db.role(org, user.id).await?.is_some(),
        };
        if theirs && share.is_good(now) {
            counting.push(share);
        }
    }
    Ok(counting)
}

/// Roles on single repositories of an organisation, by user, for its owners: they stay when a
/// membership ends.
///
/// # Errors
///
/// When the caller is no owner.
pub async fn in_org(app: &App, actor: &Actor, org: &OrgName) -> Result<Vec<RepoGrant>, GrantError> {
    let Org { id, .. } = access::require_org(app, actor, Action::Administer, org).await?;
    Ok(app.db.grants_in_org(id).await?)
}

fn is_oneself(actor: &Actor, user: &UserName) -> bool {
    actor.user().is_some_and(|caller| caller.name == *user)
}

/// What is noted of a role.
fn noted(user: &UserName, role: Role) -> Value {
    json!({"user": user, "role": role})
}

#[cfg(test)]
mod tests;
