//! Making accounts.

use hub_db::{Change, DbError, NewUser};
use hub_model::{Actor, LetterKind, NewOrg, Role, SignedIn, User, UserName};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::super::access;
use super::super::audit::{self, Act};
use super::{AccountError, hash};
use crate::App;
use crate::app::password_mark;

/// An account about to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Name to sign in with, and of the organisation that comes with it.
    pub name: UserName,
    /// The first password.
    pub password: SecretString,
    /// Whether the user administers the whole hub.
    pub admin: bool,
}

/// Makes a user, and the organisation of that name with the user as its owner.
///
/// # Errors
///
/// [`AccountError::Taken`] when a user or an organisation has the name already, or a user had it.
pub async fn add_user(app: &App, actor: &Actor, new: NewAccount) -> Result<User, AccountError> {
    access::administer(app, actor, ("user.create", new.name.as_str()))?;
    Ok(User::clone(&*store(app, actor, new).await?.user))
}

/// Makes an account in a change of its own; answers its user, signed in with the first password.
pub(super) async fn store(
    app: &App,
    actor: &Actor,
    new: NewAccount,
) -> Result<SignedIn, AccountError> {
    let name = new.name;
    let password = hash(app, &new.password).await?;
    let mark = password_mark(Some(&password));
    let user = NewUser {
        name: name.clone(),
        password_hash: Some(password),
        admin: new.admin,
        created_at_ms: app.now_ms(),
    };
    let mut change = app.db.change().await?;
    let made = insert(app, &mut change, actor, &user, json!({"admin": new.admin})).await;
    let user = made.map_err(|error| {
        if error.is_conflict() { AccountError::Taken { name } } else { error.into() }
    })?;
    change.commit().await?;
    app.kick();
    Ok(SignedIn::by_this_password(user.into(), mark))
}

/// Stores a user, the organisation of that name, and that they belong together. `told` is what is
/// noted of the user.
///
/// # Errors
///
/// When somebody or an organisation has or had the name ([`DbError::is_conflict`]).
pub(crate) async fn insert(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    new: &NewUser,
    told: Value,
) -> Result<User, DbError> {
    let (name, now) = (&new.name, new.created_at_ms);
    let user = change.add_user(new).await?;
    let org = change
        .add_org(&NewOrg {
            name: name.org(),
            display_name: String::new(),
            description: String::new(),
            created_by: name.to_string(),
            created_at_ms: now,
        })
        .await?;
    change.set_member(org.id, user.id, Role::Owner, now).await?;
    let act = Act { action: "user.create", target: name.as_str(), org_id: None };
    audit::done(app, change, actor, act, ((), told)).await?;
    change.tell(LetterKind::Access, org.name.as_str(), now).await?;
    change.tell(LetterKind::Credentials, name.as_str(), now).await?;
    Ok(user)
}
