//! Signing in at a provider of OpenID Connect: the way there, the way back, and the page on which
//! somebody lets their account be signed in to this way.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum_extra::extract::cookie::CookieJar;
use secrecy::SecretString;

use super::Web;
use super::accounts::said;
use super::failure::Failure;
use super::frame::{found, no_store, redirect};
use super::lang::{AccountWords, OidcWords};
use super::params::Form;
use super::route::local;
use super::session::{self, Login};
use super::view::{Shell, html};
use super::visitor::Visitor;
use crate::App;
use crate::app::{ProviderError, TICKET_MS};
use crate::http::{ClientAddress, proxies};
use crate::services::accounts::AccountError;
use crate::services::oidc::{self, OidcError, Return};

/// Where the provider sends browsers back to; it is registered there.
const BACK: &str = "/login/oidc/callback";

/// Where the reader sees how they sign in.
const SETTINGS: &str = "/settings/oidc";

/// Template of the page about the reader's own account.
#[derive(Debug, Template)]
#[template(path = "web/oidc.html")]
struct Account {
    shell: Shell,
    t: &'static OidcWords,
    title: String,
    subject: String,
    /// Whether the reader has a password here.
    password: bool,
    a: &'static AccountWords,
    action: String,
    unlink: String,
    /// The provider's page, when the reader just asked to go there.
    to: String,
    done: String,
    error: String,
}

impl Account {
    async fn new(web: &Web, visitor: &Visitor) -> Result<Self, Failure> {
        let t = visitor.words().oidc;
        let name = &web.app.config.oidc.name;
        let tie = oidc::tie(&web.app, visitor.actor()).await.map_err(failure)?;
        let title = (t.account_title)(name);
        Ok(Self {
            shell: Shell::new(visitor, &title).hidden(),
            t,
            title,
            subject: tie.subject.unwrap_or_default(),
            password: tie.password,
            a: visitor.words().accounts,
            action: (t.account_link)(name),
            unlink: (t.account_unlink)(name),
            to: String::new(),
            done: String::new(),
            error: String::new(),
        })
    }
}

/// `GET /login/oidc?next=`: on to the provider. It keeps nothing but a cookie of the browser's.
pub(super) async fn depart(
    State(web): State<Web>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let next = visitor.query().get("next").unwrap_or("/");
    let next = local(next);
    if visitor.actor().user().is_some() {
        return Ok(found(next));
    }
    let back = back(&web.app, &visitor, &headers);
    match oidc::depart(&web.app, (next, &back)).await {
        Ok(departure) => {
            let mut response = found(departure.to.as_str());
            remember(&web.app, &mut response, &departure.ticket);
            no_store(&mut response);
            Ok(response)
        }
        Err(error) => failed(&web, &visitor, next, error),
    }
}

/// `GET /login/oidc/callback`: back from the provider.
pub(super) async fn arrive(
    State(web): State<Web>,
    visitor: Visitor,
    address: ClientAddress,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let query = visitor.query();
    let owned = |name| query.get(name).map(str::to_owned);
    let jar = CookieJar::from_headers(&headers);
    let ticket = jar.get(cookie_name(&web.app)).map(|cookie| cookie.value().to_owned());
    let brought = Return {
        ticket: ticket.unwrap_or_default(),
        state: owned("state").unwrap_or_default(),
        code: owned("code"),
        issuer: owned("iss"),
        error: owned("error").map(|code| (code, owned("error_description"))),
    };
    let (back, from) = (back(&web.app, &visitor, &headers), address.key());
    let arrived = oidc::arrive(&web.app, visitor.actor(), brought, (&back, &from)).await;
    let mut response = match arrived {
        Ok(arrival) if arrival.linked => {
            redirect(StatusCode::SEE_OTHER, &format!("{SETTINGS}?linked=yes"))
        }
        Ok(arrival) => {
            session::begin(&web.app, &headers, &arrival.proof, local(&arrival.next)).await?
        }
        Err(error) => failed(&web, &visitor, "/", error)?,
    };
    forget(&web.app, &mut response);
    no_store(&mut response);
    Ok(response)
}

/// `GET /settings/oidc`.
pub(super) async fn account(State(web): State<Web>, visitor: Visitor) -> Result<Response, Failure> {
    let mut page = Account::new(&web, &visitor).await?;
    if visitor.query().get("linked").is_some() && !page.subject.is_empty() {
        page.done = page.t.account_linked.to_owned();
    }
    if visitor.query().get("unlinked").is_some() && page.subject.is_empty() {
        page.done = page.t.account_unlinked.to_owned();
    }
    html(StatusCode::OK, &page)
}

/// `POST /settings/oidc`: the reader wants to sign in at the provider from now on, or no longer. A
/// form may not lead to another site, so the answer is a page with a link that does.
pub(super) async fn link(
    State(web): State<Web>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(fields): Form,
) -> Result<Response, Failure> {
    let mut page = Account::new(&web, &visitor).await?;
    // Who has no session carries nothing that ties the form to them: it is a browser's business.
    if visitor.form_token().is_none() {
        return Err(Failure::Refused);
    }
    if fields.get("do") == Some("unlink") {
        return match oidc::unlink(&web.app, visitor.actor()).await {
            Ok(()) => Ok(redirect(StatusCode::SEE_OTHER, &format!("{SETTINGS}?unlinked=yes"))),
            Err(error) => {
                let (status, text) = told(&web.app, &visitor, error)?;
                page.error = text;
                html(status, &page)
            }
        };
    }
    let password: SecretString = fields.raw("password").to_owned().into();
    let back = back(&web.app, &visitor, &headers);
    let (mut response, ticket) =
        match oidc::depart_to_link(&web.app, visitor.actor(), (SETTINGS, &back), &password).await {
            Ok(departure) => {
                page.to = departure.to.to_string();
                (html(StatusCode::OK, &page)?, departure.ticket)
            }
            Err(error) => {
                let (status, text) = told(&web.app, &visitor, error)?;
                page.error = text;
                (html(status, &page)?, String::new())
            }
        };
    if !ticket.is_empty() {
        remember(&web.app, &mut response, &ticket);
    }
    no_store(&mut response);
    Ok(response)
}

/// The page to sign in at, with what went wrong.
fn failed(web: &Web, visitor: &Visitor, next: &str, error: OidcError) -> Result<Response, Failure> {
    let (status, text) = told(&web.app, visitor, error)?;
    let mut response = html(status, &Login::new(&web.app, visitor, "", next, text))?;
    no_store(&mut response);
    Ok(response)
}

/// What the reader is told. What only the administrator can set right goes to the log as well.
fn told(app: &App, visitor: &Visitor, error: OidcError) -> Result<(StatusCode, String), Failure> {
    let error = match error {
        OidcError::Account(AccountError::TooMany(busy)) => OidcError::TooMany(busy),
        OidcError::Account(error) => {
            let (not_taken, text) = said(visitor.words().accounts, error)?;
            return Ok((not_taken.status, text));
        }
        error => error,
    };
    let t = visitor.words().oidc;
    let name = &app.config.oidc.name;
    let logged =
        |error: &ProviderError| tracing::warn!(%error, "signing in at the provider failed");
    Ok(match &error {
        OidcError::Stray => (StatusCode::BAD_REQUEST, t.stray.to_owned()),
        OidcError::Provider(ProviderError::Refused { code, text }) => {
            let said = text.as_deref().unwrap_or(code);
            (StatusCode::FORBIDDEN, (t.refused)(name, said))
        }
        OidcError::Provider(error @ ProviderError::Untrusted(_)) => {
            logged(error);
            (StatusCode::UNAUTHORIZED, (t.untrusted)(name))
        }
        OidcError::Provider(error) => {
            logged(error);
            (StatusCode::SERVICE_UNAVAILABLE, (t.unreachable)(name))
        }
        OidcError::Unknown => (StatusCode::FORBIDDEN, (t.unknown)(name)),
        OidcError::Nameless { claim } => (StatusCode::FORBIDDEN, (t.nameless)(name, claim)),
        OidcError::Name { found, .. } => (StatusCode::FORBIDDEN, (t.bad_name)(name, found)),
        OidcError::Taken { name: taken } => (StatusCode::CONFLICT, (t.taken)(name, taken.as_str())),
        OidcError::LinkedElsewhere => (StatusCode::CONFLICT, (t.linked_elsewhere)(name)),
        OidcError::Disabled => (StatusCode::FORBIDDEN, t.disabled.to_owned()),
        OidcError::LinkedAlready => (StatusCode::CONFLICT, t.linked_already.to_owned()),
        OidcError::NoPassword => (StatusCode::CONFLICT, t.no_password.to_owned()),
        OidcError::Off
        | OidcError::Account(_)
        | OidcError::Access(_)
        | OidcError::TooMany(_)
        | OidcError::Db(_) => {
            return Err(failure(error));
        }
    })
}

fn failure(error: OidcError) -> Failure {
    match error {
        OidcError::Off => Failure::Missing,
        OidcError::Access(error) => error.into(),
        OidcError::Account(error) => error.into(),
        OidcError::TooMany(busy) => Failure::Busy(busy.retry_after_seconds),
        OidcError::Db(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "request failed");
            Failure::Broken
        }
        _ => Failure::Refused,
    }
}

/// Where the provider sends the browser back to: it must be the same there and back, and the
/// provider compares it with what is registered.
fn back(app: &App, visitor: &Visitor, headers: &HeaderMap) -> String {
    let scheme = match &app.config.listen.public_url {
        Some(url) => url.scheme(),
        None => headers.get(proxies::PROTO).and_then(|proto| proto.to_str().ok()).unwrap_or("http"),
    };
    format!("{scheme}://{}{BACK}", visitor.host())
}

fn cookie_name(app: &App) -> &'static str {
    if app.config.is_secure() { "__Host-hub_oidc" } else { "hub_oidc" }
}

/// Lax, not strict: the way back comes from another site.
fn remember(app: &App, response: &mut Response, ticket: &str) {
    set_cookie(app, response, ticket, TICKET_MS / 1000);
}

fn forget(app: &App, response: &mut Response) {
    set_cookie(app, response, "", 0);
}

fn set_cookie(app: &App, response: &mut Response, value: &str, seconds: i64) {
    let secure = if app.config.is_secure() { "; Secure" } else { "" };
    let name = cookie_name(app);
    let text = format!("{name}={value}; HttpOnly; SameSite=Lax{secure}; Path=/; Max-Age={seconds}");
    if let Ok(mut cookie) = HeaderValue::from_str(&text) {
        cookie.set_sensitive(true);
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
