//! What an organisation shares with others.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use hub_api::parse_time_or_day;
use hub_model::{Deadline, OrgName, RepoName};

use super::super::Web;
use super::super::failure::Failure;
use super::super::frame::redirect;
use super::super::lang::Words;
use super::super::params::Params;
use super::super::shares::{Filter, Row, wanted};
use super::super::view::{Shell, html};
use super::super::visitor::Visitor;
use super::head::Head;
use super::route::Part;
use crate::services;
use crate::services::shares::ShareError;

/// Template of the page.
#[derive(Debug, Template)]
#[template(path = "web/org_shares.html")]
struct SharesView {
    shell: Shell,
    t: &'static Words,
    head: Head,
    filter: Filter,
    rows: Vec<Row>,
    next: String,
    error: &'static str,
    /// What the form was sent with, for another try.
    typed: Typed,
    action: String,
    end_action: String,
}

/// What the form was sent with.
#[derive(Debug, Default)]
struct Typed {
    repo: String,
    with: String,
    until: String,
    description: String,
}

impl Typed {
    fn read(fields: &Params) -> Self {
        let field = |name: &str| fields.get(name).unwrap_or_default().to_owned();
        Self {
            repo: field("repo"),
            with: field("with"),
            until: field("until"),
            description: field("description"),
        }
    }
}

/// `GET /o/{org}/-/shares`.
pub(super) async fn page(web: &Web, visitor: &Visitor, org: &OrgName) -> Result<Response, Failure> {
    render(web, visitor, org, StatusCode::OK, ("", Typed::default())).await
}

async fn render(
    web: &Web,
    visitor: &Visitor,
    org: &OrgName,
    status: StatusCode,
    (error, typed): (&'static str, Typed),
) -> Result<Response, Failure> {
    let t = visitor.words();
    let wanted = wanted(visitor);
    let list = services::shares::of_org(&web.app, visitor.actor(), org, &wanted).await?;
    let page = services::orgs::get(&web.app, visitor.actor(), org).await?;
    let head = Head::new(visitor, &page, Part::Shares);
    let path = format!("/o/{org}/-/shares");
    let next = list.next.as_deref();
    let title = format!("{} · {}", t.shares.shares, head.heading);
    let view = SharesView {
        shell: Shell::new(visitor, &title).hidden(),
        t,
        filter: Filter::new(visitor, &path),
        rows: list.items.iter().map(|share| Row::new(visitor, share)).collect(),
        next: next
            .map(|before| visitor.query().with("before", Some(before)).address(&path))
            .unwrap_or_default(),
        error,
        typed,
        end_action: format!("{path}/end"),
        action: path,
        head,
    };
    html(status, &view)
}

/// `POST /o/{org}/-/shares`.
pub(super) async fn create(
    web: &Web,
    visitor: &Visitor,
    org: &OrgName,
    fields: &Params,
) -> Result<Response, Failure> {
    let t = visitor.words().shares;
    let typed = Typed::read(fields);
    let error = match share(web, visitor, org, &typed).await {
        Ok(()) => return Ok(redirect(StatusCode::SEE_OTHER, &format!("/o/{org}/-/shares"))),
        Err(Refused::Repo) => t.error_repo,
        Err(Refused::Name) => t.error_unknown,
        Err(Refused::Day) => return Err(Failure::Bad),
        Err(Refused::Share(error)) => match error {
            ShareError::Public { .. } => t.error_public,
            ShareError::UnknownName { .. } => t.error_unknown,
            ShareError::Own { .. } => t.error_own,
            ShareError::Taken { .. } => t.error_taken,
            ShareError::Ended => t.error_ended,
            ShareError::TooLong { .. } => t.error_long,
            ShareError::TooMany { .. } => t.error_many,
            ShareError::Access(services::access::AccessError::Hidden { .. }) => t.error_repo,
            error => return Err(error.into()),
        },
    };
    render(web, visitor, org, StatusCode::UNPROCESSABLE_ENTITY, (error, typed)).await
}

/// Why nothing was shared.
enum Refused {
    Repo,
    Name,
    Day,
    Share(ShareError),
}

async fn share(web: &Web, visitor: &Visitor, org: &OrgName, typed: &Typed) -> Result<(), Refused> {
    // With the organisation's name in front, or without.
    let path = typed.repo.strip_prefix(&format!("{org}/")).unwrap_or(&typed.repo);
    let repo = RepoName::new(org, path).map_err(|_| Refused::Repo)?;
    let with = OrgName::parse(&typed.with).map_err(|_| Refused::Name)?;
    let until = match typed.until.as_str() {
        "" => Deadline::FOREVER,
        day => Deadline::at(day, parse_time_or_day(day).ok_or(Refused::Day)?),
    };
    let told = (until, typed.description.as_str());
    let made = services::shares::create(&web.app, visitor.actor(), &repo, &with, told).await;
    made.map(drop).map_err(Refused::Share)
}

/// `POST /o/{org}/-/shares/end`.
pub(super) async fn end(
    web: &Web,
    visitor: &Visitor,
    org: &OrgName,
    fields: &Params,
) -> Result<Response, Failure> {
    let repo = fields.get("repo").and_then(|repo| RepoName::parse(repo).ok());
    let with = fields.get("with").and_then(|with| OrgName::parse(with).ok());
    let (repo, with) = repo.zip(with).ok_or(Failure::Bad)?;
    if repo.org() != *org {
        return Err(Failure::Bad);
    }
    services::shares::delete(&web.app, visitor.actor(), &repo, &with).await?;
    Ok(redirect(StatusCode::SEE_OTHER, &format!("/o/{org}/-/shares")))
}
