//! The browsers that the reader is signed in with.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::Response;

use crate::http::actor::ended_session_cookie;
use crate::http::web::Web;
use crate::http::web::failure::Failure;
use crate::http::web::frame::{no_store, redirect};
use crate::http::web::lang::{AccountWords, Words};
use crate::http::web::params::Form;
use crate::http::web::view::{Shell, html};
use crate::http::web::visitor::Visitor;
use crate::services::sessions::{self, Everywhere, Session};

const PAGE: &str = "/settings/sessions";

/// Template of the page.
#[derive(Debug, Template)]
#[template(path = "web/sessions.html")]
struct Sessions {
    shell: Shell,
    t: &'static Words,
    a: &'static AccountWords,
    rows: Vec<Row>,
}

/// A session in the list.
#[derive(Debug)]
struct Row {
    agent: String,
    address: String,
    made: String,
    used: String,
    current: bool,
    end: String,
    end_label: String,
}

fn row(visitor: &Visitor, session: Session) -> Row {
    let (t, a) = (visitor.words(), visitor.words().accounts);
    let token = session.token;
    let ago = |at_ms: i64| visitor.lang().moment(at_ms, visitor.now_ms()).ago;
    let agent = if token.agent.is_empty() { a.session_unnamed.to_owned() } else { token.agent };
    Row {
        end: format!("{PAGE}/{}/end", token.id),
        end_label: (a.session_end_named)(&agent),
        agent,
        address: token.address,
        made: ago(token.created_at_ms),
        used: token.used_at_ms.map_or_else(|| t.never.to_owned(), ago),
        current: session.current,
    }
}

/// `GET /settings/sessions`.
pub(in crate::http::web) async fn page(
    State(web): State<Web>,
    visitor: Visitor,
) -> Result<Response, Failure> {
    let rows = sessions::list(&web.app, visitor.actor()).await?;
    let rows = rows.into_iter().map(|session| row(&visitor, session)).collect();
    let (t, a) = (visitor.words(), visitor.words().accounts);
    let shell = Shell::new(&visitor, a.sessions).hidden();
    html(StatusCode::OK, &Sessions { shell, t, a, rows })
}

/// `POST /settings/sessions/{id}/end`.
pub(in crate::http::web) async fn end(
    State(web): State<Web>,
    visitor: Visitor,
    Path(id): Path<String>,
    _: Form,
) -> Result<Response, Failure> {
    let id = id.parse().map_err(|_| Failure::Missing)?;
    sessions::end(&web.app, visitor.actor(), id).await?;
    Ok(redirect(StatusCode::SEE_OTHER, PAGE))
}

/// `POST /settings/sessions`: all others, or everywhere.
pub(in crate::http::web) async fn end_all(
    State(web): State<Web>,
    visitor: Visitor,
    Form(fields): Form,
) -> Result<Response, Failure> {
    let keep_this = match fields.get("what") {
        Some("others") => true,
        Some("all") => false,
        _ => return Err(Failure::Bad),
    };
    let what = Everywhere { keep_this, tokens: fields.get("tokens").is_some() };
    sessions::end_all(&web.app, visitor.actor(), what).await?;
    if keep_this {
        return Ok(redirect(StatusCode::SEE_OTHER, PAGE));
    }
    let mut response = redirect(StatusCode::SEE_OTHER, "/login");
    response.headers_mut().append(header::SET_COOKIE, ended_session_cookie(&web.app));
    no_store(&mut response);
    Ok(response)
}
