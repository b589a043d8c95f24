//! Personal tokens and the sessions of browsers.

use hub_db::{Change, DbError};
use hub_model::{
    Action, Actor, Credential, LetterKind, NewToken, Place, SignedIn, Token, TokenKind, TokenScope,
    Within,
};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::access::{self, AccessError};
use super::audit::{self, Act};
use super::reach::{self, Reach, ReachError};
use super::sign_in::{self, Proof, SESSION_PREFIX, TOKEN_PREFIX, fresh_secret, secret_hash};
use super::{limit_rows, plain};
use crate::App;
use crate::app::Origin;

/// Longest name of a token, in characters.
const LONGEST_NAME: usize = 64;

/// Most of what a browser calls itself that is kept, in characters.
const LONGEST_AGENT: usize = 200;

/// Most personal tokens of one user; those that ended count until they are revoked.
const MOST: u64 = 200;

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
    /// There are enough.
    #[error("a user has at most {most} tokens: revoke one that nobody uses", most = MOST)]
    TooMany,
    /// It would go beyond the caller's own credential, or beyond what the hub allows.
    #[error(transparent)]
    Reach(#[from] ReachError),
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

/// A personal token that is asked for.
#[derive(Debug, Clone, Default)]
pub struct TokenOrder {
    /// What its owner calls it.
    pub name: String,
    /// What it is to be good for.
    pub scope: TokenScope,
    /// Where; none for wherever the caller's own credential is good.
    pub within: Vec<Place>,
    /// When it is to end, in milliseconds; as late as may be when `None`.
    pub expires_at_ms: Option<i64>,
}

/// Makes a personal token. The secret is shown this once. Whether its places are there is nobody's
/// business: they may come, and a name that is refused would tell which are.
///
/// # Errors
///
/// [`TokenError::Reach`] when it would go beyond the caller's own credential,
/// [`TokenError::TooMany`] when the caller has as many as a user may.
pub async fn create(
    app: &App,
    actor: &Actor,
    order: TokenOrder,
) -> Result<(Token, SecretString), TokenError> {
    let caller = owner(actor)?;
    let reach = Reach::of(app, actor).await?;
    let within = reach::places(order.within)?;
    let within = if within.is_everywhere() { reach.within.clone() } else { within };
    reach.holds(order.scope, &within)?;
    let name = plain(order.name.trim());
    let found = name.chars().count();
    if !(1..=LONGEST_NAME).contains(&found) {
        return Err(TokenError::Name { found });
    }
    let new = NewToken {
        user_id: caller.user.id,
        kind: TokenKind::Personal,
        name,
        secret_hash: String::new(),
        scope: order.scope,
        within,
        agent: String::new(),
        address: Origin::here().address,
        created_at_ms: app.now_ms(),
        expires_at_ms: reach.end(app, order.expires_at_ms)?,
    };
    let mut change = app.db.change().await?;
    // Two at the same time must not both find room for the last one.
    change.lock_user(caller.user.id).await?;
    if change.count_tokens(caller.user.id, TokenKind::Personal).await? >= limit_rows(MOST) {
        return Err(TokenError::TooMany);
    }
    let (token, secret) = store(&mut change, new, TOKEN_PREFIX).await?;
    let made = act("token.create", caller);
    audit::done(app, &mut change, actor, made, (Value::Null, noted(&token))).await?;
    // As `docker login` and `hub login` do: from now on this program is signed in.
    if matches!(caller.by, Credential::Password(_)) {
        let told = json!({"token": token.id});
        audit::done(app, &mut change, actor, act(audit::SIGN_IN, caller), ((), told)).await?;
    }
    change.commit().await?;
    Ok((token, secret))
}

/// The caller's personal tokens: those that their own credential reaches, and this one.
///
/// # Errors
///
/// When nobody is signed in.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Token>, TokenError> {
    let caller = owner(actor)?;
    let reach = Reach::of(app, actor).await?;
    let mut tokens = app.db.tokens_of(caller.user.id, TokenKind::Personal).await?;
    tokens.retain(|token| is_reached(caller, &reach, token));
    Ok(tokens)
}

/// Ends one of the caller's tokens or sessions.
///
/// # Errors
///
/// [`TokenError::Unknown`] when it is none of theirs.
pub async fn revoke(app: &App, actor: &Actor, id: i64) -> Result<(), TokenError> {
    let caller = owner(actor)?;
    let token = reached(app, actor, caller, id).await?;
    let mut change = app.db.change().await?;
    if !change.delete_token(caller.user.id, id).await? {
        return Err(TokenError::Unknown { id });
    }
    let act = act("token.revoke", caller);
    audit::done(app, &mut change, actor, act, (noted(&token), Value::Null)).await?;
    change.tell(LetterKind::Credentials, caller.user.name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// Puts another token in the place of one of the caller's: the same name, scope, places and length
/// of life, and a new secret. The old one has ended when this answers, and so has every registry
/// token that was asked for with it.
///
/// # Errors
///
/// [`TokenError::Unknown`] when it is none of theirs.
pub async fn rotate(
    app: &App,
    actor: &Actor,
    id: i64,
) -> Result<(Token, SecretString), TokenError> {
    let caller = owner(actor)?;
    let old = reached(app, actor, caller, id).await?;
    if old.kind != TokenKind::Personal {
        return Err(TokenError::Unknown { id });
    }
    let life = (old.created_at_ms, old.expires_at_ms);
    let own = caller.token() == Some(id);
    let new = NewToken {
        user_id: caller.user.id,
        kind: TokenKind::Personal,
        name: old.name.clone(),
        secret_hash: String::new(),
        scope: old.scope,
        within: old.within.clone(),
        agent: old.agent.clone(),
        address: Origin::here().address,
        created_at_ms: app.now_ms(),
        expires_at_ms: Reach::of(app, actor).await?.renewed(app, life, own),
    };
    let mut change = app.db.change().await?;
    // Whoever comes second finds nothing to take the place of.
    if !change.delete_token(caller.user.id, id).await? {
        return Err(TokenError::Unknown { id });
    }
    let (token, secret) = store(&mut change, new, TOKEN_PREFIX).await?;
    let act = act("token.rotate", caller);
    audit::done(app, &mut change, actor, act, (noted(&old), noted(&token))).await?;
    change.tell(LetterKind::Credentials, caller.user.name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    app.kick();
    Ok((token, secret))
}

/// The person whose tokens are meant. An access key is for the registry, not for the account.
fn owner(actor: &Actor) -> Result<&SignedIn, AccessError> {
    let caller = access::person(actor)?;
    if matches!(caller.by, Credential::Key(_)) {
        let (action, scope) = (Action::Administer, caller.scope);
        let name = "your account".to_owned();
        return Err(AccessError::Narrow { action, name, scope, bounded: false });
    }
    Ok(caller)
}

/// The caller's credential in that row, unless it goes beyond the one they came with: whoever found
/// a narrow token learns nothing of the others.
async fn reached(
    app: &App,
    actor: &Actor,
    caller: &SignedIn,
    id: i64,
) -> Result<Token, TokenError> {
    let reach = Reach::of(app, actor).await?;
    let token = app.db.token(caller.user.id, id).await?;
    token.filter(|token| is_reached(caller, &reach, token)).ok_or(TokenError::Unknown { id })
}

fn is_reached(caller: &SignedIn, reach: &Reach, token: &Token) -> bool {
    caller.token() == Some(token.id) || reach.holds(token.scope, &token.within).is_ok()
}

fn act<'a>(action: &'static str, caller: &'a SignedIn) -> Act<'a> {
    Act { action, target: caller.user.name.as_str(), org_id: None }
}

/// What is noted of a token.
fn noted(token: &Token) -> Value {
    json!({
        "id": token.id,
        "kind": token.kind.as_str(),
        "name": token.name,
        "scope": token.scope,
        "within": token.within.to_string(),
        "expiresAtMs": token.expires_at_ms,
    })
}

/// Starts a session for somebody who just proved who they are.
///
/// # Errors
///
/// [`AccessError::Unauthenticated`] when what they proved is no longer good.
pub async fn start_session(
    app: &App,
    proof: &Proof,
    agent: &str,
) -> Result<SecretString, TokenError> {
    let user = proof.user();
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
    let mut change = app.db.change().await?;
    if !proof.still_holds(&mut change).await? {
        return Err(AccessError::Unauthenticated.into());
    }
    let (token, secret) = store(&mut change, new, SESSION_PREFIX).await?;
    let told = json!({"session": token.id});
    audit::signed_in(app, &mut change, (&user.name, proof.credential()), &told).await?;
    change.commit().await?;
    Ok(secret)
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
    if !change.delete_token(user.id, token.id).await? {
        return Ok(());
    }
    let name = user.name.clone();
    let caller = Actor::User(sign_in::with_token(user.into(), &token));
    let act = Act { action: "session.end", target: name.as_str(), org_id: None };
    audit::done(app, &mut change, &caller, act, (json!({"session": token.id}), ())).await?;
    change.tell(LetterKind::Credentials, name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// Stores a token under a fresh secret.
async fn store(
    change: &mut Change,
    mut new: NewToken,
    prefix: &str,
) -> Result<(Token, SecretString), TokenError> {
    let secret = fresh_secret(prefix);
    new.secret_hash = secret_hash(&secret);
    Ok((change.add_token(&new).await?, secret))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::services::accounts;
    use crate::services::sign_in::{self, SignInError};

    fn order(name: &str, scope: TokenScope) -> TokenOrder {
        TokenOrder { name: name.to_owned(), scope, ..TokenOrder::default() }
    }

    fn places(text: &str) -> Vec<Place> {
        text.split_whitespace().map(|place| Place::parse(place).unwrap()).collect()
    }

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
        let (token, secret) = create(&app, &ana, order("ci", TokenScope::Push)).await.unwrap();
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
        let late = TokenOrder { expires_at_ms: Some(1), ..order("late", TokenScope::Pull) };
        let past = create(&app, &ana, late).await;
        assert!(matches!(past, Err(TokenError::Reach(ReachError::Ended))));

        let narrow = TokenOrder {
            within: places("ana/app team"),
            expires_at_ms: Some(app.now_ms() + 60_000),
            ..order("ci", TokenScope::Pull)
        };
        let (token, secret) = create(&app, &ana, narrow).await.unwrap();
        assert_eq!(token.within.to_string(), "ana/app team");
        let narrow = sign_in::by_secret(&app, &secret).await.unwrap();
        let wider = create(&app, &narrow, order("more", TokenScope::Admin)).await;
        assert_eq!(wider.unwrap_err().to_string(), "a token for pull cannot make one for admin");
        let other = TokenOrder { within: places("ana"), ..order("more", TokenScope::Pull) };
        let wider = create(&app, &narrow, other).await.unwrap_err();
        assert_eq!(wider.to_string(), "a token for ana/app team cannot make one for ana");
        let long = app.now_ms() + 120_000;
        let longer = TokenOrder { expires_at_ms: Some(long), ..order("more", TokenScope::Pull) };
        let longer = create(&app, &narrow, longer).await;
        assert!(matches!(longer, Err(TokenError::Reach(ReachError::Time { .. }))));

        // What is left open is as far as may be.
        let (child, _) = create(&app, &narrow, order("child", TokenScope::Pull)).await.unwrap();
        assert_eq!((child.within, child.expires_at_ms), (token.within, token.expires_at_ms));
    }

    #[tokio::test]
    async fn a_token_that_is_rotated_ends_and_another_one_takes_its_place() {
        let (app, _dir) = App::for_tests().await;
        let ana = ana(&app).await;
        let day = 86_400_000;
        let asked = TokenOrder {
            within: places("ana/app"),
            expires_at_ms: Some(app.now_ms() + day),
            ..order("ci", TokenScope::Push)
        };
        let (old, secret) = create(&app, &ana, asked).await.unwrap();
        let by_old = sign_in::by_secret(&app, &secret).await.unwrap();
        // With itself, as a pipeline does.
        let (new, fresh) = rotate(&app, &by_old, old.id).await.unwrap();
        assert_eq!((&new.name, new.scope, &new.within), (&old.name, old.scope, &old.within));
        assert!(new.expires_at_ms.is_some_and(|end| (end - app.now_ms() - day).abs() < 5_000));
        assert!(sign_in::by_secret(&app, &secret).await.is_err());
        assert!(sign_in::by_secret(&app, &fresh).await.is_ok());
        let twice = rotate(&app, &ana, old.id).await;
        assert!(matches!(twice, Err(TokenError::Unknown { .. })));
        assert_eq!(list(&app, &ana).await.unwrap(), [new]);
    }

    #[tokio::test]
    async fn a_narrow_token_neither_sees_nor_takes_over_a_wider_one() {
        let (app, _dir) = App::for_tests().await;
        let ana = ana(&app).await;
        let (wide, _) = create(&app, &ana, order("all", TokenScope::Admin)).await.unwrap();
        let (own, secret) = create(&app, &ana, order("ci", TokenScope::Pull)).await.unwrap();
        let narrow = sign_in::by_secret(&app, &secret).await.unwrap();
        assert_eq!(list(&app, &narrow).await.unwrap(), *std::slice::from_ref(&own));
        let taken = rotate(&app, &narrow, wide.id).await;
        assert!(matches!(taken, Err(TokenError::Unknown { .. })));
        assert!(revoke(&app, &narrow, wide.id).await.is_err());
        revoke(&app, &narrow, own.id).await.unwrap();
        assert_eq!(list(&app, &ana).await.unwrap(), [wide]);
        // A session is no personal token, and cannot be made one.
        let session = start_session(&app, &app.proof("ana").await, "").await.unwrap();
        let Actor::User(browser) = sign_in::by_secret(&app, &session).await.unwrap() else {
            panic!("a session is somebody's");
        };
        let rotated = rotate(&app, &ana, browser.token().unwrap()).await;
        assert!(matches!(rotated, Err(TokenError::Unknown { .. })));
    }

    #[tokio::test]
    async fn a_session_ends_when_its_browser_says_so() {
        let (app, _dir) = App::for_tests().await;
        let ana = ana(&app).await;
        let secret = start_session(&app, &app.proof("ana").await, "").await.unwrap();
        assert!(sign_in::by_secret(&app, &secret).await.is_ok());
        assert!(list(&app, &ana).await.unwrap().is_empty(), "sessions are no personal tokens");
        end_session(&app, &secret).await.unwrap();
        end_session(&app, &secret).await.unwrap();
        assert!(sign_in::by_secret(&app, &secret).await.is_err());
        let noted = app.db.audit(&hub_db::AuditFilter::default(), 9).await.unwrap();
        let noted: Vec<_> = noted.iter().map(|act| &act.entry).collect();
        assert_eq!((&*noted[0].action, &*noted[1].action), ("session.end", "auth.sign_in"));
        assert_eq!((&*noted[1].credential, &*noted[1].actor), ("password", "ana"));
        assert!(noted[0].credential.starts_with("token "), "once, and by the session itself");
        assert_eq!(noted[2].action, "user.create");
    }

    #[tokio::test]
    async fn nobody_has_no_tokens() {
        let (app, _dir) = App::for_tests().await;
        let made = create(&app, &Actor::Anonymous, order("x", TokenScope::Pull)).await;
        assert!(matches!(made, Err(TokenError::Access(AccessError::Unauthenticated))));
    }
}
