//! What everybody does with their own account.

use hub_model::{Actor, User, UserName};
use secrecy::SecretString;

use super::super::access;
use super::make::{NewAccount, store};
use super::{AccountError, store_password};
use crate::App;
use crate::app::Often;
use crate::config::Registration;

/// Where guesses at the old password are counted. No address looks like that.
const SETTINGS: &str = "settings";

/// Makes an account for a stranger at the address `from`, where the hub lets strangers do so.
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
) -> Result<User, AccountError> {
    if app.config.auth.registration == Registration::Off {
        return Err(AccountError::NoRegistration);
    }
    app.throttle.count(Often::Registrations, from)?;
    store(app, &Actor::Anonymous, NewAccount { name, password, admin: false }).await
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
    let user = &access::whole_person(actor, "your account")?.user;
    let name = user.name.as_str();
    // Who took over a session is not to find the password out.
    app.guesses.may_try(name, SETTINGS, app.now_ms())?;
    let turn = app.passwords.turn().await?;
    app.guesses.may_try(name, SETTINGS, app.now_ms())?;
    let stored = app.db.password_hash(user.id).await?;
    if !turn.verify(old, stored).await? {
        app.guesses.wrong(name, SETTINGS, app.now_ms());
        return Err(AccountError::WrongPassword);
    }
    app.guesses.right(name, SETTINGS, app.now_ms());
    store_password(app, actor, user, new).await
}
