//! Personal tokens and the sessions of browsers.

use hub_db::DbError;
use hub_model::{Actor, LetterKind, NewToken, Token, TokenKind, TokenScope, User, Within};
use secrecy::SecretString;

use super::access::{self, AccessError};
use super::plain;
use super::sign_in::{SESSION_PREFIX, TOKEN_PREFIX, fresh_secret, secret_hash};
use crate::App;
use crate::app::Origin;

/// Longest name of a token, in characters.
const LONGEST_NAME: usize = 64;

/// Most of what a browser calls itself that is kept, in characters.
const LONGEST_AGENT: usize = 200;

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
    let caller = access::person(actor)?;
    if scope > caller.scope {
        return Err(TokenError::Wider { own: caller.scope, asked: scope });
    }
    let name = plain(name.trim());
    let found = name.chars().count();
    if !(1..=LONGEST_NAME).contains(&found) {
        return Err(TokenError::Name { found });
    }
    let now = app.now_ms();
    if expires_at_ms.is_some_and(|end| end <= now) {
        return Err(TokenError::Ended);
    }
    let new = NewToken {
        user_id: caller.user.id,
        kind: TokenKind::Personal,
        name,
        secret_hash: String::new(),
        scope,
        within: caller.within.clone(),
        agent: String::new(),
        address: Origin::here().address,
        created_at_ms: now,
        expires_at_ms,
    };
    store(app, new, TOKEN_PREFIX).await
}

/// The caller's personal tokens.
///
/// # Errors
///
/// When nobody is signed in.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Token>, TokenError> {
    let caller = access::person(actor)?;
    Ok(app.db.tokens_of(caller.user.id, TokenKind::Personal).await?)
}

/// Ends one of the caller's tokens or sessions.
///
/// # Errors
///
/// [`TokenError::Unknown`] when it is none of theirs.
pub async fn revoke(app: &App, actor: &Actor, id: i64) -> Result<(), TokenError> {
    let caller = access::person(actor)?;
    let mut change = app.db.change().await?;
    if !change.delete_token(caller.user.id, id).await? {
        return Err(TokenError::Unknown { id });
    }
    change.tell(LetterKind::Credentials, caller.user.name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// Starts a session for somebody who just proved who they are.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn start_session(
    app: &App,
    user: &User,
    agent: &str,
) -> Result<SecretString, TokenError> {
    let now = app.now_ms();
    let days = i64::from(app.config.auth.session_days);
    let new = NewToken {
        user_id: user.id,
        kind: TokenKind::Session,
        name: "browser".to_owned(),
        secret_hash: String::new(),
        scope: TokenScope::Admin,
        within: Within::EVERYWHERE,
        agent: plain(agent).chars().take(LONGEST_AGENT).collect(),
        address: Origin::here().address,
        created_at_ms: now,
        expires_at_ms: Some(now + days * 24 * 60 * 60 * 1000),
    };
    Ok(store(app, new, SESSION_PREFIX).await?.1)
}

/// Ends a session; an unknown one is fine.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn end_session(app: &App, secret: &SecretString) -> Result<(), TokenError> {
    let found = app.db.token_by_hash(&secret_hash(secret)).await?;
    let Some((token, user)) = found.filter(|(token, _)| token.kind == TokenKind::Session) else {
        return Ok(());
    };
    let mut change = app.db.change().await?;
    change.delete_token(user.id, token.id).await?;
    change.tell(LetterKind::Credentials, user.name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    Ok(())
}

/// Stores a token under a fresh secret.
async fn store(
    app: &App,
    mut new: NewToken,
    prefix: &str,
) -> Result<(Token, SecretString), TokenError> {
    let secret = fresh_secret(prefix);
    new.secret_hash = secret_hash(&secret);
    let mut change = app.db.change().await?;
    let token = change.add_token(&new).await?;
    change.commit().await?;
    Ok((token, secret))
}

#[cfg(test)]
mod tests {
    use hub_model::SignedIn;
    use secrecy::ExposeSecret;

    use super::*;
    use crate::services::accounts;
    use crate::services::sign_in::{self, SignInError};

    async fn ana(app: &App) -> Actor {
        let new = accounts::NewAccount {
            name: "ana".parse().unwrap(),
            password: "correct horse".into(),
            admin: false,
        };
        let user = accounts::add_user(app, &Actor::System, new).await.unwrap();
        Actor::User(SignedIn::by_password(user.into()))
    }

    #[tokio::test]
    async fn a_token_signs_in_until_it_is_revoked() {
        let (app, _dir) = App::for_tests().await;
        let ana = ana(&app).await;
        let (token, secret) = create(&app, &ana, "ci", TokenScope::Push, None).await.unwrap();
        assert!(secret.expose_secret().starts_with("hub_pat_"));
        let Actor::User(signed_in) = sign_in::by_secret(&app, &secret).await.unwrap() else {
            panic!("a token is somebody's");
        };
        assert_eq!((signed_in.scope, signed_in.token()), (TokenScope::Push, Some(token.id)));
        assert_eq!(list(&app, &ana).await.unwrap().len(), 1);

        revoke(&app, &ana, token.id).await.unwrap();
        let gone = sign_in::by_secret(&app, &secret).await;
        assert!(matches!(gone, Err(SignInError::Wrong)));
        let twice = revoke(&app, &ana, token.id).await;
        assert!(matches!(twice, Err(TokenError::Unknown { .. })));
    }

    #[tokio::test]
    async fn a_token_ends_and_makes_no_wider_one() {
        let (app, _dir) = App::for_tests().await;
        let ana = ana(&app).await;
        let past = create(&app, &ana, "late", TokenScope::Pull, Some(app.now_ms() - 1)).await;
        assert!(matches!(past, Err(TokenError::Ended)));

        let (_, secret) = create(&app, &ana, "ci", TokenScope::Pull, None).await.unwrap();
        let narrow = sign_in::by_secret(&app, &secret).await.unwrap();
        let wider = create(&app, &narrow, "more", TokenScope::Admin, None).await;
        assert_eq!(wider.unwrap_err().to_string(), "a token for pull cannot make one for admin");
    }

    #[tokio::test]
    async fn a_session_ends_when_its_browser_says_so() {
        let (app, _dir) = App::for_tests().await;
        let ana = ana(&app).await;
        let secret = start_session(&app, ana.user().unwrap(), "").await.unwrap();
        assert!(sign_in::by_secret(&app, &secret).await.is_ok());
        assert!(list(&app, &ana).await.unwrap().is_empty(), "sessions are no personal tokens");
        end_session(&app, &secret).await.unwrap();
        end_session(&app, &secret).await.unwrap();
        assert!(sign_in::by_secret(&app, &secret).await.is_err());
    }

    #[tokio::test]
    async fn nobody_has_no_tokens() {
        let (app, _dir) = App::for_tests().await;
        let made = create(&app, &Actor::Anonymous, "x", TokenScope::Pull, None).await;
        assert!(matches!(made, Err(TokenError::Access(AccessError::Unauthenticated))));
    }
}
