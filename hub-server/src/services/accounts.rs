//! Users: making them, changing passwords. Signing in is `sign_in.rs`.

use hub_db::{DbError, NewUser};
use hub_model::{Actor, LetterKind, NewOrg, Role, TokenKind, User, UserName};
use secrecy::{ExposeSecret, SecretString};

use super::access::{self, AccessError};
use crate::App;
use crate::app::{HashError, TooMany};

/// Why an account was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A user or an organisation of that name is there already.
    #[error("the name `{name}` is taken")]
    Taken {
        /// The name.
        name: UserName,
    },
    /// The new password is too short or too long.
    #[error(
        "a password has {} to {} bytes, this one has {found}",
        MIN_PASSWORD_BYTES,
        MAX_PASSWORD_BYTES
    )]
    PasswordLength {
        /// Length of the rejected one.
        found: usize,
    },
    /// The old password is wrong.
    #[error("the old password is wrong")]
    WrongPassword,
    /// There is no such user.
    #[error("there is no user `{name}`")]
    Unknown {
        /// The name.
        name: UserName,
    },
    /// Too many passwords are being checked.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The password could not be hashed.
    #[error("could not set the password")]
    Hash(#[source] HashError),
    /// The metadata store failed.
    #[error("could not record the account")]
    Db(#[from] DbError),
}

impl From<HashError> for AccountError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::TooMany(error) => Self::TooMany(error),
            error => Self::Hash(error),
        }
    }
}

/// Shortest password, in bytes. Source: NIST SP 800-63B, memorised secrets.
pub const MIN_PASSWORD_BYTES: usize = 8;

/// Longest password, in bytes: what is longer costs time to hash and is no safer.
pub const MAX_PASSWORD_BYTES: usize = 256;

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
/// [`AccountError::Taken`] when a user or an organisation has the name already.
pub async fn add_user(app: &App, actor: &Actor, new: NewAccount) -> Result<User, AccountError> {
    access::require_administrator(actor)?;
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
    change.tell(LetterKind::Access, org.name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(user)
}

/// Changes the caller's own password; every session of theirs ends.
///
/// # Errors
///
/// [`AccountError::WrongPassword`], and the rules for new ones.
pub async fn change_password(
    app: &App,
    actor: &Actor,
    old: &SecretString,
    new: &SecretString,
) -> Result<(), AccountError> {
    let user = &access::whole_person(actor, "your account")?.user;
    let stored = app.db.password_hash(user.id).await?;
    if !app.passwords.turn().await?.verify(old, stored).await? {
        return Err(AccountError::WrongPassword);
    }
    store_password(app, user, new).await
}

/// Sets somebody's password without asking for the old one: for administrators.
///
/// # Errors
///
/// [`AccountError::Unknown`], and the rules for new passwords.
pub async fn reset_password(
    app: &App,
    actor: &Actor,
    name: &UserName,
    new: &SecretString,
) -> Result<(), AccountError> {
    access::require_administrator(actor)?;
    let user = app.db.user(name).await?;
    let user = user.ok_or_else(|| AccountError::Unknown { name: name.clone() })?;
    store_password(app, &user, new).await
}

async fn store_password(app: &App, user: &User, new: &SecretString) -> Result<(), AccountError> {
    let hash = hash(app, new).await?;
    let mut change = app.db.change().await?;
    change.set_password(user.id, &hash).await?;
    change.delete_tokens(user.id, TokenKind::Session).await?;
    change.delete_tokens(user.id, TokenKind::Refresh).await?;
    change.tell(LetterKind::Credentials, user.name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// Checks the rules for passwords, and hashes one.
async fn hash(app: &App, password: &SecretString) -> Result<String, AccountError> {
    let found = password.expose_secret().len();
    if !(MIN_PASSWORD_BYTES..=MAX_PASSWORD_BYTES).contains(&found) {
        return Err(AccountError::PasswordLength { found });
    }
    Ok(app.passwords.hash(password).await?)
}

#[cfg(test)]
mod tests;
