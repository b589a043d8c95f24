//! Users: what administrators do with them, and what everybody does with their own account.
//! Signing in is `sign_in.rs`.

mod administration;
pub(crate) mod groups;
mod link;
mod make;
mod own;

use hub_db::{Change, DbError};
use hub_model::{Actor, LetterKind, OrgName, TokenKind, User, UserName};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::access::AccessError;
use super::audit::{self, Act};
use crate::App;
use crate::app::{HashError, TooMany};

pub use administration::{Account, UserEdit, delete, edit, get, list, reset_password};
pub(crate) use link::untie;
pub(crate) use make::insert;
pub use make::{NewAccount, add_user};
pub(crate) use own::prove_again;
pub use own::{change_password, register, takes_registrations};

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
    /// Strangers may not make accounts here.
    #[error("this hub takes no registrations: ask an administrator for an account")]
    NoRegistration,
    /// The old password is wrong.
    #[error("the old password is wrong")]
    WrongPassword,
    /// There is no such user.
    #[error("there is no user `{name}`")]
    Unknown {
        /// The name.
        name: UserName,
    },
    /// Nobody could administer the hub any more.
    #[error("`{name}` is the last administrator who may sign in: make another one first")]
    LastAdministrator {
        /// The user.
        name: UserName,
    },
    /// Repositories would belong to nobody.
    #[error(
        "nobody but `{name}` owns {}: name another owner there, or delete the repositories, first",
        listed(.orgs)
    )]
    StillOwns {
        /// The user.
        name: UserName,
        /// Organisations that hold repositories and have no other owner.
        orgs: Vec<OrgName>,
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

/// Names in a sentence.
fn listed(names: &[OrgName]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What is noted of an account.
fn facts(user: &User) -> Value {
    json!({"admin": user.admin, "disabled": user.disabled})
}

/// Ends what somebody signed in with by password: sessions, and refresh tokens of the registry.
async fn end_sessions(change: &mut Change, user: &User) -> Result<(), DbError> {
    change.delete_tokens(user.id, TokenKind::Session).await?;
    change.delete_tokens(user.id, TokenKind::Refresh).await
}

/// What a new password entails: what somebody signed in with by the old one ends, everywhere.
async fn password_was_set(
    app: &App,
    change: &mut Change,
    actor: &Actor,
    user: &User,
) -> Result<(), DbError> {
    end_sessions(change, user).await?;
    let act = Act { action: "user.password", target: user.name.as_str(), org_id: None };
    audit::done(app, change, actor, act, ((), ())).await?;
    change.tell(LetterKind::Credentials, user.name.as_str(), app.now_ms()).await
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
