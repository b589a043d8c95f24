//! Access keys: pairs of a user. The secret half signs; clients of the registry sign in with a
//! signature over the public half.

use aws_lc_rs::hmac;
use hub_db::DbError;
use hub_model::{
    AccessKey, AccessKeyId, Action, Actor, LetterKind, NewAccessKey, SignedIn, TokenScope, Within,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::access::{self, AccessError};
use super::audit::{self, Act};
use super::reach::{Reach, ReachError};
use super::{limit_rows, plain};
use crate::App;

/// What an access key is good for: the registry, as far as its user may; not the account.
pub const KEY_SCOPE: TokenScope = TokenScope::Delete;

/// Length of a secret half. 40 of 62 characters are 238 bits.
const SECRET_CHARS: usize = 40;

/// Longest name, in characters.
const LONGEST_NAME: usize = 64;

/// Most access keys of one user.
const MOST: u64 = 50;

/// Why an access key was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccessKeyError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A name that is empty or too long.
    #[error("an access key's name has 1 to 64 characters, this one has {found}")]
    Name {
        /// Length of the rejected one.
        found: usize,
    },
    /// There are enough.
    #[error("a user has at most {most} access keys: delete one that nobody uses", most = MOST)]
    TooMany,
    /// It would go beyond the caller's own credential, or beyond what the hub allows.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// The caller has no such key.
    #[error("there is no access key {id}")]
    Unknown {
        /// Its public half.
        id: AccessKeyId,
    },
    /// The metadata store failed.
    #[error("could not read or record the access key")]
    Db(#[from] DbError),
}

/// Makes an access key. The secret half is shown this once.
///
/// # Errors
///
/// [`AccessKeyError::Reach`] when it would go beyond the caller's own credential.
pub async fn create(
    app: &App,
    actor: &Actor,
    name: &str,
    expires_at_ms: Option<i64>,
) -> Result<(AccessKey, SecretString), AccessKeyError> {
    let caller = owner(actor)?;
    let reach = Reach::of(app, actor).await?;
    reach.holds(KEY_SCOPE, &Within::EVERYWHERE)?;
    let name = plain(name.trim());
    let found = name.chars().count();
    if !(1..=LONGEST_NAME).contains(&found) {
        return Err(AccessKeyError::Name { found });
    }
    let (id, secret) = (fresh_id(), fresh_secret());
    let new = NewAccessKey {
        user_id: caller.user.id,
        sealed: app.secrets.seal(&record(&id), secret.expose_secret().as_bytes()),
        key_id: id,
        name,
        created_at_ms: app.now_ms(),
        expires_at_ms: reach.end(app, expires_at_ms)?,
    };
    let mut change = app.db.change().await?;
    // Two at the same time must not both find room for the last one.
    change.lock_user(caller.user.id).await?;
    if change.count_access_keys(caller.user.id).await? >= limit_rows(MOST) {
        return Err(AccessKeyError::TooMany);
    }
    let key = change.add_access_key(&new).await?;
    let act = act("key.create", caller);
    audit::done(app, &mut change, actor, act, (Value::Null, noted(&key))).await?;
    change.commit().await?;
    Ok((key, secret))
}

/// The caller's access keys, the newest first.
///
/// # Errors
///
/// When nobody is signed in, or with a credential that is not good for the account.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<AccessKey>, AccessKeyError> {
    let caller = owner(actor)?;
    Ok(app.db.access_keys_of(caller.user.id).await?)
}

/// Disables an access key of the caller's, or enables it.
///
/// # Errors
///
/// [`AccessKeyError::Unknown`] when it is none of theirs.
pub async fn close(
    app: &App,
    actor: &Actor,
    id: &AccessKeyId,
    disabled: bool,
) -> Result<AccessKey, AccessKeyError> {
    let caller = owner(actor)?;
    let mut change = app.db.change().await?;
    let key = change.close_access_key(caller.user.id, id, disabled).await?;
    let key = key.ok_or_else(|| AccessKeyError::Unknown { id: id.clone() })?;
    let act = act(if disabled { "key.disable" } else { "key.enable" }, caller);
    audit::done(app, &mut change, actor, act, (Value::Null, noted(&key))).await?;
    change.tell(LetterKind::Credentials, caller.user.name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    app.kick();
    Ok(key)
}

/// Deletes an access key of the caller's.
///
/// # Errors
///
/// [`AccessKeyError::Unknown`] when it is none of theirs.
pub async fn delete(app: &App, actor: &Actor, id: &AccessKeyId) -> Result<(), AccessKeyError> {
    let caller = owner(actor)?;
    let mut change = app.db.change().await?;
    let key = change.delete_access_key(caller.user.id, id).await?;
    let key = key.ok_or_else(|| AccessKeyError::Unknown { id: id.clone() })?;
    let act = act("key.delete", caller);
    audit::done(app, &mut change, actor, act, (noted(&key), Value::Null)).await?;
    change.tell(LetterKind::Credentials, caller.user.name.as_str(), app.now_ms()).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// The person whose keys are meant: keys are of the account, so a narrow credential sees none.
fn owner(actor: &Actor) -> Result<&SignedIn, AccessError> {
    let caller = access::person(actor)?;
    if caller.scope.covers(Action::Delete) && caller.within.is_everywhere() {
        return match caller.by {
            // A key that makes keys could not be taken back.
            hub_model::Credential::Key(_) => Err(narrow(caller)),
            hub_model::Credential::Password(_) | hub_model::Credential::Token(_) => Ok(caller),
        };
    }
    Err(narrow(caller))
}

fn narrow(caller: &SignedIn) -> AccessError {
    AccessError::Narrow {
        action: Action::Administer,
        name: "your access keys".to_owned(),
        scope: caller.scope,
        bounded: !caller.within.is_everywhere(),
    }
}

/// What a client of the registry sends as its password: a signature over the public half.
/// Source: `docs/sources.md#swr-long-term-login`.
#[must_use]
pub fn registry_password(id: &AccessKeyId, secret: &SecretString) -> SecretString {
    signature(id, secret.expose_secret().as_bytes()).into()
}

/// The signature, hexadecimal.
pub(crate) fn signature(id: &AccessKeyId, secret: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    hex::encode(hmac::sign(&key, id.as_str().as_bytes()))
}

/// Names the record that a secret half is sealed for.
pub(crate) fn record(id: &AccessKeyId) -> String {
    format!("access_key:{id}")
}

fn fresh_id() -> AccessKeyId {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let rest = random(SIGNS, AccessKeyId::CHARS - AccessKeyId::PREFIX.len());
    let id = format!("{}{}", AccessKeyId::PREFIX, *rest);
    AccessKeyId::parse(&id).expect("made by its rules")
}

fn fresh_secret() -> SecretString {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    random(SIGNS, SECRET_CHARS).as_str().into()
}

/// Characters, each as likely as the others.
fn random(signs: &[u8], count: usize) -> Zeroizing<String> {
    let one = |_| char::from(signs[rand::random_range(0..signs.len())]);
    Zeroizing::new((0..count).map(one).collect())
}

fn act<'a>(action: &'static str, caller: &'a SignedIn) -> Act<'a> {
    Act { action, target: caller.user.name.as_str(), org_id: None }
}

/// What is noted of a key.
fn noted(key: &AccessKey) -> Value {
    json!({
        "key": key.key_id,
        "name": key.name,
        "disabled": key.disabled,
        "expiresAtMs": key.expires_at_ms,
    })
}

#[cfg(test)]
mod tests;
