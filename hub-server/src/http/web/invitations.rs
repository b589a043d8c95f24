//! The reader's own invitations.

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use hub_model::{Invitation, OrgName};

use super::Web;
use super::failure::Failure;
use super::frame::redirect;
use super::lang::Words;
use super::orgs::{Trouble, role_word, trouble};
use super::params::Form;
use super::view::{Link, Shell, html};
use super::visitor::Visitor;
use crate::services;

/// Where the page lies.
pub(super) const PATH: &str = "/settings/invitations";

/// Template of the page.
#[derive(Debug, Template)]
#[template(path = "web/invitations.html")]
struct InvitationsView {
    shell: Shell,
    t: &'static Words,
    error: String,
    rows: Vec<Row>,
}

/// An invitation in the list.
#[derive(Debug)]
struct Row {
    org: Link,
    role: &'static str,
    by: String,
    until: String,
    ended: bool,
    accept_label: String,
    decline_label: String,
}

impl InvitationsView {
    fn new(visitor: &Visitor, invitations: &[Invitation], error: String) -> Self {
        let t = visitor.words();
        let row = |one: &Invitation| Row {
            org: Link::new(format!("/o/{}", one.org), one.org.as_str()),
            role: role_word(t, one.role),
            by: one.invited_by.clone(),
            until: visitor.lang().moment(one.expires_at_ms, visitor.now_ms()).day(),
            ended: !one.is_good(visitor.now_ms()),
            accept_label: (t.people.accept_named)(one.org.as_str()),
            decline_label: (t.people.decline_named)(one.org.as_str()),
        };
        Self {
            shell: Shell::new(visitor, t.people.invitations).hidden(),
            t,
            error,
            rows: invitations.iter().map(row).collect(),
        }
    }
}

/// `GET /settings/invitations`.
pub(super) async fn page(State(web): State<Web>, visitor: Visitor) -> Result<Response, Failure> {
    let found = services::invitations::mine(&web.app, visitor.actor()).await?;
    html(StatusCode::OK, &InvitationsView::new(&visitor, &found, String::new()))
}

/// `POST /settings/invitations/accept` and `…/decline`.
pub(super) async fn answer(
    State(web): State<Web>,
    visitor: Visitor,
    uri: Uri,
    Form(fields): Form,
) -> Result<Response, Failure> {
    let (app, actor) = (&web.app, visitor.actor());
    let org = OrgName::parse(fields.get("org").unwrap_or_default()).map_err(|_| Failure::Bad)?;
    let accepts = uri.path().ends_with("/accept");
    let done = if accepts {
        services::invitations::accept(app, actor, &org).await.map(drop)
    } else {
        services::invitations::decline(app, actor, &org).await
    };
    let Err(error) = done else {
        let target = if accepts { format!("/o/{org}") } else { PATH.to_owned() };
        return Ok(redirect(StatusCode::SEE_OTHER, &target));
    };
    match trouble(visitor.words(), error) {
        Trouble::Said(error) => {
            let found = services::invitations::mine(app, actor).await?;
            let view = InvitationsView::new(&visitor, &found, error);
            html(StatusCode::UNPROCESSABLE_ENTITY, &view)
        }
        Trouble::Failed(failure) => Err(failure),
    }
}
