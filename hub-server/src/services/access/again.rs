//! The same question once more, inside the change that was allowed.
//!
//! Between the first answer and the locks of a change another change may have taken the right back:
//! who is removed as an owner must not come back by a request that waited meanwhile. So whoever
//! gives or takes rights asks again behind the lock of the organisation, which every change of its
//! members takes as well.
//!
//! Asked is with the change's own connection, never from memory: memory may have to ask the store
//! first, and changes that hold one connection each and wait for another one would stop the hub
//! when there are as many of them as connections.

use hub_db::{Change, DbError};
use hub_model::{
    Action, Actor, Ground, OrgName, Repo, RepoName, SignedIn, Visibility, Within, judge,
};

use super::refusals::noted;
use super::{AccessError, is_better};
use crate::App;

/// Whether the caller may still act on an organisation that the change has locked.
///
/// # Errors
///
/// The refusal that tells no more than the caller may know.
pub(crate) async fn still_org(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    action: Action,
    (id, name): (i64, &OrgName),
) -> Result<(), AccessError> {
    let ground = ground(app, change, actor, id, |within| within.reaches_org(name)).await?;
    judged(app, actor, ground, Visibility::Public, (action, name.as_str()))
}

/// Locks a repository that was found, with its organisation, and asks whether the caller may still
/// administer it.
///
/// # Errors
///
/// The refusal that tells no more than the caller may know.
pub(crate) async fn still_repo(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    found: &Repo,
) -> Result<Repo, AccessError> {
    let repo = locked(change, found).await?;
    let name = &repo.name;
    let mut ground = ground(app, change, actor, repo.org_id, |within| within.reaches(name)).await?;
    if let Actor::User(signed_in) = actor
        && signed_in.within.reaches(name)
        && let Some(since) = change.grant(repo.id, signed_in.user.id).await?
        && is_better(&Ground::Grant(since), &ground)
    {
        ground = Ground::Grant(since);
    }
    judged(app, actor, ground, repo.visibility, (Action::Administer, name.as_str()))?;
    Ok(repo)
}

/// Locks a repository that was found, behind its organisation.
///
/// # Errors
///
/// [`AccessError::Hidden`] when it is gone.
pub(crate) async fn locked(change: &mut Change, found: &Repo) -> Result<Repo, AccessError> {
    change.lock_org(found.org_id).await?;
    let repo = change.lock_repo(&found.name).await?;
    // Another one of that name may have come, in another organisation of that name.
    let repo = repo.filter(|repo| repo.org_id == found.org_id);
    repo.ok_or_else(|| AccessError::Hidden { name: found.name.to_string() })
}

/// Whether the caller may make a repository, by what they are in its organisation.
///
/// # Errors
///
/// When the metadata store fails.
pub(crate) async fn may_make(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    (org_id, name): (i64, &RepoName),
) -> Result<bool, DbError> {
    let ground = ground(app, change, actor, org_id, |within| within.reaches(name)).await?;
    Ok(judge(&ground, actor.scope(), Visibility::Private, Action::Push).is_ok())
}

/// On what ground the caller stands in an organisation now, with a credential that `reaches` what
/// they want.
async fn ground(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    org_id: i64,
    reaches: impl Fn(&Within) -> bool,
) -> Result<Ground, DbError> {
    match actor {
        Actor::Anonymous => Ok(Ground::Anonymous),
        Actor::System => Ok(Ground::Hub),
        Actor::Robot(robot) if robot.org_id != org_id => Ok(Ground::Stranger),
        Actor::Robot(robot) => {
            let now = change.robot(&robot.name).await?;
            // The secret that the caller came with may have been rotated away.
            let now = now.filter(|now| now.secret_at_ms == robot.secret_at_ms);
            Ok(match now.filter(|now| now.is_open(app.now_ms())) {
                Some(now) if reaches(&now.within) => Ground::Robot(now.scope),
                Some(_) => Ground::Elsewhere,
                None => Ground::Stranger,
            })
        }
        Actor::User(signed_in) if !reaches(&signed_in.within) => Ok(Ground::Elsewhere),
        Actor::User(signed_in) => member(change, signed_in, org_id).await,
    }
}

async fn member(change: &mut Change, signed_in: &SignedIn, org_id: i64) -> Result<Ground, DbError> {
    let user = &signed_in.user;
    match change.user(&user.name).await? {
        Some(now) if now.is_open() && now.admin => Ok(Ground::Administrator),
        Some(now) if now.is_open() => {
            let since = change.membership(org_id, user.id).await?;
            Ok(since.map_or(Ground::Stranger, Ground::Member))
        }
        Some(_) | None => Ok(Ground::Stranger),
    }
}

fn judged(
    app: &App,
    actor: &Actor,
    ground: Ground,
    visibility: Visibility,
    (action, name): (Action, &str),
) -> Result<(), AccessError> {
    let answer = judge(&ground, actor.scope(), visibility, action);
    // Whom to ask instead is told to who tries again.
    answer.map_err(|refusal| noted(app, actor, refusal, (action, name, ground), Vec::new()))
}

#[cfg(test)]
mod tests;
