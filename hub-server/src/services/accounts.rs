//! Users: signing in, making them, changing passwords.

use hub_db::DbError;
use hub_model::{Actor, SignedIn, User, UserName};
use secrecy::SecretString;

use super::access::AccessError;
use crate::App;
use crate::app::HashError;

/// Why somebody could not sign in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Unknown user, wrong password, or a token that is unknown, ended or somebody else's.
    #[error("user name, password or token is wrong")]
    Wrong,
    /// The credential is right, but the account is closed.
    #[error("this account is disabled")]
    Disabled,
    /// The password could not be checked.
    #[error("could not check the password")]
    Hash(#[from] HashError),
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
    /// The password could not be hashed.
    #[error("could not set the password")]
    Hash(#[from] HashError),
    /// The metadata store failed.
    #[error("could not record the account")]
    Db(#[from] DbError),
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

/// Checks a user name with a password, or with a personal token of that user.
///
/// # Errors
///
/// [`SignInError::Wrong`] tells nothing about what was wrong.
pub async fn sign_in(
    app: &App,
    name: &str,
    password: &SecretString,
) -> Result<SignedIn, SignInError> {
    todo!("{app:?} {name} {password:?}")
}

/// Checks a personal token or the secret of a session, without a user name.
///
/// # Errors
///
/// [`SignInError::Wrong`] when it is unknown or ended.
pub async fn by_token(app: &App, secret: &SecretString) -> Result<SignedIn, SignInError> {
    todo!("{app:?} {secret:?}")
}

/// Makes a user, and the organisation of that name with the user as its owner.
///
/// # Errors
///
/// [`AccountError::Taken`] when a user or an organisation has the name already.
pub async fn add_user(app: &App, actor: &Actor, new: NewAccount) -> Result<User, AccountError> {
    todo!("{app:?} {actor:?} {new:?}")
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
    todo!("{app:?} {actor:?} {old:?} {new:?}")
}
