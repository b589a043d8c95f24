//! Signing in at a provider of OpenID Connect: somebody is sent there and comes back vouched for.
//!
//! A user is found by issuer and subject, never by name: who may choose a name at the provider
//! must not become who has that name here.

use hub_db::{Change, DbError, NewUser};
use hub_model::{Actor, LetterKind, NameError, TokenKind, User, UserName};
use secrecy::SecretString;
use serde_json::json;
use subtle::ConstantTimeEq;
use url::Url;

use super::access::{self, AccessError};
use super::accounts::groups::{self, Given};
use super::accounts::{self, AccountError};
use super::audit::{self, Act};
use super::plain;
use super::sign_in::Proof;
use crate::App;
use crate::app::{
    Brought, Provider, ProviderError, TICKET_MS, Ticket, TicketKey, TooMany, Vouched,
};

/// Longest words of the provider that are passed on, in characters.
const LONGEST_WORDS: usize = 200;

/// Why somebody could not sign in at the provider.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The settings name no provider.
    #[error("there is no provider to sign in at")]
    Off,
    /// The browser did not set out here, or too long ago, or was here already.
    #[error("this way back from the provider does not belong to a way there")]
    Stray,
    /// The provider did not vouch for anybody.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// Nobody here is that person, and no account is made for them.
    #[error("nobody here is called so by the provider, and no account is made")]
    Unknown,
    /// The provider says nothing to name an account after.
    #[error("the provider says no `{claim}` to name the account after")]
    Nameless {
        /// The claim that is missing.
        claim: String,
    },
    /// No account can be named so.
    #[error("the provider calls the user `{found}`, and no account can be named so")]
    Name {
        /// What the provider says.
        found: String,
        /// The rule that it breaks.
        #[source]
        source: NameError,
    },
    /// Somebody else has the name here.
    #[error("the name `{name}` is taken")]
    Taken {
        /// The name.
        name: UserName,
    },
    /// The account is closed.
    #[error("this account is disabled")]
    Disabled,
    /// The person is another user here already.
    #[error("the provider's user is another user here")]
    LinkedElsewhere,
    /// The account is somebody's at the provider already.
    #[error("this account is linked already: undo that first")]
    LinkedAlready,
    /// Without the provider nobody could sign in to the account.
    #[error("this account has no password: an administrator sets one")]
    NoPassword,
    /// The password that the caller said once more is not accepted.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// Too many sign in from there.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The metadata store failed.
    #[error("could not sign in at the provider")]
    Db(#[from] DbError),
}

/// Where somebody is sent who wants to sign in.
#[derive(Debug)]
pub struct Departure {
    /// The provider's page.
    pub to: Url,
    /// What the browser is to bring back.
    pub ticket: String,
}

/// What the browser brings from the provider.
#[derive(Debug, Clone, Default)]
pub struct Return {
    /// The ticket, as it was given.
    pub ticket: String,
    /// As it was sent there.
    pub state: String,
    /// Stands for the token; nothing when the provider refused.
    pub code: Option<String>,
    /// Who sent the browser back.
    pub issuer: Option<String>,
    /// Why the provider refused: its code, and words.
    pub error: Option<(String, Option<String>)>,
}

/// Somebody who came back.
#[derive(Debug)]
pub struct Arrival {
    /// Who it is, and by whom that is vouched for.
    pub proof: Proof,
    /// Where on the hub they wanted to go.
    pub next: String,
    /// Whether they were signed in all the time, and may sign in this way from now on.
    pub linked: bool,
}

fn desk(app: &App) -> Result<(&Provider, &TicketKey), OidcError> {
    app.oidc.as_ref().map(|desk| (&desk.provider, &desk.key)).ok_or(OidcError::Off)
}

/// Sends somebody to the provider, who sends them to `back`; then they go on to `next`.
///
/// # Errors
///
/// When the provider cannot be reached.
pub async fn depart(app: &App, (next, back): (&str, &str)) -> Result<Departure, OidcError> {
    set_out(app, (next, back), None).await
}

/// Sends the caller to the provider, to sign in to their own account there from then on. They say
/// their password once more, when they have one: who took over a session is not to keep the account.
///
/// # Errors
///
/// [`OidcError::LinkedAlready`] for an account that is somebody's there: that is undone first.
pub async fn depart_to_link(
    app: &App,
    actor: &Actor,
    (next, back): (&str, &str),
    password: &SecretString,
) -> Result<Departure, OidcError> {
    desk(app)?;
    let user = &access::own_account(app, actor, "user.link")?.user;
    let tie = tie(app, actor).await?;
    if tie.subject.is_some() {
        return Err(OidcError::LinkedAlready);
    }
    if tie.password {
        accounts::prove_again(app, user, password).await?;
    }
    set_out(app, (next, back), Some(user.id)).await
}

async fn set_out(
    app: &App,
    (next, back): (&str, &str),
    link: Option<i64>,
) -> Result<Departure, OidcError> {
    let (provider, key) = desk(app)?;
    let ticket = Ticket::fresh(app.now_ms(), next, link);
    let to = provider.entrance(&ticket.journey(back)).await?;
    Ok(Departure { to, ticket: ticket.seal(key) })
}

/// Receives somebody from the provider. Each return counts as a check of a password at `from`.
///
/// # Errors
///
/// [`OidcError::Stray`] when this browser did not set out here a moment ago.
pub async fn arrive(
    app: &App,
    actor: &Actor,
    brought: Return,
    (back, from): (&str, &str),
) -> Result<Arrival, OidcError> {
    let (provider, key) = desk(app)?;
    let ticket = Ticket::open(&brought.ticket, key, app.now_ms()).ok_or(OidcError::Stray)?;
    let journey = ticket.journey(back);
    if !bool::from(journey.state.as_bytes().ct_eq(brought.state.as_bytes())) {
        return Err(OidcError::Stray);
    }
    if let Some((code, text)) = brought.error {
        return Err(bounded(ProviderError::Refused { code, text }).into());
    }
    let code = brought.code.ok_or(OidcError::Stray)?;
    if !from.is_empty() {
        let count = app.throttle.count_sign_in(None, from);
        count.map_err(|busy| refused(app, None, busy.into()))?;
    }
    let vouched = provider.redeem(Brought { code, issuer: brought.issuer }, &journey).await;
    let vouched = vouched.map_err(bounded)?;
    let linked = ticket.link.is_some();
    let user = match ticket.link {
        Some(row) => link(app, actor, row, &vouched, &ticket).await?,
        None => admit(app, &vouched, &ticket).await?,
    };
    let proof = Proof::Provider { user: user.into(), subject: vouched.subject };
    Ok(Arrival { proof, next: ticket.next, linked })
}

/// How the caller may sign in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tie {
    /// Who they are at the provider, when they sign in there: issuer and subject.
    pub subject: Option<String>,
    /// Whether they have a password here.
    pub password: bool,
}

/// How the caller may sign in.
///
/// # Errors
///
/// When nobody is signed in, or there is no provider.
pub async fn tie(app: &App, actor: &Actor) -> Result<Tie, OidcError> {
    let id = access::person(actor)?.user.id;
    desk(app)?;
    let subject = app.db.subject(id).await?;
    Ok(Tie { subject, password: app.db.password_hash(id).await?.is_some() })
}

/// The user whom the provider vouches for, made when there is none and accounts are made; their
/// groups count from now on.
async fn admit(app: &App, vouched: &Vouched, ticket: &Ticket) -> Result<User, OidcError> {
    let found = app.db.user_by_subject(&vouched.subject).await?;
    let given = given(app, vouched).await?;
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    if !change.note_return(&ticket.mark(), now, now - 2 * TICKET_MS).await? {
        return Err(OidcError::Stray);
    }
    change.lock_administrators().await?;
    let user = match found {
        Some(found) => {
            change.lock_user(found.id).await?;
            // It is no longer theirs.
            if change.subject(found.id).await?.as_ref() != Some(&vouched.subject) {
                return Err(OidcError::Stray);
            }
            let user = change.user(&found.name).await?.filter(User::is_open);
            user.ok_or_else(|| refused(app, Some(&found.name), OidcError::Disabled))?
        }
        None if !app.config.oidc.register => return Err(refused(app, None, OidcError::Unknown)),
        None => add(app, &mut change, vouched).await?,
    };
    groups::apply(app, &mut change, &user, &given).await?;
    change.commit().await?;
    app.kick();
    Ok(user)
}

/// What the groups give that the provider tells of.
async fn given(app: &App, vouched: &Vouched) -> Result<Given, DbError> {
    Given::by(app, &vouched.texts(&app.config.oidc.groups_claim)).await
}

/// Makes the user, without a password, and the organisation of that name.
async fn add(app: &App, change: &mut Change, vouched: &Vouched) -> Result<User, OidcError> {
    let claim = &app.config.oidc.username_claim;
    let said = vouched.text(claim);
    let said = said.ok_or_else(|| OidcError::Nameless { claim: claim.clone() })?;
    let name = name(said)?;
    let created_at_ms = app.now_ms();
    let new = NewUser { name: name.clone(), password_hash: None, admin: false, created_at_ms };
    let told = json!({"subject": vouched.subject});
    let made = accounts::insert(app, change, &Actor::System, &new, told).await;
    let taken = |error: DbError| {
        if error.is_conflict() { OidcError::Taken { name } } else { error.into() }
    };
    let user = made.map_err(taken)?;
    change.set_subject(user.id, Some(&vouched.subject)).await?;
    Ok(user)
}

/// Lets the caller, who set out with this in mind, sign in at the provider from now on.
async fn link(
    app: &App,
    actor: &Actor,
    row: i64,
    vouched: &Vouched,
    ticket: &Ticket,
) -> Result<User, OidcError> {
    let user = &access::own_account(app, actor, "user.link")?.user;
    // Somebody else signed in meanwhile.
    if user.id != row {
        return Err(OidcError::Stray);
    }
    let given = given(app, vouched).await?;
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    if !change.note_return(&ticket.mark(), now, now - 2 * TICKET_MS).await? {
        return Err(OidcError::Stray);
    }
    change.lock_administrators().await?;
    change.lock_user(user.id).await?;
    let user = change.user(&user.name).await?.filter(User::is_open).ok_or(OidcError::Disabled)?;
    if change.subject(user.id).await?.is_some() {
        return Err(OidcError::LinkedAlready);
    }
    let set = change.set_subject(user.id, Some(&vouched.subject)).await;
    set.map_err(
        |error| {
            if error.is_conflict() { OidcError::LinkedElsewhere } else { error.into() }
        },
    )?;
    let act = Act { action: "user.link", target: user.name.as_str(), org_id: None };
    audit::done(app, &mut change, actor, act, ((), json!({"subject": vouched.subject}))).await?;
    groups::apply(app, &mut change, &user, &given).await?;
    change.tell(LetterKind::Credentials, user.name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(user)
}

/// Lets nobody sign in to the caller's account at the provider any more. Whoever did so until now
/// is signed out, and what groups gave goes.
///
/// # Errors
///
/// [`OidcError::NoPassword`] when the caller could not sign in at all any more.
pub async fn unlink(app: &App, actor: &Actor) -> Result<(), OidcError> {
    let caller = access::own_account(app, actor, "user.unlink")?;
    desk(app)?;
    let mut change = app.db.change().await?;
    change.lock_administrators().await?;
    change.lock_user(caller.user.id).await?;
    if change.password_hash(caller.user.id).await?.is_none() {
        return Err(OidcError::NoPassword);
    }
    if !accounts::untie(app, &mut change, actor, &caller.user).await? {
        return Ok(());
    }
    // No row is called 0.
    let keep = caller.token().unwrap_or(0);
    change.delete_other_tokens(caller.user.id, TokenKind::Session, keep).await?;
    change.commit().await?;
    app.kick();
    Ok(())
}

/// Notes that somebody whom the provider vouched for was not let in.
fn refused(app: &App, user: Option<&UserName>, error: OidcError) -> OidcError {
    audit::not_signed_in(app, (user, "oidc"), &error);
    error
}

/// The name of an account after what the provider says: in small letters, and of an address of
/// mail what stands before the `@`.
fn name(said: &str) -> Result<UserName, OidcError> {
    let local = said.split_once('@').map_or(said, |(local, _)| local);
    let small = local.trim().to_lowercase();
    UserName::parse(&small).map_err(|source| OidcError::Name { found: words(said), source })
}

/// What the provider refused with, in words that can be shown, by whichever way they came.
fn bounded(error: ProviderError) -> ProviderError {
    match error {
        ProviderError::Refused { code, text } => {
            ProviderError::Refused { code: words(&code), text: text.map(|text| words(&text)) }
        }
        error => error,
    }
}

/// Words of somebody else, short and without control characters.
fn words(text: &str) -> String {
    plain(text).chars().take(LONGEST_WORDS).collect()
}

#[cfg(test)]
mod tests;
