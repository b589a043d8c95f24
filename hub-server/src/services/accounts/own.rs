//! What everybody does with their own account.

use hub_model::{Actor, SignedIn, User, UserName};
use secrecy::{ExposeSecret, SecretString};

use super::super::access;
use super::make::{NewAccount, store};
use super::{AccountError, MAX_PASSWORD_BYTES, hash, password_was_set};
use crate::App;
use crate::app::{Often, Origin, password_mark};
use crate::config::Registration;

/// Before the address where guesses at the old password are counted. No address looks like that.
const SETTINGS: &str = "settings";

/// Whether strangers may make accounts: not where people sign in at the provider only.
#[must_use]
pub fn takes_registrations(app: &App) -> bool {
    app.config.auth.registration == Registration::Open && !app.config.oidc.only
}

/// Makes an account for a stranger at the address `from`, where the hub lets strangers do so; they
/// are signed in with it.
///
/// # Errors
///
/// [`AccountError::NoRegistration`], [`AccountError::Taken`], [`AccountError::TooMany`], and the
/// rules for passwords.
pub async fn register(
    app: &App,
    name: UserName,
    password: SecretString,
    from: &str,
) -> Result<SignedIn, AccountError> {
    if !takes_registrations(app) {
        return Err(AccountError::NoRegistration);
    }
    app.throttle.count(Often::Registrations, from)?;
    store(app, &Actor::Anonymous, NewAccount { name, password, admin: false }).await
}

/// Changes the caller's own password; every session of theirs ends. Answers the caller as they are
/// signed in from then on.
///
/// # Errors
///
/// [`AccountError::WrongPassword`], and the rules for new ones.
pub async fn change_password(
    app: &App,
    actor: &Actor,
    old: &SecretString,
    new: &SecretString,
) -> Result<SignedIn, AccountError> {
    let user = &access::own_account(app, actor, "user.password")?.user;
    let stored = prove_again(app, user, old).await?;
    let fresh = hash(app, new).await?;
    let mut change = app.db.change().await?;
    change.lock_user(user.id).await?;
    // An administrator may have set another one meanwhile, and did so for a reason.
    if !change.swap_password(user.id, (&stored, &fresh)).await? {
        return Err(AccountError::WrongPassword);
    }
    password_was_set(app, &mut change, actor, user).await?;
    change.commit().await?;
    app.kick();
    Ok(SignedIn::by_this_password(user.clone(), password_mark(Some(&fresh))))
}

/// Checks the password of somebody who is signed in already, and answers what is stored of it. Who
/// took over a session is not to find the password out, and whoever guesses from elsewhere does not
/// lock its owner out.
///
/// # Errors
///
/// [`AccountError::WrongPassword`], also for an account without one.
pub(crate) async fn prove_again(
    app: &App,
    user: &User,
    password: &SecretString,
) -> Result<String, AccountError> {
    if password.expose_secret().len() > MAX_PASSWORD_BYTES {
        return Err(AccountError::WrongPassword);
    }
    let (name, from) = (user.name.as_str(), format!("{SETTINGS} {}", Origin::here().neighbours()));
    app.guesses.may_try(name, &from, app.now_ms())?;
    let turn = app.passwords.turn().await?;
    app.guesses.may_try(name, &from, app.now_ms())?;
    let stored = app.db.password_hash(user.id).await?;
    if !turn.verify(password, stored.clone()).await? {
        app.guesses.wrong(name, &from, app.now_ms());
        return Err(AccountError::WrongPassword);
    }
    app.guesses.right(name, &from, app.now_ms());
    stored.ok_or(AccountError::WrongPassword)
}
