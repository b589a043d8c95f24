//! The browsers that somebody is signed in with.

use hub_db::DbError;
use hub_model::{Actor, LetterKind, Token, TokenKind};
use serde_json::json;

use super::access::{self, AccessError};
use super::audit::{self, Act};
use crate::App;

/// Why sessions were not shown or ended.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The caller has no such session.
    #[error("there is no session {id}")]
    Unknown {
        /// Its row.
        id: i64,
    },
    /// The metadata store failed.
    #[error("could not read or end the session")]
    Db(#[from] DbError),
}

/// A browser that is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The record.
    pub token: Token,
    /// Whether the caller came with it.
    pub current: bool,
}

/// What ends when somebody signs out everywhere, besides the refresh tokens of registry clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Everywhere {
    /// All sessions but the one that the caller came with.
    pub keep_this: bool,
    /// Personal tokens as well.
    pub tokens: bool,
}

/// The caller's sessions, the newest first.
///
/// # Errors
///
/// When nobody is signed in, or the credential has bounds.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Session>, SessionError> {
    let caller = access::whole_person(actor, "your account")?;
    let now = app.now_ms();
    let tokens = app.db.tokens_of(caller.user.id, TokenKind::Session).await?;
    let tokens = tokens.into_iter().filter(|token| token.expires_at_ms.is_none_or(|end| now < end));
    let session = |token: Token| {
        let current = caller.token() == Some(token.id);
        Session { token, current }
    };
    Ok(tokens.map(session).collect())
}

/// Ends one of the caller's sessions.
///
/// # Errors
///
/// [`SessionError::Unknown`] when it is none of theirs.
pub async fn end(app: &App, actor: &Actor, id: i64) -> Result<(), SessionError> {
    let caller = access::own_account(app, actor, "session.end")?;
    let user = &caller.user;
    let found = app.db.token(user.id, id).await?;
    if found.is_none_or(|token| token.kind != TokenKind::Session) {
        return Err(SessionError::Unknown { id });
    }
    let mut change = app.db.change().await?;
    if !change.delete_token(user.id, id).await? {
        return Err(SessionError::Unknown { id });
    }
    let act = Act { action: "session.end", target: user.name.as_str(), org_id: None };
    audit::done(app, &mut change, actor, act, (json!({"session": id}), ())).await?;
    change.tell(LetterKind::Credentials, user.name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// Signs the caller out everywhere.
///
/// # Errors
///
/// When nobody is signed in, or the credential has bounds.
pub async fn end_all(app: &App, actor: &Actor, what: Everywhere) -> Result<(), SessionError> {
    let caller = access::own_account(app, actor, "session.end_all")?;
    let user = &caller.user;
    // No row is called 0.
    let keep = caller.token().filter(|_| what.keep_this).unwrap_or(0);
    let mut change = app.db.change().await?;
    change.delete_other_tokens(user.id, TokenKind::Session, keep).await?;
    change.delete_tokens(user.id, TokenKind::Refresh).await?;
    if what.tokens {
        change.delete_other_tokens(user.id, TokenKind::Personal, keep).await?;
    }
    let act = Act { action: "session.end_all", target: user.name.as_str(), org_id: None };
    let told = json!({"others": what.keep_this, "tokens": what.tokens});
    audit::done(app, &mut change, actor, act, (told, ())).await?;
    change.tell(LetterKind::Credentials, user.name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

#[cfg(test)]
mod tests {
    use hub_model::TokenScope;

    use super::*;
    use crate::services::accounts::{self, NewAccount};
    use crate::services::{sign_in, tokens};

    #[tokio::test]
    async fn somebody_sees_and_ends_their_own_sessions_only() {
        let (app, _dir) = App::for_tests().await;
        let mut actors = Vec::new();
        for name in ["ana", "bob"] {
            let name = name.parse().unwrap();
            let new = NewAccount { name, password: "correct horse".into(), admin: false };
            let user = accounts::add_user(&app, &Actor::System, new).await.unwrap();
            let proof = app.proof(user.name.as_str()).await;
            for agent in ["one", "two"] {
                let secret = tokens::start_session(&app, &proof, agent).await.unwrap();
                actors.push((sign_in::by_secret(&app, &secret).await.unwrap(), secret));
            }
        }
        let [(ana, _), (_, second), (bob, _), (_, of_bob)] = &actors[..] else { panic!("four") };
        let seen = list(&app, ana).await.unwrap();
        let told: Vec<_> = seen.iter().map(|one| (&*one.token.agent, one.current)).collect();
        assert_eq!(told, [("two", false), ("one", true)]);

        let not_his = end(&app, bob, seen[0].token.id).await;
        assert!(matches!(not_his, Err(SessionError::Unknown { .. })));
        let (token, personal) = tokens::create(
            &app,
            ana,
            tokens::TokenOrder {
                name: "ci".to_owned(),
                scope: TokenScope::Pull,
                ..tokens::TokenOrder::default()
            },
        )
        .await
        .unwrap();
        let no_session = end(&app, ana, token.id).await;
        assert!(matches!(no_session, Err(SessionError::Unknown { .. })), "tokens are no sessions");
        let narrow = sign_in::by_secret(&app, &personal).await.unwrap();
        assert!(list(&app, &narrow).await.is_err(), "a token for pulls tells no addresses");

        end_all(&app, ana, Everywhere { keep_this: true, tokens: false }).await.unwrap();
        assert!(sign_in::by_secret(&app, second).await.is_err());
        assert_eq!(list(&app, ana).await.unwrap().len(), 1);
        assert!(sign_in::by_secret(&app, &personal).await.is_ok());
        end_all(&app, ana, Everywhere { keep_this: false, tokens: true }).await.unwrap();
        assert!(list(&app, ana).await.unwrap().is_empty());
        assert!(sign_in::by_secret(&app, &personal).await.is_err());
        assert!(sign_in::by_secret(&app, of_bob).await.is_ok(), "bob is not concerned");
    }
}
