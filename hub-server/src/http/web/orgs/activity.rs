//! Who did what in an organisation, for its owners.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use hub_model::OrgName;

use super::super::Web;
use super::super::activity::{Acts, acts};
use super::super::failure::Failure;
use super::super::lang::Words;
use super::super::view::{Shell, html};
use super::super::visitor::Visitor;
use super::head::Head;
use super::route::Part;
use crate::services;
use crate::services::audit::About;

/// Template of the page.
#[derive(Debug, Template)]
#[template(path = "web/org_activity.html")]
struct OrgActivity {
    shell: Shell,
    t: &'static Words,
    head: Head,
    acts: Acts,
}

/// `GET /o/{org}/-/activity`.
pub(super) async fn page(web: &Web, visitor: &Visitor, org: &OrgName) -> Result<Response, Failure> {
    let t = visitor.words();
    let places = (&format!("/o/{org}/-/activity")[..], &format!("/api/v1/orgs/{org}/audit")[..]);
    let acts = acts(web, visitor, &About::Org(org.clone()), places).await?;
    let page = services::orgs::get(&web.app, visitor.actor(), org).await?;
    let head = Head::new(visitor, &page, Part::Activity);
    let title = format!("{} · {}", t.shares.activity, head.heading);
    html(
        StatusCode::OK,
        &OrgActivity { shell: Shell::new(visitor, &title).hidden(), t, head, acts },
    )
}
