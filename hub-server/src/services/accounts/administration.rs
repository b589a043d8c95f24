//! What administrators do with accounts.

use hub_db::{Change, UserFilter};
use hub_model::{Actor, LetterKind, Org, OrgName, Role, TokenKind, User, UserName, UserState};
use secrecy::SecretString;
use serde_json::json;

use super::super::audit::{self, Act};
use super::super::{Page, access, limit_rows, plain};
use super::{AccountError, end_sessions, facts, hash, password_was_set, untie};
use crate::App;

/// A user, as administrators see them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The record.
    pub user: User,
    /// What the user is where.
    pub orgs: Vec<(Org, Role)>,
    /// Number of browsers that are signed in.
    pub sessions: usize,
    /// Number of personal tokens.
    pub tokens: usize,
}

/// What is to change of a user; `None` leaves it as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UserEdit {
    /// Whether the user administers the whole hub.
    pub admin: Option<bool>,
    /// Whether the user may not sign in.
    pub disabled: Option<bool>,
}

/// The users by name, those after `after`, whose name holds `text`.
///
/// # Errors
///
/// When the caller is no administrator.
pub async fn list(
    app: &App,
    actor: &Actor,
    (text, state): (&str, UserState),
    after: Option<&str>,
    limit: u64,
) -> Result<Page<User>, AccountError> {
    access::require_administrator(actor)?;
    let filter = UserFilter { text: plain(text.trim()), state };
    let total = app.db.count_users(&filter).await?;
    let items = app.db.user_page(&filter, after, limit_rows(limit).saturating_add(1)).await?;
    Ok(Page::cut(items, total, limit, |user| user.name.to_string()))
}

/// One user, deleted ones among them.
///
/// # Errors
///
/// [`AccountError::Unknown`] when nobody ever had the name.
pub async fn get(app: &App, actor: &Actor, name: &UserName) -> Result<Account, AccountError> {
    access::require_administrator(actor)?;
    let user = app.db.user(name).await?;
    let user = user.ok_or_else(|| AccountError::Unknown { name: name.clone() })?;
    let orgs = app.db.orgs_of(user.id).await?;
    let now = app.now_ms();
    let sessions = app.db.tokens_of(user.id, TokenKind::Session).await?;
    let sessions = sessions.iter().filter(|one| one.expires_at_ms.is_none_or(|end| now < end));
    let sessions = sessions.count();
    let tokens = app.db.tokens_of(user.id, TokenKind::Personal).await?.len();
    Ok(Account { user, orgs, sessions, tokens })
}

/// Makes or unmakes an administrator, closes or opens an account. Who is closed out loses every
/// session; personal tokens are refused and come back with the account.
///
/// # Errors
///
/// [`AccountError::LastAdministrator`] when nobody could administer the hub any more.
pub async fn edit(
    app: &App,
    actor: &Actor,
    name: &UserName,
    edit: UserEdit,
) -> Result<User, AccountError> {
    access::administer(app, actor, ("user.edit", name.as_str()))?;
    let mut change = app.db.change().await?;
    let mut user = present(&mut change, name).await?;
    let (before, was_administrator) = (facts(&user), user.admin && user.is_open());
    user.admin = edit.admin.unwrap_or(user.admin);
    user.disabled = edit.disabled.unwrap_or(user.disabled);
    // Who was made an administrator by a group is one by hand from now on: that is to be recorded,
    // although nothing else changes. What nobody speaks of stays as it came.
    let by_hand = match edit.admin {
        Some(admin) => change.set_admin(user.id, admin).await?,
        None => false,
    };
    if before == facts(&user) && !by_hand {
        return Ok(user);
    }
    if edit.disabled.is_some() {
        change.set_disabled(user.id, user.disabled).await?;
    }
    if was_administrator {
        leave_an_administrator(&mut change, name).await?;
    }
    if user.disabled {
        end_sessions(&mut change, &user).await?;
    }
    let act = Act { action: "user.edit", target: name.as_str(), org_id: None };
    audit::done(app, &mut change, actor, act, (before, facts(&user))).await?;
    change.tell(LetterKind::Credentials, name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    app.kick();
    Ok(user)
}

/// Deletes an account with all its credentials and rights; its name is never given again.
/// Organisations without repositories that nobody else owns go along: they are answered.
///
/// # Errors
///
/// [`AccountError::StillOwns`] while repositories would belong to nobody,
/// [`AccountError::LastAdministrator`] when nobody could administer the hub any more.
pub async fn delete(
    app: &App,
    actor: &Actor,
    name: &UserName,
) -> Result<Vec<OrgName>, AccountError> {
    access::administer(app, actor, ("user.delete", name.as_str()))?;
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    let user = present(&mut change, name).await?;
    let memberships = change.memberships(user.id).await?;
    for membership in &memberships {
        // Also where somebody else owns it: that one may be about to leave.
        change.lock_org(membership.org_id).await?;
    }
    let was_administrator = user.admin && user.is_open();
    change.delete_user(user.id, now).await?;
    if was_administrator {
        leave_an_administrator(&mut change, name).await?;
    }
    let (mut gone, mut held) = (Vec::new(), Vec::new());
    for membership in &memberships {
        let org = &membership.org;
        let ownerless =
            membership.role == Role::Owner && change.count_owners(membership.org_id).await? == 0;
        if ownerless && change.count_repos_of(membership.org_id).await? > 0 {
            held.push(org.clone());
        } else if ownerless {
            gone.push((membership.org_id, org.clone()));
        }
    }
    let still_owns = |orgs| AccountError::StillOwns { name: name.clone(), orgs };
    if !held.is_empty() {
        return Err(still_owns(held));
    }
    let mut shared = Vec::new();
    for (org_id, org) in &gone {
        // These shares go with it, and nobody who makes an organisation of that name may inherit
        // them.
        shared.extend(change.shared_with_org(*org_id).await?);
        match change.delete_org(*org_id).await {
            // Somebody pushed since its repositories were counted.
            Err(error) if error.is_in_use() => return Err(still_owns(vec![org.clone()])),
            outcome => outcome?,
        }
    }
    let gone: Vec<OrgName> = gone.into_iter().map(|(_, org)| org).collect();
    let act = Act { action: "user.delete", target: name.as_str(), org_id: None };
    let told = (facts(&user), json!({"organisations": gone}));
    audit::done(app, &mut change, actor, act, told).await?;
    for membership in &memberships {
        change.tell(LetterKind::Access, membership.org.as_str(), now).await?;
    }
    for repo in &shared {
        change.tell(LetterKind::Repo, repo.as_str(), now).await?;
    }
    change.tell(LetterKind::Credentials, name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(gone)
}

/// Sets somebody's password without asking for the old one, and ends their sessions. Nobody signs
/// in to the account at a provider any more: whoever did may be why.
///
/// # Errors
///
/// [`AccountError::Unknown`], and the rules for new passwords.
pub async fn reset_password(
    app: &App,
    actor: &Actor,
    name: &UserName,
    new: &SecretString,
) -> Result<User, AccountError> {
    access::administer(app, actor, ("user.password", name.as_str()))?;
    let unknown = || AccountError::Unknown { name: name.clone() };
    let found = app.db.user(name).await?;
    found.filter(|user| user.deleted_at_ms.is_none()).ok_or_else(unknown)?;
    let hash = hash(app, new).await?;
    let mut change = app.db.change().await?;
    let user = present(&mut change, name).await?;
    change.set_password(user.id, &hash).await?;
    untie(app, &mut change, actor, &user).await?;
    password_was_set(app, &mut change, actor, &user).await?;
    change.commit().await?;
    app.kick();
    Ok(user)
}

/// A user who was not deleted, while nobody else makes or unmakes administrators, or does anything
/// with what this user has. Whoever locks more locks organisations next, then repositories.
async fn present(change: &mut Change, name: &UserName) -> Result<User, AccountError> {
    let unknown = || AccountError::Unknown { name: name.clone() };
    change.lock_administrators().await?;
    let found = change.user(name).await?.ok_or_else(unknown)?;
    change.lock_user(found.id).await?;
    let user = change.user(name).await?.filter(|user| user.deleted_at_ms.is_none());
    user.ok_or_else(unknown)
}

async fn leave_an_administrator(change: &mut Change, name: &UserName) -> Result<(), AccountError> {
    if change.count_open_administrators().await? == 0 {
        return Err(AccountError::LastAdministrator { name: name.clone() });
    }
    Ok(())
}
