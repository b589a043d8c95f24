//! Invitations into organisations: an owner asks, the invited accepts or declines.

use hub_db::NewInvitation;
use hub_model::{
    Action, Actor, Invitation, LetterKind, Member, OrgName, Role, SignedIn, Since, User, UserName,
};
use serde_json::{Value, json};

use super::access;
use super::audit::{self, Act};
use super::orgs::{OrgError, locked_user, member_of};
use crate::App;

/// How long an invitation can be accepted, in milliseconds: fourteen days.
const LIFE_MS: i64 = 14 * 24 * 60 * 60 * 1000;

/// How long one that ended is still shown, in milliseconds: thirty days.
pub(crate) const SHOWN_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// What came of inviting somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// The role that an earlier invitation named, which this one replaces.
    pub replaced: Option<Role>,
}

/// Invites a user. A second invitation replaces role and date of the first.
///
/// # Errors
///
/// [`OrgError::UnknownUser`] for one who is not there or cannot sign in, [`OrgError::Member`] for a
/// member.
pub async fn invite(
    app: &App,
    actor: &Actor,
    org: &OrgName,
    user: &UserName,
    role: Role,
) -> Result<Invited, OrgError> {
    let found = access::require_org(app, actor, Action::Administer, org).await?;
    let unknown = || OrgError::UnknownUser { name: user.clone() };
    let invited = app.db.user(user).await?.ok_or_else(unknown)?;
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    // Who is closed looks like who is not there.
    let invited = locked_user(&mut change, invited.id, user).await?;
    let invited = invited.filter(User::is_open).ok_or_else(unknown)?;
    change.lock_org(found.id).await?;
    access::still_org(app, &mut change, actor, Action::Administer, (found.id, org)).await?;
    if change.role(found.id, invited.id).await?.is_some() {
        return Err(OrgError::Member { user: user.clone(), org: org.clone() });
    }
    let before = change.invitation(found.id, invited.id).await?;
    let new = NewInvitation {
        org_id: found.id,
        user_id: invited.id,
        role,
        invited_by: actor.name(),
        created_at_ms: now,
        expires_at_ms: now.saturating_add(LIFE_MS),
    };
    change.put_invitation(&new).await?;
    let invitation = Invitation {
        org: org.clone(),
        user: user.clone(),
        role,
        invited_by: actor.name().to_owned(),
        created_at_ms: now,
        expires_at_ms: new.expires_at_ms,
    };
    let act = Act { action: "invitation.create", target: org.as_str(), org_id: Some(found.id) };
    let told = (before.as_ref().map(noted), noted(&invitation));
    audit::done(app, &mut change, actor, act, told).await?;
    change.commit().await?;
    Ok(Invited { invitation, replaced: before.map(|before| before.role) })
}

/// Who is invited, for owners; what ended is among them.
///
/// # Errors
///
/// When the caller is no owner.
pub async fn list(app: &App, actor: &Actor, org: &OrgName) -> Result<Vec<Invitation>, OrgError> {
    let org = access::require_org(app, actor, Action::Administer, org).await?;
    Ok(app.db.invitations_of_org(org.id).await?)
}

/// The caller's own invitations; what ended is among them.
///
/// # Errors
///
/// When nobody is signed in, or with a credential with bounds.
pub async fn mine(app: &App, actor: &Actor) -> Result<Vec<Invitation>, OrgError> {
    let caller = access::whole_person(actor, "your invitations")?;
    Ok(app.db.invitations_of_user(caller.user.id).await?)
}

/// How many invitations the caller can accept; none for nobody, and none with a credential with
/// bounds.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn waiting(app: &App, actor: &Actor) -> Result<u64, OrgError> {
    let Actor::User(caller) = actor else { return Ok(0) };
    if !caller.is_whole() {
        return Ok(0);
    }
    let found = app.db.count_invitations(caller.user.id, app.now_ms()).await?;
    Ok(found.try_into().unwrap_or(0))
}

/// Takes an invitation back.
///
/// # Errors
///
/// [`OrgError::NotInvited`] when there is none.
pub async fn withdraw(
    app: &App,
    actor: &Actor,
    org: &OrgName,
    user: &UserName,
) -> Result<(), OrgError> {
    let found = access::require_org(app, actor, Action::Administer, org).await?;
    let not_invited = || OrgError::NotInvited { user: user.clone(), org: org.clone() };
    let invited = app.db.user(user).await?.ok_or_else(not_invited)?;
    let mut change = app.db.change().await?;
    change.lock_org(found.id).await?;
    access::still_org(app, &mut change, actor, Action::Administer, (found.id, org)).await?;
    let before = change.invitation(found.id, invited.id).await?.ok_or_else(not_invited)?;
    change.drop_invitation(found.id, invited.id).await?;
    let act = Act { action: "invitation.withdraw", target: org.as_str(), org_id: Some(found.id) };
    audit::done(app, &mut change, actor, act, (noted(&before), ())).await?;
    change.commit().await?;
    Ok(())
}

/// Accepts an invitation: the caller becomes a member. An invitation gives and never takes: who
/// became more meanwhile, by a group for example, stays that.
///
/// # Errors
///
/// [`OrgError::NotInvited`] when there is none, [`OrgError::Ended`] when it came too late.
pub async fn accept(app: &App, actor: &Actor, org: &OrgName) -> Result<Member, OrgError> {
    let caller = access::whole_person(actor, org.as_str())?;
    let (found, mut change, invitation) = own(app, caller, org).await?;
    let now = app.now_ms();
    if !invitation.is_good(now) {
        return Err(OrgError::Ended { org: org.clone() });
    }
    let user = &caller.user;
    change.drop_invitation(found, user.id).await?;
    let before = change.membership(found, user.id).await?;
    let more = before.is_none_or(|before| before.role < invitation.role);
    if more {
        change.set_member(found, user.id, invitation.role, now).await?;
    }
    let since = Since { role: invitation.role, since_ms: now };
    let Since { role, since_ms } = before.filter(|_| !more).unwrap_or(since);
    let act = Act { action: "invitation.accept", target: org.as_str(), org_id: Some(found) };
    let told = (before.map(|had| member_of(&user.name, had.role)), member_of(&user.name, role));
    audit::done(app, &mut change, actor, act, told).await?;
    change.tell(LetterKind::Access, org.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(Member { user: user.name.clone(), role, since_ms })
}

/// Declines an invitation, also one that ended.
///
/// # Errors
///
/// [`OrgError::NotInvited`] when there is none.
pub async fn decline(app: &App, actor: &Actor, org: &OrgName) -> Result<(), OrgError> {
    let caller = access::whole_person(actor, org.as_str())?;
    let (found, mut change, invitation) = own(app, caller, org).await?;
    change.drop_invitation(found, caller.user.id).await?;
    let act = Act { action: "invitation.decline", target: org.as_str(), org_id: Some(found) };
    audit::done(app, &mut change, actor, act, (noted(&invitation), ())).await?;
    change.commit().await?;
    Ok(())
}

/// The caller's invitation, with the row of the organisation, locked in a change that was begun.
async fn own(
    app: &App,
    caller: &SignedIn,
    org: &OrgName,
) -> Result<(i64, hub_db::Change, Invitation), OrgError> {
    let user = &caller.user;
    let not_invited = || OrgError::NotInvited { user: user.name.clone(), org: org.clone() };
    let found = app.db.org(org).await?.ok_or_else(not_invited)?.id;
    let mut change = app.db.change().await?;
    // An account that was closed meanwhile has lost its invitations, or cannot use them.
    let open = locked_user(&mut change, user.id, &user.name).await?.filter(User::is_open);
    if open.is_none() {
        return Err(not_invited());
    }
    change.lock_org(found).await?;
    let invitation = change.invitation(found, user.id).await?.ok_or_else(not_invited)?;
    Ok((found, change, invitation))
}

/// What is noted of an invitation.
fn noted(invitation: &Invitation) -> Value {
    json!({
        "user": invitation.user,
        "role": invitation.role,
        "expiresAtMs": invitation.expires_at_ms,
    })
}

#[cfg(test)]
mod tests;
