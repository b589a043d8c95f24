//! What an organisation is called, and how its repositories begin.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use hub_model::{OrgName, Visibility};

use super::super::Web;
use super::super::failure::Failure;
use super::super::frame::redirect;
use super::super::lang::Words;
use super::super::params::Params;
use super::super::view::{Link, Shell, html};
use super::super::visitor::Visitor;
use super::head::{Head, owns};
use super::route::Part;
use super::trouble::{Trouble, trouble};
use crate::services;
use crate::services::orgs::{OrgChanges, OrgPage};

/// Template of the page.
#[derive(Debug, Template)]
#[template(path = "web/org_settings.html")]
struct SettingsView {
    shell: Shell,
    t: &'static Words,
    head: Head,
    href: String,
    error: String,
    saved: bool,
    display_name: String,
    description: String,
    visibilities: Vec<Link>,
}

impl SettingsView {
    fn new(visitor: &Visitor, page: &OrgPage, fields: Option<&Params>, error: String) -> Self {
        let t = visitor.words();
        let org = &page.org;
        let head = Head::new(visitor, page, Part::Settings);
        let title = format!("{} · {}", t.people.settings, head.heading);
        let typed = |name: &str, now: &str| {
            fields.map_or(now, |fields| fields.get(name).unwrap_or_default()).to_owned()
        };
        let visibility = |visibility: Visibility, words| Link {
            current: visibility == org.default_visibility,
            ..Link::new(visibility.as_str(), words)
        };
        Self {
            shell: Shell::new(visitor, &title).hidden(),
            t,
            href: format!("/o/{}/-/settings", org.name),
            saved: error.is_empty() && visitor.query().get("saved").is_some(),
            error,
            display_name: typed("display_name", &org.display_name),
            description: typed("description", &org.description),
            visibilities: vec![
                visibility(Visibility::Public, t.people.visibility_public),
                visibility(Visibility::Private, t.people.visibility_private),
            ],
            head,
        }
    }
}

/// `GET /o/{org}/-/settings`.
pub(super) async fn page(web: &Web, visitor: &Visitor, org: &OrgName) -> Result<Response, Failure> {
    let page = owned(web, visitor, org).await?;
    html(StatusCode::OK, &SettingsView::new(visitor, &page, None, String::new()))
}

/// The organisation, for its owners.
async fn owned(web: &Web, visitor: &Visitor, org: &OrgName) -> Result<OrgPage, Failure> {
    let page = services::orgs::get(&web.app, visitor.actor(), org).await?;
    if owns(page.standing) { Ok(page) } else { Err(Failure::Missing) }
}

/// `POST /o/{org}/-/settings`.
pub(super) async fn change(
    web: &Web,
    visitor: &Visitor,
    org: &OrgName,
    fields: &Params,
) -> Result<Response, Failure> {
    let visibility = fields.get("visibility").and_then(Visibility::parse);
    let changes = OrgChanges {
        display_name: Some(fields.get("display_name").unwrap_or_default()),
        description: Some(fields.get("description").unwrap_or_default()),
        default_visibility: Some(visibility.ok_or(Failure::Bad)?),
    };
    let Err(error) = services::orgs::edit(&web.app, visitor.actor(), org, changes).await else {
        return Ok(redirect(StatusCode::SEE_OTHER, &format!("/o/{org}/-/settings?saved=1")));
    };
    match trouble(visitor.words(), error) {
        Trouble::Said(error) => {
            let page = owned(web, visitor, org).await?;
            let view = SettingsView::new(visitor, &page, Some(fields), error);
            html(StatusCode::UNPROCESSABLE_ENTITY, &view)
        }
        Trouble::Failed(failure) => Err(failure),
    }
}
