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
use super::params::Form;
use super::route::local;
use super::view::{Shell, html};
use super::visitor::Visitor;
use crate::config::Registration;
use crate::http::ClientAddress;
use crate::http::actor::{ended_session_cookie, session_cookie, session_secret};
use crate::services;
use crate::services::sign_in::SignInError;

/// Template of the form.
#[derive(Debug, Template)]
#[template(path = "web/login.html")]
struct Login {
    shell: Shell,
    t: &'static Words,
    name: String,
    next: String,
    error: String,
    /// Whether strangers may make an account.
    register: bool,
}

impl Login {
    fn new(web: &Web, visitor: &Visitor, (name, next): (&str, &str), error: String) -> Self {
        let t = visitor.words();
        Self {
            shell: Shell::new(visitor, t.login_title).hidden(),
            t,
            name: name.to_owned(),
            next: local(next).to_owned(),
            error,
            register: web.app.config.auth.registration == Registration::Open,
        }
    }
}

/// `GET /login`.
pub(super) async fn form(State(web): State<Web>, visitor: Visitor) -> Result<Response, Failure> {
    let next = visitor.query().get("next").unwrap_or("/");
    if visitor.actor().user().is_some() {
        return Ok(redirect(StatusCode::FOUND, local(next)));
    }
    html(StatusCode::OK, &Login::new(&web, &visitor, ("", next), String::new()))
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
    let password: SecretString = fields.raw("password").to_owned().into();
    let signed_in = match services::sign_in::by_password(&web.app, name, &password, &from).await {
        Ok(signed_in) => signed_in,
        Err(SignInError::Wrong | SignInError::Disabled) => {
            let error = visitor.words().login_wrong.to_owned();
            let view = Login::new(&web, &visitor, (name, next), error);
            let mut response = html(StatusCode::UNAUTHORIZED, &view)?;
            no_store(&mut response);
            return Ok(response);
        }
        Err(SignInError::TooMany(busy)) => {
            let seconds = busy.retry_after_seconds;
            let error = (visitor.words().accounts.error_wait)(seconds);
            let view = Login::new(&web, &visitor, (name, next), error);
            let mut response = html(StatusCode::TOO_MANY_REQUESTS, &view)?;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            no_store(&mut response);
            return Ok(response);
        }
        Err(error) => return Err(error.into()),
    };
    // A session never outlives the next signing in.
    if let Some(old) = session_secret(&web.app, &headers) {
        services::tokens::end_session(&web.app, &old).await?;
    }
    let agent = super::accounts::agent(&headers);
    let secret = services::tokens::start_session(&web.app, &signed_in.user, agent).await?;
    let mut response = redirect(StatusCode::SEE_OTHER, local(next));
    response.headers_mut().append(header::SET_COOKIE, session_cookie(&web.app, &secret));
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
