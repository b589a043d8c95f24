//! Registry tokens: short-lived, signed, for some repositories; and the refresh tokens behind
//! them.
//!
//! A token says who and which scopes. It is a bound, never a right: every act asks the record
//! again, so a right that was taken back is gone at once.

mod claims;
mod refresh;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use hub_db::DbError;
use hub_model::{Action, Actor, Credential, RepoName, Scope, SignedIn, Visibility};
use sha2::{Digest, Sha256};

use super::{access, filter, limit_rows, sign_in};
use crate::App;
use crate::app::{Bearer, SignedToken};
use claims::Claims;

pub use refresh::{RefreshError, by_refresh_token, refresh_token};

/// Most scopes that one token holds: with more, its header would not pass common proxies.
const MAX_SCOPES: usize = 50;

/// A token that was issued.
#[derive(Clone)]
pub struct IssuedToken {
    /// The token itself, a secret.
    pub jwt: secrecy::SecretString,
    /// How long it lives, in seconds.
    pub expires_in: u64,
    /// When it was issued, in milliseconds.
    pub issued_at_ms: i64,
    /// What it allows.
    pub access: Vec<Scope>,
}

/// Why no token was issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The library did not sign.
    #[error("could not sign the token")]
    Sign(#[source] jsonwebtoken::errors::Error),
    /// The metadata store failed.
    #[error("could not find out what the token may allow")]
    Db(#[from] DbError),
}

/// Why a token is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Not ours, altered, for another service, or ended.
    #[error("the token is not valid, or has ended")]
    Invalid,
    /// The metadata store failed.
    #[error("could not check the token")]
    Db(#[from] DbError),
}

/// What a valid token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Who.
    pub actor: Actor,
    /// What it allows, at most.
    pub access: Arc<[Scope]>,
}

impl Verified {
    /// Whether the token covers `action` on `repo`.
    #[must_use]
    pub fn covers(&self, action: Action, repo: &RepoName) -> bool {
        let word = match action {
            Action::Pull => "pull",
            Action::Push => "push",
            Action::Delete => "delete",
            Action::Administer => return false,
        };
        self.access.iter().any(|scope| {
            scope.kind == "repository"
                && scope.name == repo.as_str()
                && scope.actions.iter().any(|granted| granted == word)
        })
    }
}

impl Verified {
    /// Whether the token is for the names of all that its bearer may pull: one for a single
    /// repository tells no other's name.
    #[must_use]
    pub fn covers_catalog(&self) -> bool {
        let catalog = |scope: &Scope| scope.kind == "registry" && scope.name == "catalog";
        self.access.iter().any(catalog)
    }
}

/// Issues a token for as much of `asked` as the caller may do: less than asked is no error.
///
/// # Errors
///
/// When the metadata store fails, or the token cannot be signed.
pub async fn issue(app: &App, actor: &Actor, asked: &[Scope]) -> Result<IssuedToken, IssueError> {
    let access = granted(app, actor, asked).await?;
    let issued_at_ms = app.now_ms();
    let expires_in = app.config.auth.token_seconds;
    let bearer = bearer(actor);
    let claims = Claims::new(&app.config.service(), &bearer, issued_at_ms / 1000, expires_in);
    let claims = claims.good_for(&access, actor.scope());
    let jwt = claims.sign(&app.keys).map_err(IssueError::Sign)?;
    Ok(IssuedToken { jwt: jwt.into(), expires_in, issued_at_ms, access })
}

/// Whose the token is to be, and by which credential.
fn bearer(actor: &Actor) -> Bearer {
    match actor {
        Actor::Anonymous | Actor::System => Bearer::Nobody,
        Actor::Robot(robot) => {
            Bearer::Robot { name: robot.name.clone(), secret_at_ms: robot.secret_at_ms }
        }
        // With the password that was proved, not with the one that is there by now.
        Actor::User(signed_in) => {
            Bearer::User { name: signed_in.user.name.clone(), by: signed_in.by }
        }
    }
}

/// The part of `asked` that the caller may do now.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn granted(app: &App, actor: &Actor, asked: &[Scope]) -> Result<Vec<Scope>, IssueError> {
    let mut granted: Vec<Scope> = Vec::new();
    for scope in asked.iter().take(MAX_SCOPES) {
        let Some(scope) = grant(app, actor, scope).await? else { continue };
        let same = |known: &&mut Scope| known.kind == scope.kind && known.name == scope.name;
        match granted.iter_mut().find(same) {
            Some(known) => {
                known.actions.extend(scope.actions);
                known.actions.sort_unstable();
                known.actions.dedup();
            }
            None => granted.push(scope),
        }
    }
    Ok(granted)
}

async fn grant(app: &App, actor: &Actor, asked: &Scope) -> Result<Option<Scope>, DbError> {
    if asked.kind == "registry" {
        // The catalogue shows each caller what the caller may pull, whatever the token says.
        return Ok((asked.name == "catalog").then(|| asked.clone()));
    }
    let Ok(name) = RepoName::parse(&asked.name) else { return Ok(None) };
    let repo = app.known().await?.repo(&name).await?;
    // What is not there yet is judged like something private.
    let visibility = repo.map_or(Visibility::Private, |repo| repo.visibility);
    let asks = |word: &str| asked.actions.iter().any(|action| action == word || action == "*");
    // Clients look for blobs before they push, and give up when they may not.
    let mut actions = Vec::new();
    for (word, wanted, action) in [
        ("delete", asks("delete"), Action::Delete),
        ("pull", asks("pull") || asks("push"), Action::Pull),
        ("push", asks("push"), Action::Push),
    ] {
        if wanted && access::may(app, actor, action, (&name, visibility)).await? {
            actions.push(word);
        }
    }
    Ok((!actions.is_empty()).then(|| Scope::repository(name.as_str(), &actions)))
}

/// Reads a token that somebody presents.
///
/// # Errors
///
/// [`VerifyError::Invalid`] for every token that is not good any more or never was; also when its
/// user is gone, or the credential behind it: a token that was revoked, a password that was changed.
pub async fn verify(app: &App, jwt: &str) -> Result<Verified, VerifyError> {
    let token = signed(app, jwt).ok_or(VerifyError::Invalid)?;
    let now = app.now_ms();
    if !claims::is_in_time(&token, now / 1000) {
        return Err(VerifyError::Invalid);
    }
    let actor = still(app, &token, now).await?.ok_or(VerifyError::Invalid)?;
    Ok(Verified { actor, access: Arc::clone(&token.access) })
}

/// Whose a token is, when what it was asked for with is still good.
async fn still(app: &App, token: &SignedToken, now: i64) -> Result<Option<Actor>, DbError> {
    let (name, by) = match &token.bearer {
        Bearer::Nobody => return Ok(Some(Actor::Anonymous)),
        Bearer::Robot { name, secret_at_ms } => {
            let robot = sign_in::robot_still(app, name, *secret_at_ms).await?;
            return Ok(robot.map(Actor::Robot));
        }
        Bearer::User { name, by } => (name, *by),
    };
    let known = app.known().await?;
    let user = known.user(name).await?.filter(|user| user.is_open());
    let Some(user) = user else { return Ok(None) };
    let signed_in = match by {
        Credential::Password(mark) if mark == user.mark => {
            Some(SignedIn::by_this_password(user.user, mark))
        }
        Credential::Password(_) => None,
        Credential::Key(row) => {
            let key = known.access_key(&user, row, now).await?;
            key.map(|key| sign_in::with_key(user.user, &key))
        }
        Credential::Token(row) => {
            let known = known.credential(&user, row, now).await?;
            known.map(|known| sign_in::with_token(user.user, &known))
        }
    };
    // A token is never good for more than what it was asked for with.
    let narrowed =
        signed_in.map(|who| SignedIn { scope: who.scope.min(token.credential_scope), ..who });
    Ok(narrowed.map(Actor::User))
}

/// What a token says that we signed; the signature is checked once.
fn signed(app: &App, jwt: &str) -> Option<Arc<SignedToken>> {
    let hash = Sha256::digest(jwt).into();
    if let Some(token) = app.cache.token(&hash) {
        return Some(token);
    }
    let token = Arc::new(Claims::read(jwt, &app.keys, &app.config.service())?);
    app.cache.put_token(hash, Arc::clone(&token));
    Some(token)
}

/// The repositories that the caller may pull, by name, those after `after`: the catalogue.
///
/// # Errors
///
/// When the metadata store fails.
pub async fn catalog(
    app: &App,
    actor: &Actor,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<RepoName>, DbError> {
    let seen = filter(access::terms(app, actor).await?);
    app.db.repo_names(&seen, after, limit_rows(limit)).await
}
