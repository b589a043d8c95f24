//! Organisations and their members.

use hub_db::DbError;
use hub_model::{
    AccessTerms, Action, Actor, Ground, LetterKind, Member, NewOrg, Org, OrgName, Role, Standing,
    User, UserName,
};
use serde_json::{Value, json};

use super::access::{self, AccessError};
use super::audit::{self, Act};
use super::quota::{self, OrgQuota};
use super::{Page, filter, limit_rows, plain};
use crate::App;

/// Longest display name, in characters.
const LONGEST_DISPLAY_NAME: usize = 100;

/// Longest description, in characters.
const LONGEST_DESCRIPTION: usize = 500;

/// Why an organisation was not shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum OrgError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A user or an organisation of that name is there already.
    #[error("the name `{name}` is taken")]
    Taken {
        /// The name.
        name: OrgName,
    },
    /// It still owns repositories.
    #[error("`{name}` still owns {repos} repositories: delete them first")]
    NotEmpty {
        /// The organisation.
        name: OrgName,
        /// How many.
        repos: u64,
    },
    /// Nobody would own it any more.
    #[error("`{name}` needs an owner: name another one first")]
    LastOwner {
        /// The organisation.
        name: OrgName,
    },
    /// There is no such user.
    #[error("there is no user `{name}`")]
    UnknownUser {
        /// The name.
        name: UserName,
    },
    /// The user is no member.
    #[error("`{user}` is no member of `{org}`")]
    NotMember {
        /// The user.
        user: UserName,
        /// The organisation.
        org: OrgName,
    },
    /// A text that is too long.
    #[error("{what} has at most {most} characters, this one has {found}")]
    TooLong {
        /// Which text.
        what: &'static str,
        /// The longest accepted one, in characters.
        most: usize,
        /// Length of the rejected one.
        found: usize,
    },
    /// The metadata store failed.
    #[error("could not read or record the organisation")]
    Db(#[from] DbError),
}

/// An organisation as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgPage {
    /// The record.
    pub org: Org,
    /// The caller's role in it.
    pub role: Option<Role>,
    /// What the caller is to it.
    pub standing: Standing,
    /// Its members, for members and administrators only.
    pub members: Option<Vec<Member>>,
    /// Number of repositories that the caller may see.
    pub repos: u64,
    /// What it may hold and what it holds, for members and administrators only.
    pub quota: Option<OrgQuota>,
}

/// One organisation.
///
/// # Errors
///
/// [`AccessError::Hidden`] when there is none.
pub async fn get(app: &App, actor: &Actor, name: &OrgName) -> Result<OrgPage, OrgError> {
    let org = access::require_org(app, actor, Action::Pull, name).await?;
    let standing = access::standing(app, actor, name).await?;
    let members = if standing.is_inside() { Some(app.db.members(org.id).await?) } else { None };
    let role = match actor.user() {
        Some(user) => app.known().await?.role(name, user.id).await?.map(|since| since.role),
        None => None,
    };
    let seen = filter(access::terms(app, actor).await?);
    let repos = app.db.count_repos(&seen, Some(name)).await?;
    let quota = quota::shown(app, actor, &org).await?;
    Ok(OrgPage { org, role, standing, members, repos: repos.try_into().unwrap_or(0), quota })
}

/// All organisations, by name, those after `after`.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn list(
    app: &App,
    _actor: &Actor,
    after: Option<&str>,
    limit: u64,
) -> Result<Page<Org>, OrgError> {
    // Organisations are public: there is nothing to ask.
    let total = app.db.count_orgs().await?;
    let items = app.db.orgs(after, limit_rows(limit).saturating_add(1)).await?;
    Ok(Page::cut(items, total, limit, |org| org.name.to_string()))
}

/// Makes an organisation, with the caller as its owner.
///
/// # Errors
///
/// [`OrgError::Taken`] when a user or an organisation has the name already.
pub async fn create(
    app: &App,
    actor: &Actor,
    name: &OrgName,
    display_name: &str,
    description: &str,
) -> Result<Org, OrgError> {
    let owner = may_create(actor, name)?;
    check_texts(display_name, description)?;
    let taken = || OrgError::Taken { name: name.clone() };
    // A user who is yet to come would own the organisation of that name.
    if let Ok(user) = UserName::parse(name.as_str())
        && app.db.user(&user).await?.is_some()
    {
        return Err(taken());
    }
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    let org = change
        .add_org(&NewOrg {
            name: name.clone(),
            display_name: plain(display_name),
            description: plain(description),
            created_by: owner.map(|owner| owner.name.to_string()).unwrap_or_default(),
            created_at_ms: now,
        })
        .await
        .map_err(|error| if error.is_conflict() { taken() } else { error.into() })?;
    if let Some(owner) = owner {
        change.set_member(org.id, owner.id, Role::Owner, now).await?;
    }
    let act = Act { action: "org.create", target: name.as_str(), org_id: Some(org.id) };
    audit::done(app, &mut change, actor, act, ((), json!({"owner": org.created_by}))).await?;
    change.tell(LetterKind::Access, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(org)
}

/// Changes the texts of an organisation; `None` leaves one as it is.
///
/// # Errors
///
/// When the caller is no owner.
pub async fn edit(
    app: &App,
    actor: &Actor,
    name: &OrgName,
    display_name: Option<&str>,
    description: Option<&str>,
) -> Result<Org, OrgError> {
    let mut org = access::require_org(app, actor, Action::Administer, name).await?;
    let before = texts(&org);
    org.display_name = display_name.map_or(org.display_name, plain);
    org.description = description.map_or(org.description, plain);
    check_texts(&org.display_name, &org.description)?;
    let mut change = app.db.change().await?;
    change.edit_org(org.id, &org.display_name, &org.description).await?;
    let act = Act { action: "org.edit", target: name.as_str(), org_id: Some(org.id) };
    audit::done(app, &mut change, actor, act, (before, texts(&org))).await?;
    change.commit().await?;
    Ok(org)
}

/// Deletes an empty organisation.
///
/// # Errors
///
/// [`OrgError::NotEmpty`] while it owns repositories.
pub async fn delete(app: &App, actor: &Actor, name: &OrgName) -> Result<(), OrgError> {
    let org = access::require_org(app, actor, Action::Administer, name).await?;
    let all = filter(AccessTerms::Everything);
    let repos = app.db.count_repos(&all, Some(name)).await?.try_into().unwrap_or(0);
    let not_empty = |repos| OrgError::NotEmpty { name: name.clone(), repos };
    if repos > 0 {
        return Err(not_empty(repos));
    }
    let mut change = app.db.change().await?;
    match change.delete_org(org.id).await {
        // Somebody pushed since they were counted.
        Err(error) if error.is_in_use() => return Err(not_empty(1)),
        outcome => outcome?,
    }
    let act = Act { action: "org.delete", target: name.as_str(), org_id: Some(org.id) };
    audit::done(app, &mut change, actor, act, (texts(&org), ())).await?;
    change.tell(LetterKind::Access, name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// The members of an organisation, for its members.
///
/// # Errors
///
/// When the caller is neither a member nor an administrator.
pub async fn members(app: &App, actor: &Actor, name: &OrgName) -> Result<Vec<Member>, OrgError> {
    let org = access::require_org(app, actor, Action::Pull, name).await?;
    let ground = access::ground(app, actor, name).await?;
    if matches!(ground, Ground::Anonymous) {
        return Err(AccessError::Unauthenticated.into());
    }
    if !ground.standing().is_inside() {
        let (action, name) = (Action::Administer, name.to_string());
        return Err(AccessError::Forbidden { action, name, ground }.into());
    }
    Ok(app.db.members(org.id).await?)
}

/// Makes a user a member, or changes their role.
///
/// # Errors
///
/// [`OrgError::LastOwner`] when nobody would own the organisation any more.
pub async fn set_member(
    app: &App,
    actor: &Actor,
    name: &OrgName,
    user: &UserName,
    role: Role,
) -> Result<Member, OrgError> {
    let org = access::require_org(app, actor, Action::Administer, name).await?;
    let found = app.db.user(user).await?;
    let found = found.ok_or_else(|| OrgError::UnknownUser { name: user.clone() })?;
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    let before = change.role(org.id, found.id).await?;
    change.set_member(org.id, found.id, role, now).await?;
    if change.count_owners(org.id).await? == 0 {
        return Err(OrgError::LastOwner { name: name.clone() });
    }
    let act = Act { action: "member.set", target: name.as_str(), org_id: Some(org.id) };
    let told = (before.map(|role| member(user, role)), member(user, role));
    audit::done(app, &mut change, actor, act, told).await?;
    change.tell(LetterKind::Access, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    let members = app.db.members(org.id).await?;
    let member = members.into_iter().find(|member| member.user == *user);
    Ok(member.unwrap_or_else(|| Member { user: user.clone(), role, since_ms: now }))
}

/// Ends a membership. Owners may end any, everybody their own.
///
/// # Errors
///
/// [`OrgError::LastOwner`] when nobody would own the organisation any more.
pub async fn remove_member(
    app: &App,
    actor: &Actor,
    name: &OrgName,
    user: &UserName,
) -> Result<(), OrgError> {
    let own = actor.user().is_some_and(|caller| caller.name == *user);
    let needed = if own { Action::Pull } else { Action::Administer };
    let org = access::require_org(app, actor, needed, name).await?;
    let not_member = || OrgError::NotMember { user: user.clone(), org: name.clone() };
    let found = app.db.user(user).await?.ok_or_else(not_member)?;
    let mut change = app.db.change().await?;
    let before = change.role(org.id, found.id).await?;
    if !change.remove_member(org.id, found.id).await? {
        return Err(not_member());
    }
    if change.count_owners(org.id).await? == 0 {
        return Err(OrgError::LastOwner { name: name.clone() });
    }
    let act = Act { action: "member.remove", target: name.as_str(), org_id: Some(org.id) };
    let told = (before.map(|role| member(user, role)), ());
    audit::done(app, &mut change, actor, act, told).await?;
    change.tell(LetterKind::Access, name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// The caller's own organisations.
///
/// # Errors
///
/// When nobody is signed in.
pub async fn mine(app: &App, actor: &Actor) -> Result<Vec<(Org, Role)>, OrgError> {
    Ok(app.db.orgs_of(access::person(actor)?.user.id).await?)
}

/// Everybody who is signed in may make one; the owner is nobody when the hub itself does.
fn may_create<'a>(actor: &'a Actor, name: &OrgName) -> Result<Option<&'a User>, AccessError> {
    match actor {
        Actor::System => Ok(None),
        _ => Ok(Some(&access::whole_person(actor, name.as_str())?.user)),
    }
}

/// What is noted of an organisation.
fn texts(org: &Org) -> Value {
    json!({"displayName": org.display_name, "description": org.description})
}

/// What is noted of a member.
fn member(user: &UserName, role: Role) -> Value {
    json!({"user": user, "role": role})
}

fn check_texts(display_name: &str, description: &str) -> Result<(), OrgError> {
    for (what, text, most) in [
        ("a display name", display_name, LONGEST_DISPLAY_NAME),
        ("a description", description, LONGEST_DESCRIPTION),
    ] {
        let found = text.chars().count();
        if found > most {
            return Err(OrgError::TooLong { what, most, found });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
