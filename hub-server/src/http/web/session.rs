//! Signing in and out.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use secrecy::SecretString;

use super::Web;
use super::failure::Failure;
use super::frame::{no_store, redirect};
use super::lang::Words;
use super::params::{self, Form};
use super::route::local;
use super::view::{Link, Shell, html};
use super::visitor::Visitor;
use crate::http::ClientAddress;
use crate::http::actor::{ended_session_cookie, session_cookie, session_secret};
use crate::services::sign_in::{Proof, SignInError};
use crate::{App, services};

/// Template of the form.
#[derive(Debug, Template)]
#[template(path = "web/login.html")]
pub(super) struct Login {
    shell: Shell,
    t: &'static Words,
    name: String,
    next: String,
    error: String,
    /// Whether strangers may make an account.
    register: bool,
    /// The way to sign in at a provider, when there is one.
    button: Option<Link>,
    /// Whether passwords are taken.
    passwords: bool,
}

impl Login {
    /// The page, with what went wrong before.
    pub(super) fn new(
        app: &App,
        visitor: &Visitor,
        name: &str,
        next: &str,
        error: impl Into<String>,
    ) -> Self {
        let t = visitor.words();
        let next = local(next);
        let oidc = &app.config.oidc;
        let button = || {
            let back = if next == "/" { "" } else { next };
            Link::new(
                params::address("/login/oidc", &[("next", back)]),
                (t.oidc.button)(&oidc.name),
            )
        };
        Self {
            shell: Shell::new(visitor, t.login_title).hidden(),
            t,
            name: name.to_owned(),
            next: next.to_owned(),
            register: services::accounts::takes_registrations(app),
            error: error.into(),
            button: oidc.is_on().then(button),
            passwords: !oidc.only,
        }
    }
}

/// `GET /login`.
pub(super) async fn form(State(web): State<Web>, visitor: Visitor) -> Result<Response, Failure> {
    let next = visitor.query().get("next").unwrap_or("/");
    if visitor.actor().user().is_some() {
        return Ok(redirect(StatusCode::FOUND, local(next)));
    }
    html(StatusCode::OK, &Login::new(&web.app, &visitor, "", next, ""))
}

/// `POST /login`. An unknown user and a wrong password get the same answer, and so does a token: a
/// session is good for everything, and a token may not be.
pub(super) async fn sign_in(
    State(web): State<Web>,
    visitor: Visitor,
    address: ClientAddress,
    headers: HeaderMap,
    Form(fields): Form,
) -> Result<Response, Failure> {
    let from = address.key();
    let name = fields.get("name").unwrap_or_default();
    let next = fields.get("next").unwrap_or("/");
    if web.app.config.oidc.only {
        let view = Login::new(&web.app, &visitor, "", next, visitor.words().oidc.no_passwords);
        return html(StatusCode::FORBIDDEN, &view);
    }
    let password: SecretString = fields.raw("password").to_owned().into();
    let signed_in = match services::sign_in::by_password(&web.app, name, &password, &from).await {
        Ok(signed_in) => signed_in,
        Err(SignInError::Wrong | SignInError::Disabled) => {
            let view = Login::new(&web.app, &visitor, name, next, visitor.words().login_wrong);
            let mut response = html(StatusCode::UNAUTHORIZED, &view)?;
            no_store(&mut response);
            return Ok(response);
        }
        Err(SignInError::TooMany(busy)) => {
            let seconds = busy.retry_after_seconds;
            let error = (visitor.words().accounts.error_wait)(seconds);
            let view = Login::new(&web.app, &visitor, name, next, error);
            let mut response = html(StatusCode::TOO_MANY_REQUESTS, &view)?;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            no_store(&mut response);
            return Ok(response);
        }
        Err(error) => return Err(error.into()),
    };
    begin(&web.app, &headers, &Proof::Password(signed_in), local(next)).await
}

/// Begins a session for somebody who just proved who they are, and goes on to `next`, a path of our
/// own.
pub(super) async fn begin(
    app: &App,
    headers: &HeaderMap,
    proof: &Proof,
    next: &str,
) -> Result<Response, Failure> {
    // A session never outlives the next signing in.
    if let Some(old) = session_secret(app, headers) {
        services::tokens::end_session(app, &old).await?;
    }
    let agent = super::accounts::agent(headers);
    let secret = services::tokens::start_session(app, proof, agent).await?;
    let mut response = redirect(StatusCode::SEE_OTHER, next);
    response.headers_mut().append(header::SET_COOKIE, session_cookie(app, &secret));
    no_store(&mut response);
    Ok(response)
}

/// `POST /logout`.
pub(super) async fn sign_out(
    State(web): State<Web>,
    headers: HeaderMap,
    _: Form,
) -> Result<Response, Failure> {
    if let Some(secret) = session_secret(&web.app, &headers) {
        services::tokens::end_session(&web.app, &secret).await?;
    }
    let mut response = redirect(StatusCode::SEE_OTHER, "/");
    response.headers_mut().append(header::SET_COOKIE, ended_session_cookie(&web.app));
    no_store(&mut response);
    Ok(response)
}
