//! Refresh tokens: what a client keeps in place of a password.

use hub_db::DbError;
use hub_model::{Actor, Credential, LetterKind, NewToken, SignedIn, TokenKind};
use secrecy::SecretString;
use serde_json::json;

use super::super::audit::{self, Act};
use super::super::plain;
use super::super::sign_in::{self, Proof, SignInError, fresh_secret, secret_hash};
use crate::App;
use crate::app::Origin;

/// What every refresh token begins with, so that it is known when it leaks.
const PREFIX: &str = "hub_ref_";

/// How long a refresh token lives, in milliseconds: 90 days.
const LIFETIME_MS: i64 = 90 * 24 * 3_600_000;

/// Most refresh tokens of one user: clients keep one for each machine, and ask for a new one
/// whenever somebody signs in there.
const MOST: i64 = 100;

/// Why a refresh token was not made or not accepted.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// Nobody signed in, or not with the password that counts by now.
    #[error("sign in first")]
    Unauthenticated,
    /// The caller came with something that a refresh token would outlive.
    #[error("only a password gets a refresh token")]
    NoPassword,
    /// Unknown, revoked or ended.
    #[error("the refresh token is not valid, or has ended")]
    Wrong,
    /// The metadata store failed.
    #[error("could not check or record the refresh token")]
    Db(#[from] DbError),
}

/// Makes a refresh token for a caller who came with their password. The oldest of too many ends.
///
/// # Errors
///
/// [`RefreshError::NoPassword`] for other credentials: a refresh token would outlive them.
pub async fn refresh_token(
    app: &App,
    actor: &Actor,
    client: &str,
) -> Result<SecretString, RefreshError> {
    let Actor::User(signed_in) = actor else { return Err(RefreshError::NoPassword) };
    if !matches!(signed_in.by, Credential::Password(_)) {
        return Err(RefreshError::NoPassword);
    }
    let secret = fresh_secret(PREFIX);
    let now = app.now_ms();
    let new = NewToken {
        user_id: signed_in.user.id,
        kind: TokenKind::Refresh,
        name: plain(client).chars().take(64).collect(),
        secret_hash: secret_hash(&secret),
        scope: signed_in.scope,
        within: signed_in.within.clone(),
        agent: plain(client).chars().take(64).collect(),
        address: Origin::here().address,
        created_at_ms: now,
        expires_at_ms: Some(now + LIFETIME_MS),
    };
    let mut change = app.db.change().await?;
    if !Proof::Password(signed_in.clone()).still_holds(&mut change).await? {
        return Err(RefreshError::Unauthenticated);
    }
    let made = change.add_token(&new).await?;
    let act = Act { action: "token.create", target: signed_in.user.name.as_str(), org_id: None };
    let told = json!({
        "id": made.id,
        "kind": made.kind.as_str(),
        "name": made.name,
        "scope": made.scope,
        "within": made.within.to_string(),
        "expiresAtMs": made.expires_at_ms,
    });
    audit::done(app, &mut change, actor, act, ((), told)).await?;
    if change.keep_tokens(new.user_id, TokenKind::Refresh, MOST).await? {
        change.tell(LetterKind::Credentials, signed_in.user.name.as_str(), now).await?;
    }
    change.commit().await?;
    app.kick();
    Ok(secret)
}

/// Who a refresh token belongs to.
///
/// # Errors
///
/// [`RefreshError::Wrong`] tells nothing about what was wrong.
pub async fn by_refresh_token(app: &App, secret: &SecretString) -> Result<SignedIn, RefreshError> {
    sign_in::by_token(app, secret, TokenKind::Refresh).await.map_err(|error| match error {
        SignInError::Db(error) => RefreshError::Db(error),
        _ => RefreshError::Wrong,
    })
}
