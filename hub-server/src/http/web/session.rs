//! Signing in and out.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
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
    error: &'static str,
}

impl Login {
    fn new(visitor: &Visitor, name: &str, next: &str, error: &'static str) -> Self {
        let t = visitor.words();
        Self {
            shell: Shell::new(visitor, t.login_title).hidden(),
            t,
            name: name.to_owned(),
            next: local(next).to_owned(),
            error,
        }
    }
}

/// `GET /login`.
pub(super) async fn form(visitor: Visitor) -> Result<Response, Failure> {
    let next = visitor.query().get("next").unwrap_or("/");
    if visitor.actor().user().is_some() {
        return Ok(redirect(StatusCode::FOUND, local(next)));
    }
    html(StatusCode::OK, &Login::new(&visitor, "", next, ""))
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
            let view = Login::new(&visitor, name, next, visitor.words().login_wrong);
            let mut response = html(StatusCode::UNAUTHORIZED, &view)?;
            no_store(&mut response);
            return Ok(response);
        }
        Err(error) => return Err(error.into()),
    };
    // A session never outlives the next signing in.
    if let Some(old) = session_secret(&web.app, &headers) {
        services::tokens::end_session(&web.app, &old).await?;
    }
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    let agent = agent.unwrap_or_default();
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
