//! The users of the hub, for its administrators.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use hub_model::{User, UserName, UserState};

use super::{bad_name, refused, said};
use crate::http::web::Web;
use crate::http::web::failure::Failure;
use crate::http::web::frame::redirect;
use crate::http::web::lang::{AccountWords, Words};
use crate::http::web::params::{Form, address};
use crate::http::web::view::{Link, Shell, html};
use crate::http::web::visitor::Visitor;
use crate::services::accounts::{self, Account, NewAccount, UserEdit};

const PAGE: &str = "/settings/users";

/// Users on a page.
const ROWS: u64 = 50;

/// Template of the list.
#[derive(Debug, Template)]
#[template(path = "web/users.html")]
struct Users {
    shell: Shell,
    t: &'static Words,
    a: &'static AccountWords,
    rows: Vec<Row>,
    found: String,
    text: String,
    /// Choices of the form: value in `href`, words in `text`.
    states: Vec<Link>,
    next: String,
    /// What was typed into the form that makes a user.
    name: String,
    error: String,
}

/// A user in the list.
#[derive(Debug)]
struct Row {
    name: String,
    href: String,
    badges: Vec<&'static str>,
    since: String,
}

/// Template of one user.
#[derive(Debug, Template)]
#[template(path = "web/user.html")]
struct One {
    shell: Shell,
    a: &'static AccountWords,
    name: String,
    href: String,
    badges: Vec<&'static str>,
    since: String,
    orgs: Vec<Link>,
    sessions: usize,
    tokens: usize,
    admin: bool,
    disabled: bool,
    deleted: bool,
    error: String,
    good: String,
}

/// Template of the question before a user is deleted.
#[derive(Debug, Template)]
#[template(path = "web/user_delete.html")]
struct Delete {
    shell: Shell,
    a: &'static AccountWords,
    title: String,
    href: String,
    error: String,
}

fn badges(a: &AccountWords, user: &User) -> Vec<&'static str> {
    let all = [
        (user.admin, a.administrator),
        (user.disabled, a.disabled),
        (user.deleted_at_ms.is_some(), a.deleted),
    ];
    all.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect()
}

fn state_words(a: &AccountWords, state: UserState) -> &'static str {
    match state {
        UserState::Any => a.state_any,
        UserState::Open => a.state_open,
        UserState::Disabled => a.state_disabled,
        UserState::Admin => a.state_admin,
        UserState::Deleted => a.state_deleted,
    }
}

fn href(name: &UserName) -> String {
    format!("{PAGE}/{name}")
}

fn user_name(text: &str) -> Result<UserName, Failure> {
    UserName::parse(text).map_err(|_| Failure::Missing)
}

impl Users {
    async fn read(
        web: &Web,
        visitor: &Visitor,
        (name, error): (&str, String),
    ) -> Result<Self, Failure> {
        let (t, a) = (visitor.words(), visitor.words().accounts);
        let query = visitor.query();
        let text = query.get("q").unwrap_or_default();
        let state = query.get("state").and_then(UserState::parse).unwrap_or_default();
        let after = query.get("after");
        let page = accounts::list(&web.app, visitor.actor(), (text, state), after, ROWS).await?;
        let row = |user: User| Row {
            href: href(&user.name),
            badges: badges(a, &user),
            since: visitor.lang().moment(user.created_at_ms, visitor.now_ms()).ago,
            name: user.name.into(),
        };
        let option = |one: UserState| Link {
            current: one == state,
            ..Link::new(one.as_str(), state_words(a, one))
        };
        let word = if state == UserState::Any { "" } else { state.as_str() };
        let next =
            page.next.map(|next| address(PAGE, &[("q", text), ("state", word), ("after", &next)]));
        Ok(Self {
            shell: Shell::new(visitor, a.users).hidden(),
            t,
            a,
            rows: page.items.into_iter().map(row).collect(),
            found: (a.users_found)(page.total),
            text: text.to_owned(),
            states: UserState::ALL.map(option).into(),
            next: next.unwrap_or_default(),
            name: name.to_owned(),
            error,
        })
    }
}

impl One {
    async fn read(
        web: &Web,
        visitor: &Visitor,
        name: &UserName,
        (error, good): (String, String),
    ) -> Result<Self, Failure> {
        let a = visitor.words().accounts;
        let account = accounts::get(&web.app, visitor.actor(), name).await?;
        let Account { user, orgs, sessions, tokens } = account;
        let org = |(org, _): (hub_model::Org, _)| {
            Link::new(format!("/o/{}", org.name), org.name.as_str())
        };
        Ok(Self {
            shell: Shell::new(visitor, name.as_str()).hidden(),
            a,
            name: name.to_string(),
            href: href(name),
            badges: badges(a, &user),
            since: visitor.lang().moment(user.created_at_ms, visitor.now_ms()).ago,
            orgs: orgs.into_iter().map(org).collect(),
            sessions,
            tokens,
            admin: user.admin,
            disabled: user.disabled,
            deleted: user.deleted_at_ms.is_some(),
            error,
            good,
        })
    }
}

impl Delete {
    fn new(visitor: &Visitor, name: &UserName, error: String) -> Self {
        let a = visitor.words().accounts;
        let title = (a.delete_named)(name.as_str());
        Self { shell: Shell::new(visitor, &title).hidden(), a, title, href: href(name), error }
    }
}

/// `GET /settings/users`.
pub(in crate::http::web) async fn page(
    State(web): State<Web>,
    visitor: Visitor,
) -> Result<Response, Failure> {
    html(StatusCode::OK, &Users::read(&web, &visitor, ("", String::new())).await?)
}

/// `POST /settings/users`: makes a user.
pub(in crate::http::web) async fn add(
    State(web): State<Web>,
    visitor: Visitor,
    Form(fields): Form,
) -> Result<Response, Failure> {
    let a = visitor.words().accounts;
    let typed = fields.get("name").unwrap_or_default();
    let (status, error) = match UserName::parse(typed) {
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY.into(), bad_name(a, &error)),
        Ok(name) => {
            let password = fields.raw("password").to_owned().into();
            let admin = fields.get("admin").is_some();
            let new = NewAccount { name, password, admin };
            match accounts::add_user(&web.app, visitor.actor(), new).await {
                Ok(user) => return Ok(redirect(StatusCode::SEE_OTHER, &href(&user.name))),
                Err(error) => said(a, error)?,
            }
        }
    };
    refused(&Users::read(&web, &visitor, (typed, error)).await?, status)
}

/// `GET /settings/users/{user}`.
pub(in crate::http::web) async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let name = user_name(&name)?;
    let good = match visitor.query().get("done") {
        Some("password") => (visitor.words().accounts.reset_done)(name.as_str()),
        _ => String::new(),
    };
    html(StatusCode::OK, &One::read(&web, &visitor, &name, (String::new(), good)).await?)
}

/// `POST /settings/users/{user}`: does what the button says.
pub(in crate::http::web) async fn change(
    State(web): State<Web>,
    visitor: Visitor,
    Path(name): Path<String>,
    Form(fields): Form,
) -> Result<Response, Failure> {
    let name = user_name(&name)?;
    let (app, actor) = (&web.app, visitor.actor());
    let edit = |admin, disabled| UserEdit { admin, disabled };
    let edit = match fields.get("do") {
        Some("disable") => edit(None, Some(true)),
        Some("enable") => edit(None, Some(false)),
        Some("admin") => edit(Some(true), None),
        Some("user") => edit(Some(false), None),
        _ => return Err(Failure::Bad),
    };
    match accounts::edit(app, actor, &name, edit).await {
        Ok(_) => Ok(redirect(StatusCode::SEE_OTHER, &href(&name))),
        Err(error) => {
            let (status, error) = said(visitor.words().accounts, error)?;
            refused(&One::read(&web, &visitor, &name, (error, String::new())).await?, status)
        }
    }
}

/// `POST /settings/users/{user}/password`.
pub(in crate::http::web) async fn reset(
    State(web): State<Web>,
    visitor: Visitor,
    Path(name): Path<String>,
    Form(fields): Form,
) -> Result<Response, Failure> {
    let name = user_name(&name)?;
    let password = fields.raw("password").to_owned().into();
    match accounts::reset_password(&web.app, visitor.actor(), &name, &password).await {
        Ok(_) => {
            let target = format!("{}?done=password", href(&name));
            Ok(redirect(StatusCode::SEE_OTHER, &target))
        }
        Err(error) => {
            let (status, error) = said(visitor.words().accounts, error)?;
            refused(&One::read(&web, &visitor, &name, (error, String::new())).await?, status)
        }
    }
}

/// `GET /settings/users/{user}/delete`: asks.
pub(in crate::http::web) async fn ask(
    State(web): State<Web>,
    visitor: Visitor,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let name = user_name(&name)?;
    let account = accounts::get(&web.app, visitor.actor(), &name).await?;
    if account.user.deleted_at_ms.is_some() {
        return Err(Failure::Missing);
    }
    html(StatusCode::OK, &Delete::new(&visitor, &name, String::new()))
}

/// `POST /settings/users/{user}/delete`.
pub(in crate::http::web) async fn delete(
    State(web): State<Web>,
    visitor: Visitor,
    Path(name): Path<String>,
    _: Form,
) -> Result<Response, Failure> {
    let name = user_name(&name)?;
    match accounts::delete(&web.app, visitor.actor(), &name).await {
        Ok(_) => Ok(redirect(StatusCode::SEE_OTHER, PAGE)),
        Err(error) => {
            let (status, error) = said(visitor.words().accounts, error)?;
            refused(&Delete::new(&visitor, &name, error), status)
        }
    }
}
