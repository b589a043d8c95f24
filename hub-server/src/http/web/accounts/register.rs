//! Making an account for oneself, where the hub lets strangers do so.

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use hub_model::UserName;

use super::{bad_name, refused, said};
use crate::http::ClientAddress;
use crate::http::web::Web;
use crate::http::web::failure::Failure;
use crate::http::web::lang::{AccountWords, Words};
use crate::http::web::params::Form;
use crate::http::web::session::begin;
use crate::http::web::view::{Shell, html};
use crate::http::web::visitor::Visitor;
use crate::services::accounts;
use crate::services::sign_in::Proof;

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
    if accounts::takes_registrations(&web.app) { Ok(()) } else { Err(Failure::Missing) }
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
    let signed_in = match made {
        Ok(signed_in) => signed_in,
        Err(error) => {
            let (status, text) = said(a, error)?;
            return refused(&again(text), status);
        }
    };
    let home = format!("/o/{}", signed_in.user.name);
    begin(&web.app, &headers, &Proof::Password(signed_in), &home).await
}
