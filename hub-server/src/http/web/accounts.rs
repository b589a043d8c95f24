//! Pages of accounts: the index of settings, and one's own password.

pub(super) mod register;
pub(super) mod sessions;
pub(super) mod users;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use hub_model::NameError;
use secrecy::SecretString;

use super::Web;
use super::failure::Failure;
use super::frame::no_store;
use super::lang::AccountWords;
use super::params::Form;
use super::view::{Shell, html};
use super::visitor::Visitor;
use crate::app::TooMany;
use crate::http::actor::session_cookie;
use crate::services;
use crate::services::access;
use crate::services::accounts::AccountError;
use crate::services::sign_in::Proof;

/// A page of the settings, in their index.
#[derive(Debug)]
struct Entry {
    href: &'static str,
    title: String,
    text: &'static str,
}

/// Template of the index.
#[derive(Debug, Template)]
#[template(path = "web/settings.html")]
struct Settings {
    shell: Shell,
    a: &'static AccountWords,
    entries: Vec<Entry>,
}

/// `GET /settings`.
pub(super) async fn index(State(web): State<Web>, visitor: Visitor) -> Result<Response, Failure> {
    let caller = access::person(visitor.actor())?;
    let (t, a) = (visitor.words(), visitor.words().accounts);
    let entry = |href, title: &str, text| Entry { href, title: title.to_owned(), text };
    let mut entries = vec![
        entry("/settings/tokens", t.tokens, a.settings_tokens),
        entry("/settings/keys", t.credentials.keys, t.credentials.keys_lead),
        entry("/settings/sessions", a.sessions, a.settings_sessions),
        entry("/settings/password", a.password, a.settings_password),
        entry("/settings/invitations", t.people.invitations, t.people.invitations_lead),
        entry("/settings/shares", t.shares.with_me, t.shares.with_me_lead),
    ];
    let oidc = &web.app.config.oidc;
    if oidc.is_on() {
        let title = (t.oidc.account_title)(&oidc.name);
        entries.insert(4, entry("/settings/oidc", &title, t.oidc.account_lead));
    }
    if caller.user.admin {
        entries.push(entry("/settings/users", a.users, a.settings_users));
        entries.push(entry("/settings/audit", t.shares.activity, t.shares.activity_lead));
        entries.push(entry("/settings/searches", t.missed.title, t.missed.lead));
    }
    let shell = Shell::new(&visitor, a.settings).hidden();
    html(StatusCode::OK, &Settings { shell, a, entries })
}

/// Template of the form.
#[derive(Debug, Template)]
#[template(path = "web/password.html")]
struct Password {
    shell: Shell,
    a: &'static AccountWords,
    name: String,
    error: String,
    done: bool,
}

impl Password {
    fn new(visitor: &Visitor, error: String, done: bool) -> Self {
        let a = visitor.words().accounts;
        let shell = Shell::new(visitor, a.password).hidden();
        Self { shell, a, name: visitor.actor().name().to_owned(), error, done }
    }
}

/// `GET /settings/password`.
pub(super) async fn password(visitor: Visitor) -> Result<Response, Failure> {
    access::person(visitor.actor())?;
    let done = visitor.query().get("done").is_some();
    html(StatusCode::OK, &Password::new(&visitor, String::new(), done))
}

/// `POST /settings/password`. Every session ends, and this browser gets a new one.
pub(super) async fn change_password(
    State(web): State<Web>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(fields): Form,
) -> Result<Response, Failure> {
    let a = visitor.words().accounts;
    access::whole_person(visitor.actor(), "your account")?;
    let [old, new, again] = ["old", "password", "again"].map(|field| fields.raw(field));
    if new != again {
        let error = a.password_differs.to_owned();
        return refused(&Password::new(&visitor, error, false), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let (old, new): (SecretString, SecretString) = (old.to_owned().into(), new.to_owned().into());
    let changed = services::accounts::change_password(&web.app, visitor.actor(), &old, &new).await;
    let signed_in = match changed {
        Ok(signed_in) => signed_in,
        Err(error) => {
            let (status, text) = said(a, error)?;
            return refused(&Password::new(&visitor, text, false), status);
        }
    };
    let agent = agent(&headers);
    let proof = Proof::Password(signed_in);
    let secret = services::tokens::start_session(&web.app, &proof, agent).await?;
    let mut response = super::frame::redirect(StatusCode::SEE_OTHER, "/settings/password?done=1");
    response.headers_mut().append(header::SET_COOKIE, session_cookie(&web.app, &secret));
    no_store(&mut response);
    Ok(response)
}

/// What a browser calls itself.
pub(super) fn agent(headers: &HeaderMap) -> &str {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    agent.unwrap_or_default()
}

/// With which status a form is not taken, and after how many seconds another try makes sense.
#[derive(Debug, Clone, Copy)]
pub(super) struct NotTaken {
    pub(super) status: StatusCode,
    retry_after: Option<u64>,
}

impl From<StatusCode> for NotTaken {
    fn from(status: StatusCode) -> Self {
        Self { status, retry_after: None }
    }
}

/// A form once more, with what is wrong.
fn refused(page: &impl Template, why: impl Into<NotTaken>) -> Result<Response, Failure> {
    let NotTaken { status, retry_after } = why.into();
    let mut response = html(status, page)?;
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    no_store(&mut response);
    Ok(response)
}

/// What is wrong with a form, in the reader's language; or the page of the failure.
pub(super) fn said(a: &AccountWords, error: AccountError) -> Result<(NotTaken, String), Failure> {
    let (status, text) = match error {
        AccountError::Taken { name } => (StatusCode::CONFLICT, (a.error_taken)(name.as_str())),
        AccountError::PasswordLength { found } => {
            (StatusCode::UNPROCESSABLE_ENTITY, (a.password_length)(found))
        }
        AccountError::WrongPassword => {
            (StatusCode::UNPROCESSABLE_ENTITY, a.password_wrong.to_owned())
        }
        AccountError::LastAdministrator { name } => {
            (StatusCode::CONFLICT, (a.error_last_administrator)(name.as_str()))
        }
        AccountError::StillOwns { name, orgs } => {
            let orgs: Vec<_> = orgs.iter().map(hub_model::OrgName::as_str).collect();
            (StatusCode::CONFLICT, (a.error_still_owns)(name.as_str(), &orgs.join(", ")))
        }
        AccountError::TooMany(TooMany { retry_after_seconds: seconds, .. }) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            let why = NotTaken { status, retry_after: Some(seconds) };
            return Ok((why, (a.error_wait)(seconds)));
        }
        error => return Err(error.into()),
    };
    Ok((status.into(), text))
}

/// What is wrong with a name, in the reader's language.
fn bad_name(a: &AccountWords, error: &NameError) -> String {
    match error {
        NameError::Reserved { name } => (a.error_reserved)(name),
        _ => a.error_name.to_owned(),
    }
}
