//! Who may do what: asks the record on what ground somebody stands, then the one table of the
//! policy.

mod again;
mod refusals;
mod terms;
mod why;

use hub_db::DbError;
use hub_model::{
    Action, Actor, Ground, Org, OrgName, Repo, RepoName, SharedWith, SignedIn, Standing,
    Visibility, allows, judge,
};

use super::audit;
use crate::App;
use crate::app::{Known, KnownRepo, Spot};

pub(crate) use again::{locked, may_make, still_org, still_repo};
pub use refusals::AccessError;
pub use terms::terms;
pub use why::{Subject, Why, why};

use refusals::told;

/// On what ground the caller stands in an organisation.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn ground(app: &App, actor: &Actor, org: &OrgName) -> Result<Ground, DbError> {
    match actor {
        Actor::Anonymous => Ok(Ground::Anonymous),
        Actor::System => Ok(Ground::Hub),
        Actor::Robot(robot) if robot.name.org() != *org => Ok(Ground::Stranger),
        Actor::Robot(robot) if !robot.within.reaches_org(org) => Ok(Ground::Elsewhere),
        Actor::Robot(robot) => Ok(Ground::Robot(robot.scope)),
        Actor::User(signed_in) if !signed_in.within.reaches_org(org) => Ok(Ground::Elsewhere),
        Actor::User(signed_in) => member(app, signed_in, org).await,
    }
}

/// What the caller is to an organisation.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn standing(app: &App, actor: &Actor, org: &OrgName) -> Result<Standing, DbError> {
    Ok(ground(app, actor, org).await?.standing())
}

async fn member(app: &App, signed_in: &SignedIn, org: &OrgName) -> Result<Ground, DbError> {
    let user = &signed_in.user;
    if user.admin {
        return Ok(Ground::Administrator);
    }
    let role = app.known().await?.role(org, user.id).await?;
    Ok(role.map_or(Ground::Stranger, Ground::Member))
}

/// On what ground the caller stands at a repository, whether it is there or not: the organisation's
/// when it is enough for `action`, else the best of that, a grant and a share.
///
/// # Errors
///
/// When the metadata store fails.
pub(crate) async fn ground_at(
    app: &App,
    actor: &Actor,
    name: &RepoName,
    (visibility, action): (Visibility, Action),
) -> Result<Ground, DbError> {
    let signed_in = match actor {
        Actor::Anonymous => return Ok(Ground::Anonymous),
        Actor::System => return Ok(Ground::Hub),
        Actor::Robot(robot) => {
            let own = name.as_str().starts_with(&format!("{}/", robot.name.org()));
            return Ok(match own {
                true if robot.within.reaches(name) => Ground::Robot(robot.scope),
                true => Ground::Elsewhere,
                false => Ground::Stranger,
            });
        }
        Actor::User(signed_in) => signed_in,
    };
    if !signed_in.within.reaches(name) {
        return Ok(Ground::Elsewhere);
    }
    let ground = member(app, signed_in, &name.org()).await?;
    if allows(ground.standing(), visibility, action) {
        return Ok(ground);
    }
    Box::pin(beyond_membership(app, signed_in, name, ground)).await
}

/// The best of a membership, a grant and a share.
async fn beyond_membership(
    app: &App,
    signed_in: &SignedIn,
    name: &RepoName,
    member: Ground,
) -> Result<Ground, DbError> {
    let grounds = own_grounds(app, signed_in, name).await?.into_iter().flatten();
    // Standings are listed strongest first; of equal ones the membership tells most.
    Ok(grounds.fold(member, |best, other| if is_better(&other, &best) { other } else { best }))
}

/// A grant and a share, when there are. What is asked does not depend on whether the repository is
/// there, so that the time tells nothing.
async fn own_grounds(
    app: &App,
    signed_in: &SignedIn,
    name: &RepoName,
) -> Result<[Option<Ground>; 2], DbError> {
    let known = app.known().await?;
    let spot = known.spot(name).await?;
    let grant = known.grant(&spot, signed_in.user.id).await?.map(Ground::Grant);
    let share = share(app, &known, &spot, signed_in).await?;
    Ok([grant, share])
}

/// Every ground on which the caller stands at a repository, the organisation's first. The best of
/// them is the one that counts.
///
/// # Errors
///
/// When the metadata store fails.
pub(crate) async fn grounds_at(
    app: &App,
    actor: &Actor,
    name: &RepoName,
) -> Result<Vec<Ground>, DbError> {
    let Actor::User(signed_in) = actor else {
        return Ok(vec![ground_at(app, actor, name, (Visibility::Private, Action::Pull)).await?]);
    };
    if !signed_in.within.reaches(name) {
        return Ok(vec![Ground::Elsewhere]);
    }
    let mut grounds = vec![member(app, signed_in, &name.org()).await?];
    grounds.extend(own_grounds(app, signed_in, name).await?.into_iter().flatten());
    Ok(grounds)
}

fn is_better(one: &Ground, other: &Ground) -> bool {
    let rank = |ground: &Ground| Standing::ALL.iter().position(|s| *s == ground.standing());
    rank(one) < rank(other)
}

/// The share by which somebody may read, when there is one that has not ended.
async fn share(
    app: &App,
    known: &Known<'_>,
    spot: &Spot,
    signed_in: &SignedIn,
) -> Result<Option<Ground>, DbError> {
    let now = app.now_ms();
    let shares = known.shares(spot).await?;
    for share in shares.iter().filter(|share| share.is_good(now)) {
        let with = match &share.with {
            SharedWith::User(user) if *user == signed_in.user.name => None,
            SharedWith::User(_) => continue,
            SharedWith::Org(org) => match known.role(org, signed_in.user.id).await? {
                Some(_) => Some(org.clone()),
                None => continue,
            },
        };
        return Ok(Some(Ground::Share { with, until_ms: share.until.until_ms }));
    }
    Ok(None)
}

/// Whether the caller may act on a repository that was found.
///
/// # Errors
///
/// The refusal that tells no more than the caller may know.
pub async fn require(
    app: &App,
    actor: &Actor,
    action: Action,
    repo: &Repo,
) -> Result<(), AccessError> {
    require_at(app, actor, action, (&repo.name, repo.visibility)).await
}

/// Whether the caller may act on a repository of that name and visibility. What is not there is
/// asked for as private.
async fn require_at(
    app: &App,
    actor: &Actor,
    action: Action,
    (name, visibility): (&RepoName, Visibility),
) -> Result<(), AccessError> {
    let ground = ground_at(app, actor, name, (visibility, action)).await?;
    let refusal = match judge(&ground, actor.scope(), visibility, action) {
        Ok(()) => return Ok(()),
        Err(refusal) => refusal,
    };
    Err(told(app, actor, refusal, (action, name.as_str(), ground)).await?)
}

/// Finds a repository and asks [`require`]; an absent one is refused exactly like a hidden one.
///
/// # Errors
///
/// The refusal that tells no more than the caller may know.
pub async fn repo(
    app: &App,
    actor: &Actor,
    action: Action,
    name: &RepoName,
) -> Result<Repo, AccessError> {
    let repo = app.db.repo(name).await?;
    let visibility = repo.as_ref().map_or(Visibility::Private, |repo| repo.visibility);
    require_at(app, actor, action, (name, visibility)).await?;
    repo.ok_or_else(|| AccessError::Hidden { name: name.to_string() })
}

/// Finds a repository that the caller may pull from, like [`repo`] does, but out of memory. For
/// the requests that come by the thousand: nothing of it is older than the request, except the
/// counters of the repository.
///
/// # Errors
///
/// The refusal that tells no more than the caller may know.
pub(crate) async fn pull<'a>(
    app: &'a App,
    actor: &Actor,
    name: &RepoName,
) -> Result<(Known<'a>, KnownRepo), AccessError> {
    let known = app.known().await?;
    let repo = known.repo(name).await?;
    let visibility = repo.as_ref().map_or(Visibility::Private, |repo| repo.visibility);
    require_at(app, actor, Action::Pull, (name, visibility)).await?;
    let repo = repo.ok_or_else(|| AccessError::Hidden { name: name.to_string() })?;
    Ok((known, repo))
}

/// Finds an organisation and asks whether the caller may act on it. Organisations are public:
/// everybody may see that they exist.
///
/// # Errors
///
/// The refusal that tells no more than the caller may know.
pub async fn require_org(
    app: &App,
    actor: &Actor,
    action: Action,
    name: &OrgName,
) -> Result<Org, AccessError> {
    let ground = ground(app, actor, name).await?;
    if let Err(refusal) = judge(&ground, actor.scope(), Visibility::Public, action) {
        return Err(told(app, actor, refusal, (action, name.as_str(), ground)).await?);
    }
    let org = app.db.org(name).await?;
    org.ok_or_else(|| AccessError::Hidden { name: name.to_string() })
}

/// Finds an organisation for those who belong to it, and for administrators: its members and limits
/// are nobody else's business.
///
/// # Errors
///
/// [`AccessError::Forbidden`] for strangers.
pub(crate) async fn require_inside(
    app: &App,
    actor: &Actor,
    name: &OrgName,
) -> Result<Org, AccessError> {
    let org = require_org(app, actor, Action::Pull, name).await?;
    let ground = ground(app, actor, name).await?;
    if matches!(ground, Ground::Anonymous) {
        return Err(AccessError::Unauthenticated);
    }
    if !ground.standing().is_inside() {
        let (action, name) = (Action::Administer, name.to_string());
        return Err(AccessError::Forbidden { action, name, ground, ask: Vec::new() });
    }
    Ok(org)
}

/// What the caller may do at a repository: the policy, and what the credential is good for. Nobody
/// is refused anything here, so nothing is noted.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn may(
    app: &App,
    actor: &Actor,
    action: Action,
    (name, visibility): (&RepoName, Visibility),
) -> Result<bool, DbError> {
    let ground = ground_at(app, actor, name, (visibility, action)).await?;
    Ok(judge(&ground, actor.scope(), visibility, action).is_ok())
}

/// Whether clients can name a repository that is to be made. Source: OCI distribution-spec,
/// Pulling manifests.
///
/// # Errors
///
/// [`AccessError::TooLong`] when host and name have more than 255 characters together.
pub fn fits(app: &App, name: &RepoName) -> Result<(), AccessError> {
    let Some(url) = &app.config.listen.public_url else { return Ok(()) };
    let port = url.port().map_or(0, |port| format!(":{port}").len());
    let found = url.host_str().unwrap_or_default().len() + port + 1 + name.as_str().len();
    if found > RepoName::MAX_BYTES {
        return Err(AccessError::TooLong { name: name.clone(), found });
    }
    Ok(())
}

/// Whether the caller administers the hub, and came with a credential that is good for that.
///
/// # Errors
///
/// [`AccessError::Unauthenticated`] for nobody, [`AccessError::NotAdministrator`] for others.
pub fn require_administrator(actor: &Actor) -> Result<(), AccessError> {
    match actor {
        Actor::Anonymous => Err(AccessError::Unauthenticated),
        Actor::Robot(_) => Err(AccessError::NotAdministrator),
        Actor::User(signed_in) if !signed_in.user.admin => Err(AccessError::NotAdministrator),
        Actor::User(signed_in) => good_for_everything(signed_in, "the hub"),
        Actor::System => Ok(()),
    }
}

/// Asks [`require_administrator`] before something is changed: whoever is refused is noted, with
/// what they tried and on what. Only who is known: strangers are asked who they are.
///
/// # Errors
///
/// As [`require_administrator`].
pub(crate) fn administer(
    app: &App,
    actor: &Actor,
    (act, target): (&'static str, &str),
) -> Result<(), AccessError> {
    require_administrator(actor).inspect_err(|why| note(app, actor, (act, target), why))
}

/// Asks [`whole_person`] before somebody changes their own account: whoever is refused is noted, as
/// with [`administer`].
///
/// # Errors
///
/// As [`whole_person`].
pub(crate) fn own_account<'a>(
    app: &App,
    actor: &'a Actor,
    act: &'static str,
) -> Result<&'a SignedIn, AccessError> {
    let caller = whole_person(actor, "your account");
    caller.inspect_err(|why| note(app, actor, (act, actor.name()), why))
}

fn note(app: &App, actor: &Actor, (act, target): (&'static str, &str), why: &AccessError) {
    if !matches!(actor, Actor::Anonymous) {
        audit::refused(app, actor, (act, target), why);
    }
}

/// The person who calls, for what belongs to a person: stars, tokens, organisations to be made.
///
/// # Errors
///
/// [`AccessError::Unauthenticated`] for nobody, [`AccessError::NotForRobots`] for robots and for the
/// hub itself.
pub fn person(actor: &Actor) -> Result<&SignedIn, AccessError> {
    match actor {
        Actor::User(signed_in) => Ok(signed_in),
        Actor::Anonymous => Err(AccessError::Unauthenticated),
        Actor::Robot(_) | Actor::System => Err(AccessError::NotForRobots),
    }
}

/// The person who calls, with a credential that is good for everything that they may do: for what
/// concerns their account.
///
/// # Errors
///
/// As [`person`], and [`AccessError::Narrow`] for a credential with bounds.
pub fn whole_person<'a>(actor: &'a Actor, what: &str) -> Result<&'a SignedIn, AccessError> {
    let signed_in = person(actor)?;
    good_for_everything(signed_in, what)?;
    Ok(signed_in)
}

fn good_for_everything(signed_in: &SignedIn, what: &str) -> Result<(), AccessError> {
    let (action, scope) = (Action::Administer, signed_in.scope);
    if scope.covers(action) && signed_in.within.is_everywhere() {
        return Ok(());
    }
    Err(AccessError::Narrow { action, name: what.to_owned(), scope, bounded: true })
}
