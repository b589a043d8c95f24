//! Signing in at a provider of OpenID Connect: somebody is sent there and comes back vouched for.
//!
//! A user is found by issuer and subject, never by name: who may choose a name at the provider
//! must not become who has that name here.

mod groups;

use hub_db::{DbError, NewUser};
use hub_model::{Actor, LetterKind, NameError, NewOrg, Role, User, UserName};
use serde_json::json;
use subtle::ConstantTimeEq;
use url::Url;

use super::access::{self, AccessError};
use super::audit::{self, Act};
use super::plain;
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
    /// Who it is.
    pub user: User,
    /// Where on the hub they wanted to go.
    pub next: String,
    /// Whether they were signed in all the time, and may sign in this way from now on.
    pub linked: bool,
}

fn desk(app: &App) -> Result<(&Provider, &TicketKey), OidcError> {
    app.oidc.as_ref().map(|desk| (&desk.provider, &desk.key)).ok_or(OidcError::Off)
}

/// Sends somebody to the provider, who sends them to `back`; then they go on to `next`. With
/// `link`, the caller's own account is signed in to this way from then on.
///
/// # Errors
///
/// When the provider cannot be reached.
pub async fn depart(
    app: &App,
    actor: &Actor,
    (next, back): (&str, &str),
    link: bool,
) -> Result<Departure, OidcError> {
    let (provider, key) = desk(app)?;
    let link = if link { Some(access::whole_person(actor, "your account")?.user.id) } else { None };
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
        let text = text.map(|text| words(&text));
        return Err(ProviderError::Refused { code: words(&code), text }.into());
    }
    let code = brought.code.ok_or(OidcError::Stray)?;
    if !from.is_empty() {
        app.throttle.count_sign_in(None, from)?;
    }
    let vouched = provider.redeem(Brought { code, issuer: brought.issuer }, &journey).await?;
    let linked = ticket.link.is_some();
    let user = match ticket.link {
        Some(row) => link(app, actor, row, &vouched, &ticket).await?,
        None => admit(app, &vouched, &ticket).await?,
    };
    Ok(Arrival { user, next: ticket.next, linked })
}

/// Who the caller is at the provider, when they sign in there.
///
/// # Errors
///
/// When nobody is signed in.
pub async fn subject(app: &App, actor: &Actor) -> Result<Option<String>, OidcError> {
    let caller = access::person(actor)?;
    Ok(app.db.subject(caller.user.id).await?)
}

/// The user whom the provider vouches for, made when there is none and accounts are made; their
/// groups count from now on.
async fn admit(app: &App, vouched: &Vouched, ticket: &Ticket) -> Result<User, OidcError> {
    let found = app.db.user_by_subject(&vouched.subject).await?;
    if found.as_ref().is_some_and(|user| !user.is_open()) {
        return Err(OidcError::Disabled);
    }
    let now = app.now_ms();
    let mut change = app.db.change().await?;
    if !change.note_return(&ticket.mark(), now, now - 2 * TICKET_MS).await? {
        return Err(OidcError::Stray);
    }
    let user = match found {
        Some(user) => user,
        None if !app.config.oidc.register => return Err(OidcError::Unknown),
        None => add(app, &mut change, vouched).await?,
    };
    groups::apply(app, &mut change, &user, vouched).await?;
    change.commit().await?;
    app.kick();
    Ok(user)
}

/// Makes the user, without a password, and the organisation of that name.
async fn add(app: &App, change: &mut hub_db::Change, vouched: &Vouched) -> Result<User, OidcError> {
    let claim = &app.config.oidc.username_claim;
    let said = vouched.text(claim);
    let said = said.ok_or_else(|| OidcError::Nameless { claim: claim.clone() })?;
    let name = name(said)?;
    let taken = || OidcError::Taken { name: name.clone() };
    let now = app.now_ms();
    let new = NewUser { name: name.clone(), password_hash: None, admin: false, created_at_ms: now };
    let or_taken = |error: DbError| if error.is_conflict() { taken() } else { error.into() };
    let user = change.add_user(&new).await.map_err(or_taken)?;
    change.set_subject(user.id, Some(&vouched.subject)).await?;
    let org = NewOrg {
        name: name.org(),
        display_name: String::new(),
        description: String::new(),
        created_by: name.to_string(),
        created_at_ms: now,
    };
    let org = change.add_org(&org).await.map_err(or_taken)?;
    change.set_member(org.id, user.id, Role::Owner, now).await?;
    let act = Act { action: "user.create", target: name.as_str(), org_id: Some(org.id) };
    let told = json!({"subject": vouched.subject});
    audit::done(app, change, &Actor::System, act, ((), told)).await?;
    change.tell(LetterKind::Access, org.name.as_str(), now).await?;
    change.tell(LetterKind::Credentials, name.as_str(), now).await?;
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
    let user = &access::whole_person(actor, "your account")?.user;
    // Somebody else signed in meanwhile.
    if user.id != row {
        return Err(OidcError::Stray);
    }
    let now = app.now_ms();
    let before = app.db.subject(user.id).await?;
    let mut change = app.db.change().await?;
    if !change.note_return(&ticket.mark(), now, now - 2 * TICKET_MS).await? {
        return Err(OidcError::Stray);
    }
    let set = change.set_subject(user.id, Some(&vouched.subject)).await;
    set.map_err(
        |error| {
            if error.is_conflict() { OidcError::LinkedElsewhere } else { error.into() }
        },
    )?;
    let act = Act { action: "user.link", target: user.name.as_str(), org_id: None };
    let told = (json!({"subject": before}), json!({"subject": vouched.subject}));
    audit::done(app, &mut change, actor, act, told).await?;
    groups::apply(app, &mut change, user, vouched).await?;
    change.tell(LetterKind::Credentials, user.name.as_str(), now).await?;
    change.commit().await?;
    app.kick();
    Ok(User::clone(user))
}

/// The name of an account after what the provider says: in small letters, and of an address of
/// mail what stands before the `@`.
fn name(said: &str) -> Result<UserName, OidcError> {
    let local = said.split_once('@').map_or(said, |(local, _)| local);
    let small = local.trim().to_lowercase();
    UserName::parse(&small).map_err(|source| OidcError::Name { found: words(said), source })
}

/// Words of somebody else, short and without control characters.
fn words(text: &str) -> String {
    plain(text).chars().take(LONGEST_WORDS).collect()
}

#[cfg(test)]
mod tests;
