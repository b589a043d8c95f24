//! Users: signing in, making them, changing passwords.

use hub_db::{DbError, NewUser};
use hub_model::{
    Action, Actor, LetterKind, NewOrg, Role, SignedIn, TokenKind, TokenScope, User, UserName,
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::access::{self, AccessError};
use crate::App;
use crate::app::{HashError, TooMany};

/// Why somebody could not sign in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Unknown user, wrong password, or a token that is unknown, ended or somebody else's.
    #[error("user name, password or token is wrong")]
    Wrong,
    /// The credential is right, but the account is closed.
    #[error("this account is disabled")]
    Disabled,
    /// Too many passwords are being checked, or were for this caller.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The password could not be checked.
    #[error("could not check the password")]
    Hash(#[source] HashError),
    /// The metadata store failed.
    #[error("could not sign in")]
    Db(#[from] DbError),
}

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

impl From<HashError> for SignInError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::TooMany(error) => Self::TooMany(error),
            error => Self::Hash(error),
        }
    }
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

/// What every personal token begins with.
pub const TOKEN_PREFIX: &str = "hub_pat_";

/// What the secret of every session begins with.
pub const SESSION_PREFIX: &str = "hub_ses_";

/// The hash under which a secret is stored.
#[must_use]
pub fn secret_hash(secret: &SecretString) -> String {
    hex::encode(Sha256::digest(secret.expose_secret()))
}

/// Checks a user name with a password, or with a personal token of that user. Checks of passwords
/// are counted for the name at the address `from`, unless that is empty.
///
/// # Errors
///
/// [`SignInError::Wrong`] tells nothing about what was wrong.
pub async fn sign_in(
    app: &App,
    name: &str,
    password: &SecretString,
    from: &str,
) -> Result<SignedIn, SignInError> {
    if password.expose_secret().starts_with(TOKEN_PREFIX) {
        let signed_in = by_token(app, password).await?;
        // A token of somebody else must not make its bearer look like the user named.
        let own = signed_in.user.name.as_str() == name;
        return if own { Ok(signed_in) } else { Err(SignInError::Wrong) };
    }
    if password.expose_secret().len() > MAX_PASSWORD_BYTES {
        return Err(SignInError::Wrong);
    }
    let name = UserName::parse(name).ok();
    let user = match &name {
        Some(name) => app.known().await?.user(name).await?,
        None => None,
    };
    let hash = Sha256::digest(password.expose_secret()).into();
    let is_checked =
        || user.as_ref().is_some_and(|user| app.cache.knows_password(user.edition, hash));
    if !is_checked() {
        if !from.is_empty() {
            app.throttle.count_sign_in(name.as_ref(), from)?;
        }
        let turn = app.passwords.turn().await?;
        // Who came with the same password before may have had it checked meanwhile.
        if !is_checked() {
            let stored = match &user {
                Some(user) => app.db.password_hash(user.id).await?,
                None => None,
            };
            // Without a user the same work is done, so that the time tells nothing.
            if !turn.verify(password, stored).await? {
                return Err(SignInError::Wrong);
            }
        }
    }
    let Some(user) = user else { return Err(SignInError::Wrong) };
    if user.disabled {
        return Err(SignInError::Disabled);
    }
    app.cache.put_password(user.edition, hash);
    Ok(SignedIn { user: user.user, scope: TokenScope::Admin, token: None })
}

/// Checks a personal token or the secret of a session, without a user name.
///
/// # Errors
///
/// [`SignInError::Wrong`] when it is unknown or ended.
pub async fn by_token(app: &App, secret: &SecretString) -> Result<SignedIn, SignInError> {
    let text = secret.expose_secret();
    let kind = if text.starts_with(TOKEN_PREFIX) {
        TokenKind::Personal
    } else if text.starts_with(SESSION_PREFIX) {
        TokenKind::Session
    } else {
        return Err(SignInError::Wrong);
    };
    let found = app.db.token_by_hash(&secret_hash(secret)).await?;
    let now = app.now_ms();
    let (token, user) = found
        .filter(|(token, _)| token.kind == kind)
        .filter(|(token, _)| token.expires_at_ms.is_none_or(|end| end > now))
        .ok_or(SignInError::Wrong)?;
    if user.disabled {
        return Err(SignInError::Disabled);
    }
    app.uses.touch(token.id, now);
    Ok(SignedIn { user: user.into(), scope: token.scope, token: Some(token.id) })
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
    let Actor::User(signed_in) = actor else { return Err(AccessError::Unauthenticated.into()) };
    let user = &signed_in.user;
    if !signed_in.scope.covers(Action::Administer) {
        let name = user.name.to_string();
        let (action, scope) = (Action::Administer, signed_in.scope);
        return Err(AccessError::Narrow { action, name, scope }.into());
    }
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
