//! Making an account for oneself, where the hub lets strangers do so.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use hub_model::UserName;

use super::{agent, bad_name, refused, said};
use crate::config::Registration;
use crate::http::ClientAddress;
use crate::http::actor::{session_cookie, session_secret};
use crate::http::web::Web;
use crate::http::web::failure::Failure;
use crate::http::web::frame::{no_store, redirect};
use crate::http::web::lang::{AccountWords, Words};
use crate::http::web::params::Form;
use crate::http::web::view::{Shell, html};
use crate::http::web::visitor::Visitor;
use crate::services::{accounts, tokens};

/// Template of the form.
#[derive(Debug, Template)]
#[template(path = "web/register.html")]
struct Register {
    shell: Shell,
    t: &'static Words,
    a: &'static AccountWords,
    name: String,
    error: String,
}

impl Register {
    fn new(visitor: &Visitor, name: &str, error: String) -> Self {
        let (t, a) = (visitor.words(), visitor.words().accounts);
        let shell = Shell::new(visitor, a.register).hidden();
        Self { shell, t, a, name: name.to_owned(), error }
    }
}

/// Where strangers may make no account there is no such page.
fn must_be_open(web: &Web) -> Result<(), Failure> {
    match web.app.config.auth.registration {
        Registration::Open => Ok(()),
        Registration::Off => Err(Failure::Missing),
    }
}

/// `GET /register`.
pub(in crate::http::web) async fn form(
    State(web): State<Web>,
    visitor: Visitor,
) -> Result<Response, Failure> {
    must_be_open(&web)?;
    html(StatusCode::OK, &Register::new(&visitor, "", String::new()))
}

/// `POST /register`: the new user is signed in.
pub(in crate::http::web) async fn register(
    State(web): State<Web>,
    visitor: Visitor,
    address: ClientAddress,
    headers: HeaderMap,
    Form(fields): Form,
) -> Result<Response, Failure> {
    must_be_open(&web)?;
    let a = visitor.words().accounts;
    let typed = fields.get("name").unwrap_or_default();
    let again = |error| Register::new(&visitor, typed, error);
    let name = match UserName::parse(typed) {
        Ok(name) => name,
        Err(error) => {
            return refused(&again(bad_name(a, &error)), StatusCode::UNPROCESSABLE_ENTITY);
        }
    };
    let password = fields.raw("password");
    if password != fields.raw("again") {
        let error = a.password_differs.to_owned();
        return refused(&again(error), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let made = accounts::register(&web.app, name, password.to_owned().into(), &address.key()).await;
    let user = match made {
        Ok(user) => user,
        Err(error) => {
            let (status, text) = said(a, error)?;
            return refused(&again(text), status);
        }
    };
    // Whoever was signed in here is not the new user.
    if let Some(old) = session_secret(&web.app, &headers) {
        tokens::end_session(&web.app, &old).await?;
    }
    let secret = tokens::start_session(&web.app, &user, agent(&headers)).await?;
    let mut response = redirect(StatusCode::SEE_OTHER, &format!("/o/{}", user.name));
    response.headers_mut().append(header::SET_COOKIE, session_cookie(&web.app, &secret));
    no_store(&mut response);
    Ok(response)
}
