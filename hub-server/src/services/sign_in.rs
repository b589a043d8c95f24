//! Signing in: by password, personal token, session, robot or access key. The identity is what the
//! credential proves, whatever name was said.

use std::sync::Arc;

use hub_db::{Change, DbError};
use hub_model::{
    AccessKey, AccessKeyId, Actor, Credential, Robot, RobotName, SignedIn, Token, TokenKind, User,
    UserName, Within,
};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::access_keys::{self, KEY_SCOPE};
use super::accounts::MAX_PASSWORD_BYTES;
use super::audit;
use crate::App;
use crate::app::{HashError, KnownUser, TooMany, Unsealed, Used, password_mark};

/// Why somebody could not sign in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Unknown user, wrong password, or a token that is unknown, ended or somebody else's.
    #[error("user name, password or token is wrong")]
    Wrong,
    /// The credential is right, but the account is closed.
    #[error("this account is disabled")]
    Disabled,
    /// The secret half of an access key cannot be read.
    #[error("could not read the access key")]
    Sealed(#[source] Unsealed),
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

impl From<HashError> for SignInError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::TooMany(error) => Self::TooMany(error),
            error => Self::Hash(error),
        }
    }
}

/// What every personal token begins with.
pub const TOKEN_PREFIX: &str = "hub_pat_";

/// What the secret of every session begins with.
pub const SESSION_PREFIX: &str = "hub_ses_";

/// What the secret of every robot begins with.
pub const ROBOT_PREFIX: &str = "hub_bot_";

/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;

/// A fresh secret that begins with `prefix`, so that it is known when it leaks.
#[must_use]
pub fn fresh_secret(prefix: &str) -> SecretString {
    format!("{prefix}{}", hex::encode(rand::random::<[u8; SECRET_BYTES]>())).into()
}

/// The hash under which a secret is stored. Secrets are random, so nothing slow is needed.
#[must_use]
pub fn secret_hash(secret: &SecretString) -> String {
    hex::encode(Sha256::digest(secret.expose_secret()))
}

/// Checks a name with a password: a user's, or in its place a personal token of that user, the
/// secret of the robot of that name, or the signature of an access key, whose name may stand behind
/// that of a region and an `@`. Checks of passwords are counted for the name at the address `from`,
/// unless that is empty.
///
/// # Errors
///
/// [`SignInError::Wrong`] tells nothing about what was wrong.
pub async fn sign_in(
    app: &App,
    name: &str,
    password: &SecretString,
    from: &str,
) -> Result<Actor, SignInError> {
    let text = password.expose_secret();
    if text.starts_with(TOKEN_PREFIX) || text.starts_with(ROBOT_PREFIX) {
        let actor = by_secret(app, password).await?;
        // A token of somebody else must not make its bearer look like the one named.
        return if actor.name() == name { Ok(actor) } else { Err(SignInError::Wrong) };
    }
    if let Some(id) = access_key_in(name) {
        return by_key(app, &id, password).await.map(Actor::User);
    }
    by_password(app, name, password, from).await.map(Actor::User)
}

/// The access key that a name stands for: `REGION@KEY`, or the key alone. No user is called so.
/// Source: `docs/sources.md#swr-long-term-login`.
fn access_key_in(name: &str) -> Option<AccessKeyId> {
    let key = name.rsplit_once('@').map_or(name, |(_, key)| key);
    AccessKeyId::parse(key).ok()
}

/// Checks the signature that somebody sends in place of a password. The secret half itself is not
/// taken: it is never to be sent.
async fn by_key(
    app: &App,
    id: &AccessKeyId,
    password: &SecretString,
) -> Result<SignedIn, SignInError> {
    let stored = app.db.access_key_by_id(id).await?;
    // Without a key the same work is done, so that the time tells nothing.
    let nothing = || app.secrets.seal(&access_keys::record(id), b"nothing");
    let sealed = stored.as_ref().map_or_else(nothing, |stored| stored.sealed.clone());
    let secret =
        app.secrets.open(&access_keys::record(id), &sealed).map_err(SignInError::Sealed)?;
    let want = access_keys::signature(id, &secret);
    let is_right: bool = want.as_bytes().ct_eq(password.expose_secret().as_bytes()).into();
    let stored = stored.filter(|_| is_right).ok_or(SignInError::Wrong)?;
    let now = app.now_ms();
    if !stored.owner.is_open() || stored.key.disabled {
        return Err(SignInError::Disabled);
    }
    if !stored.key.is_open(now) {
        return Err(SignInError::Wrong);
    }
    app.uses.touch(Used::Key(stored.key.id), now);
    Ok(with_key(stored.owner.into(), &stored.key))
}

/// The owner of an access key, as far as it reaches: the registry, not the account.
#[must_use]
pub fn with_key(user: Arc<User>, key: &AccessKey) -> SignedIn {
    let by = Credential::Key(key.id);
    SignedIn { user, scope: KEY_SCOPE, within: Within::EVERYWHERE, by }
}

/// Checks a user name with a password, and nothing else.
///
/// # Errors
///
/// [`SignInError::Wrong`] tells nothing about what was wrong.
pub async fn by_password(
    app: &App,
    name: &str,
    password: &SecretString,
    from: &str,
) -> Result<SignedIn, SignInError> {
    let name = UserName::stored(name).ok();
    let user = match &name {
        Some(name) => app.known().await?.user(name).await?,
        None => None,
    };
    let proved = prove(app, name.as_ref(), user.as_ref(), (password, from)).await;
    if let Err(why @ (SignInError::Wrong | SignInError::Disabled | SignInError::TooMany(_))) =
        &proved
    {
        let name = user.as_ref().map(|user| &user.user.name);
        audit::not_signed_in(app, (name, "password"), why);
    }
    proved
}

/// Checks the password of a user, or does the same work for nobody.
async fn prove(
    app: &App,
    name: Option<&UserName>,
    user: Option<&KnownUser>,
    (password, from): (&SecretString, &str),
) -> Result<SignedIn, SignInError> {
    if password.expose_secret().len() > MAX_PASSWORD_BYTES {
        return Err(SignInError::Wrong);
    }
    let hash = Sha256::digest(password.expose_secret()).into();
    let is_checked = || user.is_some_and(|user| app.cache.knows_password(user.edition, hash));
    // What can be nobody's name is one name; an address that is not known is not counted.
    let guessed = name.map(UserName::as_str).unwrap_or_default();
    let may_try = || match from {
        "" => Ok(()),
        from => app.guesses.may_try(guessed, from, app.now_ms()),
    };
    let mut mark = user.map(|user| user.mark);
    if !is_checked() {
        if !from.is_empty() {
            app.throttle.count_sign_in(name, from)?;
        }
        may_try()?;
        let turn = app.passwords.turn().await?;
        // Who came with the same password before may have had it checked meanwhile.
        if !is_checked() {
            // And who guesses may have sent many guesses at once.
            may_try()?;
            let stored = match user {
                Some(user) => app.db.password_hash(user.id).await?,
                None => None,
            };
            // It may be another one than memory knew a moment ago.
            mark = Some(password_mark(stored.as_deref()));
            // Without a user the same work is done, so that the time tells nothing.
            if !turn.verify(password, stored).await? {
                if !from.is_empty() {
                    app.guesses.wrong(guessed, from, app.now_ms());
                }
                return Err(SignInError::Wrong);
            }
            if !from.is_empty() {
                app.guesses.right(guessed, from, app.now_ms());
            }
        }
    }
    let (Some(user), Some(mark)) = (user, mark) else { return Err(SignInError::Wrong) };
    if !user.is_open() {
        return Err(SignInError::Disabled);
    }
    app.cache.put_password(user.edition, hash);
    Ok(SignedIn::by_this_password(Arc::clone(&user.user), mark))
}

/// What somebody proved a moment ago, for what is to follow from it: a session, a refresh token.
#[derive(Debug, Clone)]
pub enum Proof {
    /// Who came with their password.
    Password(SignedIn),
    /// Whom the provider of OpenID Connect vouched for.
    Provider {
        /// The user.
        user: Arc<User>,
        /// Who that is at the provider.
        subject: String,
    },
}

impl Proof {
    /// Who it is.
    #[must_use]
    pub fn user(&self) -> &User {
        match self {
            Self::Password(signed_in) => &signed_in.user,
            Self::Provider { user, .. } => user,
        }
    }

    /// The word for the record.
    pub(crate) fn credential(&self) -> &'static str {
        match self {
            Self::Password(_) => "password",
            Self::Provider { .. } => "oidc",
        }
    }

    /// Whether it is still good, in the change that does what follows: the account may have been
    /// closed meanwhile, its password changed, or its tie to the provider undone. The user stays
    /// locked, so it is good until that is committed.
    ///
    /// # Errors
    ///
    /// When the metadata store fails.
    pub(crate) async fn still_holds(&self, change: &mut Change) -> Result<bool, DbError> {
        let (id, name) = (self.user().id, &self.user().name);
        change.lock_user(id).await?;
        if !change.user(name).await?.is_some_and(|user| user.id == id && user.is_open()) {
            return Ok(false);
        }
        match self {
            Self::Password(signed_in) => {
                let stored = change.password_hash(id).await?;
                Ok(signed_in.by == Credential::Password(password_mark(stored.as_deref())))
            }
            Self::Provider { subject, .. } => {
                Ok(change.subject(id).await?.as_ref() == Some(subject))
            }
        }
    }
}

/// Checks the secret of a personal token, a session or a robot, without a name.
///
/// # Errors
///
/// [`SignInError::Wrong`] when it is unknown or ended.
pub async fn by_secret(app: &App, secret: &SecretString) -> Result<Actor, SignInError> {
    let text = secret.expose_secret();
    if text.starts_with(ROBOT_PREFIX) {
        return by_robot(app, secret).await;
    }
    let kind = if text.starts_with(TOKEN_PREFIX) {
        TokenKind::Personal
    } else if text.starts_with(SESSION_PREFIX) {
        TokenKind::Session
    } else {
        return Err(SignInError::Wrong);
    };
    by_token(app, secret, kind).await.map(Actor::User)
}

/// Checks the secret of a credential of one kind.
///
/// # Errors
///
/// [`SignInError::Wrong`] when it is unknown or ended.
pub async fn by_token(
    app: &App,
    secret: &SecretString,
    kind: TokenKind,
) -> Result<SignedIn, SignInError> {
    let found = app.db.token_by_hash(&secret_hash(secret)).await?;
    let now = app.now_ms();
    let (token, user) = found
        .filter(|(token, _)| token.kind == kind)
        .filter(|(token, _)| token.expires_at_ms.is_none_or(|end| now < end))
        .ok_or(SignInError::Wrong)?;
    if !user.is_open() {
        return Err(SignInError::Disabled);
    }
    app.uses.touch(Used::Token(token.id), now);
    Ok(with_token(user.into(), &token))
}

/// The owner of a token, as far as the token reaches.
#[must_use]
pub fn with_token(user: Arc<User>, token: &Token) -> SignedIn {
    let (scope, within) = (token.scope, token.within.clone());
    SignedIn { user, scope, within, by: Credential::Token(token.id) }
}

async fn by_robot(app: &App, secret: &SecretString) -> Result<Actor, SignInError> {
    let found = app.db.robot_by_hash(&secret_hash(secret)).await?;
    let robot = found.ok_or(SignInError::Wrong)?;
    if robot.disabled {
        return Err(SignInError::Disabled);
    }
    let now = app.now_ms();
    if !robot.is_open(now) {
        return Err(SignInError::Wrong);
    }
    app.uses.touch(Used::Robot(robot.id), now);
    Ok(Actor::Robot(Arc::new(robot)))
}

/// The robot of that name, when what it signed in with at `secret_at_ms` is still good.
///
/// # Errors
///
/// When the metadata store fails.
pub(crate) async fn robot_still(
    app: &App,
    name: &RobotName,
    secret_at_ms: i64,
) -> Result<Option<Arc<Robot>>, DbError> {
    let robot = app.known().await?.robot(name).await?;
    let now = app.now_ms();
    Ok(robot.filter(|robot| robot.is_open(now) && robot.secret_at_ms == secret_at_ms))
}
