//! Organisations and their members.

use hub_db::{Change, DbError};
use hub_model::{
    AccessTerms, Action, Actor, LetterKind, Member, NewOrg, Org, OrgName, RepoName, Role, Standing,
    User, UserName, Visibility,
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
    /// The caller made as many as a user may.
    #[error(
        "you made {most} organisations already, which is what a user may have here: delete one, or \
         ask an administrator"
    )]
    TooMany {
        /// How many a user may have.
        most: u64,
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
    /// The user is a member already.
    #[error("`{user}` is a member of `{org}` already: change their role instead")]
    Member {
        /// The user.
        user: UserName,
        /// The organisation.
        org: OrgName,
    },
    /// It is the user's own: who has the name has the organisation.
    #[error("`{name}` is the organisation of the user of that name, who stays its owner")]
    Personal {
        /// The organisation.
        name: OrgName,
    },
    /// Nobody invited the user.
    #[error("`{user}` is not invited into `{org}`")]
    NotInvited {
        /// The user.
        user: UserName,
        /// The organisation.
        org: OrgName,
    },
    /// The invitation came to its end.
    #[error("the invitation into `{org}` has ended: ask its owners for another one")]
    Ended {
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

/// What is to be changed of an organisation; `None` leaves it as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OrgChanges<'a> {
    /// A name for people.
    pub display_name: Option<&'a str>,
    /// One line of plain text.
    pub description: Option<&'a str>,
    /// What repositories are that a push makes.
    pub default_visibility: Option<Visibility>,
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
    let role = match actor {
        // Beyond its places a credential does not tell whose it is.
        Actor::User(signed_in) if signed_in.within.reaches_org(name) => {
            let since = app.known().await?.role(name, signed_in.user.id).await?;
            since.map(|since| since.role)
        }
        _ => None,
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

/// Makes an organisation, with the caller as its owner; its repositories begin public.
///
/// # Errors
///
/// As [`create_as`].
pub async fn create(
    app: &App,
    actor: &Actor,
    name: &OrgName,
    display_name: &str,
    description: &str,
) -> Result<Org, OrgError> {
    let (display_name, description) = (Some(display_name), Some(description));
    let texts = OrgChanges { display_name, description, default_visibility: None };
    create_as(app, actor, name, texts).await
}

/// Makes an organisation, with the caller as its owner.
///
/// # Errors
///
/// [`OrgError::Taken`] when a user or an organisation has the name already,
/// [`OrgError::TooMany`] when the caller made as many as a user may.
pub async fn create_as(
    app: &App,
    actor: &Actor,
    name: &OrgName,
    texts: OrgChanges<'_>,
) -> Result<Org, OrgError> {
    let owner = may_create(actor, name)?;
    let (display_name, description) =
        (texts.display_name.unwrap_or_default(), texts.description.unwrap_or_default());
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
    let most = app.config.limits.orgs_per_user;
    if let Some(owner) = owner.filter(|owner| most > 0 && !owner.admin) {
        // Two at the same time must not both find room for the last one.
        change.lock_user(owner.id).await?;
        if change.count_made_orgs(&owner.name).await? >= limit_rows(most) {
            return Err(OrgError::TooMany { most });
        }
    }
    let mut org = change
        .add_org(&NewOrg {
            name: name.clone(),
            display_name: plain(display_name),
            description: plain(description),
            created_by: owner.map(|owner| owner.name.to_string()).unwrap_or_default(),
            created_at_ms: now,
        })
        .await
        .map_err(|error| if error.is_conflict() { taken() } else { error.into() })?;
    if let Some(wanted) = texts.default_visibility.filter(|v| *v != org.default_visibility) {
        change.edit_org(org.id, (&org.display_name, &org.description), wanted).await?;
        org.default_visibility = wanted;
    }
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

/// Changes what an organisation says about itself, and how its repositories begin.
///
/// # Errors
///
/// When the caller is no owner.
pub async fn edit(
    app: &App,
    actor: &Actor,
    name: &OrgName,
    changes: OrgChanges<'_>,
) -> Result<Org, OrgError> {
    let found = access::require_org(app, actor, Action::Administer, name).await?;
    let (display_name, description) =
        (changes.display_name.map(plain), changes.description.map(plain));
    check_texts(
        display_name.as_deref().unwrap_or_default(),
        description.as_deref().unwrap_or_default(),
    )?;
    let mut change = app.db.change().await?;
    // What others changed meanwhile stays, so it is read behind the lock.
    change.lock_org(found.id).await?;
    access::still_org(app, &mut change, actor, Action::Administer, (found.id, name)).await?;
    let org = change.org(name).await?.filter(|org| org.id == found.id);
    let mut org = org.ok_or_else(|| AccessError::Hidden { name: name.to_string() })?;
    let before = texts(&org);
    org.display_name = display_name.unwrap_or(org.display_name);
    org.description = description.unwrap_or(org.description);
    org.default_visibility = changes.default_visibility.unwrap_or(org.default_visibility);
    let texts_now = (org.display_name.as_str(), org.description.as_str());
    change.edit_org(org.id, texts_now, org.default_visibility).await?;
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
    change.lock_org(org.id).await?;
    access::still_org(app, &mut change, actor, Action::Administer, (org.id, name)).await?;
    // These shares go with it, and nobody who makes an organisation of that name may inherit them.
    let shared = change.shared_with_org(org.id).await?;
    match change.delete_org(org.id).await {
        // Somebody pushed since they were counted.
        Err(error) if error.is_in_use() => return Err(not_empty(1)),
        outcome => outcome?,
    }
    let act = Act { action: "org.delete", target: name.as_str(), org_id: Some(org.id) };
    audit::done(app, &mut change, actor, act, (texts(&org), ())).await?;
    let now = app.now_ms();
    for repo in &shared {
        change.tell(LetterKind::Repo, repo.as_str(), now).await?;
    }
    change.tell(LetterKind::Access, name.as_str(), now).await?;
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
    let org = access::require_inside(app, actor, name).await?;
    Ok(app.db.members(org.id).await?)
}

/// Makes a user a member without asking them, or changes their role. An invitation that they have
/// is done with.
///
/// # Errors
///
/// [`OrgError::LastOwner`] when nobody would own the organisation any more, [`OrgError::Personal`]
/// for the user whose own it is.
pub async fn set_member(
    app: &App,
    actor: &Actor,
    name: &OrgName,
    user: &UserName,
    role: Role,
) -> Result<Member, OrgError> {
    let org = access::require_org(app, actor, Action::Administer, name).await?;
    let unknown = || OrgError::UnknownUser { name: user.clone() };
    let found = app.db.user(user).await?.ok_or_else(unknown)?;
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    let found = locked_user(&mut change, found.id, user).await?.ok_or_else(unknown)?;
    change.lock_org(org.id).await?;
    access::still_org(app, &mut change, actor, Action::Administer, (org.id, name)).await?;
    let before = change.role(org.id, found.id).await?;
    // Who cannot sign in any more may still be given a lesser role, but does not become a member.
    if !found.is_open() && before.is_none_or(|before| before < role) {
        return Err(unknown());
    }
    if role != Role::Owner {
        stays_personal(name, &found)?;
    }
    change.set_member(org.id, found.id, role, now).await?;
    change.drop_invitation(org.id, found.id).await?;
    if before == Some(Role::Owner) {
        leave_an_owner(&mut change, (org.id, name), &found).await?;
    }
    let act = Act { action: "member.set", target: name.as_str(), org_id: Some(org.id) };
    let told = (before.map(|role| member_of(user, role)), member_of(user, role));
    audit::done(app, &mut change, actor, act, told).await?;
    change.tell(LetterKind::Access, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    let members = app.db.members(org.id).await?;
    let member = members.into_iter().find(|member| member.user == *user);
    Ok(member.unwrap_or_else(|| Member { user: user.clone(), role, since_ms: now }))
}

/// Ends a membership. Owners may end any, everybody their own. Roles on single repositories stay:
/// answers those repositories.
///
/// # Errors
///
/// [`OrgError::LastOwner`] when nobody would own the organisation any more, [`OrgError::Personal`]
/// for the user whose own it is.
pub async fn remove_member(
    app: &App,
    actor: &Actor,
    name: &OrgName,
    user: &UserName,
) -> Result<Vec<RepoName>, OrgError> {
    let own = actor.user().is_some_and(|caller| caller.name == *user);
    if own {
        // A credential for something else, found by somebody else, takes nobody's membership.
        access::whole_person(actor, name.as_str())?;
    }
    let needed = if own { Action::Pull } else { Action::Administer };
    let org = access::require_org(app, actor, needed, name).await?;
    let not_member = || OrgError::NotMember { user: user.clone(), org: name.clone() };
    let found = app.db.user(user).await?.ok_or_else(not_member)?;
    let mut change = app.db.change().await?;
    let found = locked_user(&mut change, found.id, user).await?.ok_or_else(not_member)?;
    stays_personal(name, &found)?;
    change.lock_org(org.id).await?;
    if !own {
        access::still_org(app, &mut change, actor, Action::Administer, (org.id, name)).await?;
    }
    let before = change.role(org.id, found.id).await?;
    if !change.remove_member(org.id, found.id).await? {
        return Err(not_member());
    }
    if before == Some(Role::Owner) {
        leave_an_owner(&mut change, (org.id, name), &found).await?;
    }
    let act = Act { action: "member.remove", target: name.as_str(), org_id: Some(org.id) };
    let told = (before.map(|role| member_of(user, role)), ());
    audit::done(app, &mut change, actor, act, told).await?;
    change.tell(LetterKind::Access, name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    app.kick();
    let stay = app.db.grants_in_org(org.id).await?.into_iter();
    Ok(stay.filter(|grant| grant.user == *user).map(|grant| grant.repo).collect())
}

/// Hands an organisation over: a member becomes an owner, and the caller steps down to writer, in
/// one change. An administrator of the hub who is no member only names the owner.
///
/// # Errors
///
/// [`OrgError::NotMember`] when nobody of that name is a member: invite them first;
/// [`OrgError::Personal`] for the organisation of the caller's own name.
pub async fn transfer(
    app: &App,
    actor: &Actor,
    name: &OrgName,
    to: &UserName,
) -> Result<(), OrgError> {
    let org = access::require_org(app, actor, Action::Administer, name).await?;
    let not_member = || OrgError::NotMember { user: to.clone(), org: name.clone() };
    let found = app.db.user(to).await?.ok_or_else(not_member)?;
    let caller = actor.user().filter(|caller| caller.id != found.id);
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    let found = locked_user(&mut change, found.id, to).await?;
    let found = found.filter(User::is_open).ok_or_else(not_member)?;
    change.lock_org(org.id).await?;
    access::still_org(app, &mut change, actor, Action::Administer, (org.id, name)).await?;
    let before = change.role(org.id, found.id).await?.ok_or_else(not_member)?;
    change.set_member(org.id, found.id, Role::Owner, now).await?;
    if let Some(caller) = caller
        && change.role(org.id, caller.id).await? == Some(Role::Owner)
    {
        stays_personal(name, caller)?;
        change.set_member(org.id, caller.id, Role::Writer, now).await?;
    }
    let act = Act { action: "org.transfer", target: name.as_str(), org_id: Some(org.id) };
    let told = (member_of(to, before), member_of(to, Role::Owner));
    audit::done(app, &mut change, actor, act, told).await?;
    change.tell(LetterKind::Access, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// The caller's own organisations, as far as the caller's credential reaches.
///
/// # Errors
///
/// When nobody is signed in.
pub async fn mine(app: &App, actor: &Actor) -> Result<Vec<(Org, Role)>, OrgError> {
    let caller = access::person(actor)?;
    let mut orgs = app.db.orgs_of(caller.user.id).await?;
    orgs.retain(|(org, _)| caller.within.reaches_org(&org.name));
    Ok(orgs)
}

/// Everybody who is signed in may make one; the owner is nobody when the hub itself does.
fn may_create<'a>(actor: &'a Actor, name: &OrgName) -> Result<Option<&'a User>, AccessError> {
    match actor {
        Actor::System => Ok(None),
        _ => Ok(Some(&access::whole_person(actor, name.as_str())?.user)),
    }
}

/// A user who is about to be given something or to lose it, as the change sees them; locked, so
/// that nobody closes or deletes the account meanwhile. Users are locked before organisations.
pub(super) async fn locked_user(
    change: &mut Change,
    id: i64,
    name: &UserName,
) -> Result<Option<User>, DbError> {
    change.lock_user(id).await?;
    change.user(name).await
}

/// Whether an owner who goes leaves somebody behind who can decide: another owner, and one who can
/// sign in, unless the one who goes could not either.
async fn leave_an_owner(
    change: &mut Change,
    (org_id, name): (i64, &OrgName),
    gone: &User,
) -> Result<(), OrgError> {
    let left = if gone.is_open() {
        change.count_open_owners(org_id).await?
    } else {
        change.count_owners(org_id).await?
    };
    if left == 0 { Err(OrgError::LastOwner { name: name.clone() }) } else { Ok(()) }
}

/// Whose name an organisation has owns it while the account is there: nobody takes it from them by
/// a membership, and they do not give it away, since nobody else may ever have the name.
fn stays_personal(org: &OrgName, user: &User) -> Result<(), OrgError> {
    if user.name.as_str() == org.as_str() && user.deleted_at_ms.is_none() {
        return Err(OrgError::Personal { name: org.clone() });
    }
    Ok(())
}

/// What is noted of an organisation.
fn texts(org: &Org) -> Value {
    json!({
        "displayName": org.display_name,
        "description": org.description,
        "defaultVisibility": org.default_visibility,
    })
}

/// What is noted of a member.
pub(super) fn member_of(user: &UserName, role: Role) -> Value {
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
