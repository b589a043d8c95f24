//! Making accounts.

use hub_db::NewUser;
use hub_model::{Actor, LetterKind, NewOrg, Role, User, UserName};
use secrecy::SecretString;
use serde_json::json;

use super::super::access;
use super::super::audit::{self, Act};
use super::{AccountError, hash};
use crate::App;

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
    access::require_administrator(actor)?;
    store(app, actor, new).await
}

/// Stores a user, the organisation of that name, and that they belong together.
pub(super) async fn store(app: &App, actor: &Actor, new: NewAccount) -> Result<User, AccountError> {
    let taken = || AccountError::Taken { name: new.name.clone() };
    let password_hash = Some(hash(app, &new.password).await?);
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    let user = change
        .add_user(&NewUser {
            name: new.name.clone(),
            password_hash,
            admin: new.admin,
            created_at_ms: now,
        })
        .await
        .map_err(|error| if error.is_conflict() { taken() } else { error.into() })?;
    let org = change
        .add_org(&NewOrg {
            name: new.name.org(),
            display_name: String::new(),
            description: String::new(),
            created_by: new.name.to_string(),
            created_at_ms: now,
        })
        .await
        .map_err(|error| if error.is_conflict() { taken() } else { error.into() })?;
    change.set_member(org.id, user.id, Role::Owner, now).await?;
    let act = Act { action: "user.create", target: new.name.as_str(), org_id: None };
    audit::done(app, &mut change, actor, act, ((), json!({"admin": new.admin}))).await?;
    change.tell(LetterKind::Access, org.name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(user)
}
