//! Personal tokens and the sessions of browsers.

use hub_db::DbError;
use hub_model::{Actor, Token, TokenScope, User};
use secrecy::SecretString;

use super::access::AccessError;
use crate::App;

/// Why a token was not made or ended.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A name that is empty or too long.
    #[error("a token's name has 1 to 64 characters, this one has {found}")]
    Name {
        /// Length of the rejected one.
        found: usize,
    },
    /// It would end before it begins.
    #[error("the token would have ended already")]
    Ended,
    /// A token for more than the caller's own credential is good for.
    #[error("a token for {} cannot make one for {}", .own.as_str(), .asked.as_str())]
    Wider {
        /// What the caller's credential is good for.
        own: TokenScope,
        /// What was asked for.
        asked: TokenScope,
    },
    /// The caller has no such token.
    #[error("there is no token {id}")]
    Unknown {
        /// Its row.
        id: i64,
    },
    /// The metadata store failed.
    #[error("could not record the token")]
    Db(#[from] DbError),
}

/// Makes a personal token. The secret is shown this once.
///
/// # Errors
///
/// [`TokenError::Wider`] when it would be good for more than the caller's own credential.
pub async fn create(
    app: &App,
    actor: &Actor,
    name: &str,
    scope: TokenScope,
    expires_at_ms: Option<i64>,
) -> Result<(Token, SecretString), TokenError> {
    todo!("{app:?} {actor:?} {name} {scope:?} {expires_at_ms:?}")
}

/// The caller's personal tokens.
///
/// # Errors
///
/// When nobody is signed in.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Token>, TokenError> {
    todo!("{app:?} {actor:?}")
}

/// Ends one of the caller's tokens or sessions.
///
/// # Errors
///
/// [`TokenError::Unknown`] when it is none of theirs.
pub async fn revoke(app: &App, actor: &Actor, id: i64) -> Result<(), TokenError> {
    todo!("{app:?} {actor:?} {id}")
}

/// Starts a session for somebody who just proved who they are.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn start_session(app: &App, user: &User) -> Result<SecretString, TokenError> {
    todo!("{app:?} {user:?}")
}

/// Ends a session; an unknown one is fine.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn end_session(app: &App, secret: &SecretString) -> Result<(), TokenError> {
    todo!("{app:?} {secret:?}")
}
