//! Robots: accounts of an organisation for machines. They belong to it, not to whoever made them.

use hub_db::{Change, DbError};
use hub_model::{
    Action, Actor, LetterKind, NewRobot, Org, OrgName, Place, Robot, RobotEdit, RobotName,
    TokenScope, Within,
};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::access::{self, AccessError};
use super::audit::{self, Act};
use super::reach::{self, Reach, ReachError};
use super::sign_in::{ROBOT_PREFIX, fresh_secret, secret_hash};
use super::{limit_rows, plain};
use crate::App;

/// Longest description, in characters.
const LONGEST_DESCRIPTION: usize = 200;

/// Most robots of one organisation.
const MOST: u64 = 200;

/// Why a robot was not made, shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum RobotError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The organisation has a robot of that name.
    #[error("the name `{name}` is taken")]
    Taken {
        /// The name.
        name: RobotName,
    },
    /// The organisation has no robot of that name.
    #[error("there is no robot `{name}`")]
    Unknown {
        /// The name.
        name: RobotName,
    },
    /// A place that does not belong to the organisation.
    #[error("a robot of `{org}` reaches nothing in `{place}`")]
    Outside {
        /// The organisation.
        org: OrgName,
        /// The place.
        place: Place,
    },
    /// A description that is too long.
    #[error(
        "a description has at most {most} characters, this one has {found}",
        most = LONGEST_DESCRIPTION
    )]
    Description {
        /// Length of the rejected one.
        found: usize,
    },
    /// There are enough.
    #[error("an organisation has at most {most} robots: delete one that nobody uses", most = MOST)]
    TooMany,
    /// It would go beyond the caller's own credential, or beyond what the hub allows.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// The metadata store failed.
    #[error("could not read or record the robot")]
    Db(#[from] DbError),
}

/// A robot that is asked for.
#[derive(Debug, Clone)]
pub struct RobotOrder {
    /// Its full name, and with that its organisation.
    pub name: RobotName,
    /// What it is for.
    pub description: String,
    /// What it is to be good for.
    pub scope: TokenScope,
    /// Where; none for the whole organisation.
    pub within: Vec<Place>,
    /// When its secret is to end, in milliseconds; as late as may be when `None`.
    pub expires_at_ms: Option<i64>,
}

/// What is to be changed of a robot; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct RobotChange {
    /// What it is for.
    pub description: Option<String>,
    /// What it may do.
    pub scope: Option<TokenScope>,
    /// Where; none for the whole organisation.
    pub within: Option<Vec<Place>>,
    /// When its secret ends.
    pub ends: Option<Ends>,
    /// Whether it may not sign in.
    pub disabled: Option<bool>,
}

/// When a secret ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// As late as may be.
    Late,
    /// At this time, in milliseconds.
    At(i64),
}

/// Makes a robot, for owners of its organisation. The secret is shown this once.
///
/// # Errors
///
/// [`RobotError::Reach`] when it would go beyond the caller's own credential,
/// [`RobotError::TooMany`] when the organisation has as many as it may.
pub async fn create(
    app: &App,
    actor: &Actor,
    order: RobotOrder,
) -> Result<(Robot, SecretString), RobotError> {
    let RobotOrder { name, description, scope, within, expires_at_ms } = order;
    let org = access::require_org(app, actor, Action::Administer, &name.org()).await?;
    let reach = Reach::of(app, actor).await?;
    let within = inside(&org.name, within)?;
    reach.holds(scope, &whole(&org.name, &within))?;
    let secret = fresh_secret(ROBOT_PREFIX);
    let new = NewRobot {
        org_id: org.id,
        name: name.clone(),
        description: described(&description)?,
        secret_hash: secret_hash(&secret),
        scope,
        within,
        created_at_ms: app.now_ms(),
        created_by: actor.name().to_owned(),
        expires_at_ms: reach.end(app, expires_at_ms)?,
    };
    let mut change = locked(app, actor, &org).await?;
    if change.count_robots(org.id).await? >= limit_rows(MOST) {
        return Err(RobotError::TooMany);
    }
    let robot = change.add_robot(&new).await.map_err(|error| {
        if error.is_conflict() { RobotError::Taken { name: name.clone() } } else { error.into() }
    })?;
    let act = act("robot.create", &robot);
    audit::done(app, &mut change, actor, act, (Value::Null, noted(&robot))).await?;
    commit(app, change, &org).await?;
    Ok((robot, secret))
}

/// The robots of an organisation, by name, for its owners.
///
/// # Errors
///
/// When the caller does not own it.
pub async fn list(app: &App, actor: &Actor, org: &OrgName) -> Result<Vec<Robot>, RobotError> {
    let org = access::require_org(app, actor, Action::Administer, org).await?;
    Ok(app.db.robots_of(org.id).await?)
}

/// One robot, for owners of its organisation and for itself.
///
/// # Errors
///
/// [`RobotError::Unknown`] when there is none.
pub async fn get(app: &App, actor: &Actor, name: &RobotName) -> Result<Robot, RobotError> {
    if let Actor::Robot(robot) = actor
        && robot.name == *name
    {
        return Ok(Robot::clone(robot));
    }
    access::require_org(app, actor, Action::Administer, &name.org()).await?;
    let robot = app.db.robot(name).await?;
    robot.ok_or_else(|| RobotError::Unknown { name: name.clone() })
}

/// Changes a robot, for owners of its organisation. What it can no longer do it can no longer do at
/// its next request.
///
/// # Errors
///
/// [`RobotError::Reach`] when it would go beyond the caller's own credential.
pub async fn edit(
    app: &App,
    actor: &Actor,
    name: &RobotName,
    asked: RobotChange,
) -> Result<Robot, RobotError> {
    let org = access::require_org(app, actor, Action::Administer, &name.org()).await?;
    let reach = Reach::of(app, actor).await?;
    let description = asked.description.map(|text| described(&text)).transpose()?;
    let within = asked.within.map(|within| inside(&org.name, within)).transpose()?;
    let mut change = locked(app, actor, &org).await?;
    // What others changed meanwhile stays, so it is read behind the lock.
    let old = present(&mut change, name).await?;
    let mut edit = RobotEdit::from(&old);
    edit.description = description.unwrap_or(edit.description);
    edit.scope = asked.scope.unwrap_or(edit.scope);
    edit.within = within.unwrap_or(edit.within);
    edit.disabled = asked.disabled.unwrap_or(edit.disabled);
    if is_more(&org.name, &old, &edit) || asked.ends.is_some() {
        reach.holds(edit.scope, &whole(&org.name, &edit.within))?;
    }
    match asked.ends {
        Some(Ends::Late) => edit.expires_at_ms = reach.end(app, None)?,
        Some(Ends::At(at)) => edit.expires_at_ms = reach.end(app, Some(at))?,
        None => {}
    }
    let new = change.edit_robot(old.id, &edit).await?;
    let new = new.ok_or_else(|| RobotError::Unknown { name: name.clone() })?;
    let act = act("robot.edit", &new);
    audit::done(app, &mut change, actor, act, (noted(&old), noted(&new))).await?;
    commit(app, change, &org).await?;
    Ok(new)
}

/// Whether a robot can do something by an edit that it could not before.
fn is_more(org: &OrgName, old: &Robot, edit: &RobotEdit) -> bool {
    edit.scope > old.scope
        || !whole(org, &old.within).holds(&whole(org, &edit.within))
        || (old.disabled && !edit.disabled)
}

/// Gives a robot another secret, of the same length of life. The old one has ended when this
/// answers, and so has every registry token that was asked for with it. A robot may do so itself.
///
/// # Errors
///
/// [`RobotError::Reach`] when the robot goes beyond the caller's own credential,
/// [`AccessError::Unauthenticated`] for a robot whose own secret was replaced meanwhile.
pub async fn rotate(
    app: &App,
    actor: &Actor,
    name: &RobotName,
) -> Result<(Robot, SecretString), RobotError> {
    let own = matches!(actor, Actor::Robot(robot) if robot.name == *name);
    let reach = Reach::of(app, actor).await?;
    let unknown = || RobotError::Unknown { name: name.clone() };
    let (org, mut change) = if own {
        let org = app.db.org(&name.org()).await?.ok_or_else(unknown)?;
        let mut change = app.db.change().await?;
        change.lock_org(org.id).await?;
        (org, change)
    } else {
        let org = access::require_org(app, actor, Action::Administer, &name.org()).await?;
        let change = locked(app, actor, &org).await?;
        (org, change)
    };
    let old = present(&mut change, name).await?;
    match actor {
        // Who stole a secret must not get the next one, once the owner has replaced the stolen one.
        Actor::Robot(robot) if own && robot.secret_at_ms != old.secret_at_ms => {
            return Err(AccessError::Unauthenticated.into());
        }
        _ if own => {}
        // Who has its secret has its rights.
        _ => reach.holds(old.scope, &whole(&org.name, &old.within))?,
    }
    let secret = fresh_secret(ROBOT_PREFIX);
    let (now, hash) = (app.now_ms(), secret_hash(&secret));
    let end = reach.renewed(app, (old.secret_at_ms, old.expires_at_ms), own);
    let new = change.set_robot_secret(&old, &hash, now, end).await?.ok_or_else(unknown)?;
    let act = act("robot.rotate", &new);
    audit::done(app, &mut change, actor, act, (noted(&old), noted(&new))).await?;
    commit(app, change, &org).await?;
    Ok((new, secret))
}

/// Deletes a robot, for owners of its organisation.
///
/// # Errors
///
/// [`RobotError::Unknown`] when there is none.
pub async fn delete(app: &App, actor: &Actor, name: &RobotName) -> Result<(), RobotError> {
    let org = access::require_org(app, actor, Action::Administer, &name.org()).await?;
    let mut change = locked(app, actor, &org).await?;
    let old = present(&mut change, name).await?;
    change.delete_robot(old.id).await?;
    let act = act("robot.delete", &old);
    audit::done(app, &mut change, actor, act, (noted(&old), Value::Null)).await?;
    Ok(commit(app, change, &org).await?)
}

/// A change of the robots of an organisation that was found, for who still owns it.
async fn locked(app: &App, actor: &Actor, org: &Org) -> Result<Change, RobotError> {
    let mut change = app.db.change().await?;
    change.lock_org(org.id).await?;
    let place = (org.id, &org.name);
    access::still_org(app, &mut change, actor, Action::Administer, place).await?;
    Ok(change)
}

/// The robot of that name, as the change sees it.
async fn present(change: &mut Change, name: &RobotName) -> Result<Robot, RobotError> {
    let robot = change.robot(name).await?;
    robot.ok_or_else(|| RobotError::Unknown { name: name.clone() })
}

/// Commits, and every replica forgets what it knew of the organisation's robots.
async fn commit(app: &App, mut change: Change, org: &Org) -> Result<(), DbError> {
    change.tell(LetterKind::Access, org.name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// Places of one organisation.
fn inside(org: &OrgName, places: Vec<Place>) -> Result<Within, RobotError> {
    if let Some(place) = places.iter().find(|place| place.org() != *org) {
        return Err(RobotError::Outside { org: org.clone(), place: place.clone() });
    }
    Ok(reach::places(places)?)
}

/// Where a robot is good: without places, its organisation.
fn whole(org: &OrgName, within: &Within) -> Within {
    if within.is_everywhere() {
        return Within::of(vec![Place::Org(org.clone())]);
    }
    within.clone()
}

fn described(text: &str) -> Result<String, RobotError> {
    let text = plain(text.trim());
    let found = text.chars().count();
    if found > LONGEST_DESCRIPTION {
        return Err(RobotError::Description { found });
    }
    Ok(text)
}

fn act<'a>(action: &'static str, robot: &'a Robot) -> Act<'a> {
    Act { action, target: robot.name.as_str(), org_id: Some(robot.org_id) }
}

/// What is noted of a robot.
fn noted(robot: &Robot) -> Value {
    json!({
        "description": robot.description,
        "scope": robot.scope,
        "within": robot.within.to_string(),
        "disabled": robot.disabled,
        "expiresAtMs": robot.expires_at_ms,
        "secretAtMs": robot.secret_at_ms,
    })
}

#[cfg(test)]
mod tests;
