//! Who belongs to an organisation.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use hub_model::{Member, OrgName};

use super::super::Web;
use super::super::failure::Failure;
use super::super::icons;
use super::super::lang::Words;
use super::super::view::{Shell, html};
use super::super::visitor::Visitor;
use super::head::{Head, role_word};
use super::route::Part;
use crate::services;
use crate::services::orgs::OrgPage;

/// Template of the page.
#[derive(Debug, Template)]
#[template(path = "web/org_members.html")]
struct MembersView {
    shell: Shell,
    t: &'static Words,
    head: Head,
    rows: Vec<Row>,
}

/// A member in the list.
#[derive(Debug)]
struct Row {
    name: String,
    icon: String,
    role: &'static str,
    since: String,
}

impl MembersView {
    fn new(visitor: &Visitor, page: &OrgPage, members: &[Member]) -> Self {
        let t = visitor.words();
        let row = |member: &Member| Row {
            name: member.user.to_string(),
            icon: icons::inline(member.user.as_str()),
            role: role_word(t, member.role),
            since: visitor.lang().moment(member.since_ms, visitor.now_ms()).ago,
        };
        let head = Head::new(visitor, page, Part::Members);
        let title = format!("{} · {}", t.members, head.heading);
        Self {
            shell: Shell::new(visitor, &title).hidden(),
            t,
            head,
            rows: members.iter().map(row).collect(),
        }
    }
}

/// `GET /o/{org}/-/members`.
pub(super) async fn page(web: &Web, visitor: &Visitor, org: &OrgName) -> Result<Response, Failure> {
    let page = services::orgs::get(&web.app, visitor.actor(), org).await?;
    let members = services::orgs::members(&web.app, visitor.actor(), org).await?;
    html(StatusCode::OK, &MembersView::new(visitor, &page, &members))
}
