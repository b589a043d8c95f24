//! An organisation: its own page, and the switch for those below it.

mod activity;
mod head;
mod members;
mod robots;
mod route;
mod settings;
mod shares;
mod trouble;

use askama::Template;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use hub_model::OrgName;

pub(super) use self::head::{role_word, roles};
pub(super) use self::members::named;
pub(super) use self::trouble::{Trouble, grant_trouble, trouble};

use self::head::Head;
pub(super) use self::route::ROUTES;
use self::route::{Part, Route};
use super::cards::Card;
use super::failure::Failure;
use super::frame::redirect;
use super::lang::Words;
use super::params::{Form, Params};
use super::view::{Shell, html};
use super::visitor::Visitor;
use super::{Web, icons};
use crate::services;
use crate::services::orgs::OrgPage;
use crate::services::quota::OrgQuota;
use crate::services::repos::{Page, RepoCard};

/// Repositories on one part of the list.
const PER_PAGE: u64 = 30;

/// Template of the page.
#[derive(Debug, Template)]
#[template(path = "web/org.html")]
pub(super) struct OrgView {
    shell: Shell,
    t: &'static Words,
    head: Head,
    search_label: String,
    cards: Vec<Card>,
    members: Vec<MemberLine>,
    quota: Vec<QuotaLine>,
    next: String,
}

/// What is used of one limit.
#[derive(Debug)]
struct QuotaLine {
    label: &'static str,
    text: String,
    /// Use and limit for the bar, in thousandths of the limit; `None` without one.
    permille: Option<u64>,
}

/// A member in the list.
#[derive(Debug)]
struct MemberLine {
    name: String,
    role: &'static str,
    icon: String,
}

impl OrgView {
    /// The page of an organisation.
    pub(super) fn new(visitor: &Visitor, page: &OrgPage, repos: &Page<RepoCard>) -> Self {
        let t = visitor.words();
        let head = Head::new(visitor, page, Part::Home);
        let members = page.members.as_deref().unwrap_or_default().iter().map(|member| MemberLine {
            name: member.user.to_string(),
            role: role_word(t, member.role),
            icon: icons::inline(member.user.as_str()),
        });
        let next = repos.next.as_deref().map(|after| {
            Params::default().with("after", Some(after)).address(&format!("/o/{}", head.name))
        });
        Self {
            shell: Shell::new(visitor, &head.heading).about(&head.description),
            t,
            search_label: (t.search_inside)(&head.name),
            cards: Card::all(visitor, &repos.items),
            members: members.collect(),
            quota: page.quota.map(|quota| quota_lines(visitor, &quota)).unwrap_or_default(),
            next: next.unwrap_or_default(),
            head,
        }
    }
}

fn quota_lines(visitor: &Visitor, of: &OrgQuota) -> Vec<QuotaLine> {
    let (t, lang) = (visitor.words(), visitor.lang());
    let line = |label, limit: u64, used: u64, shown: &dyn Fn(u64) -> String| QuotaLine {
        label,
        text: if limit > 0 { (t.used_of)(&shown(used), &shown(limit)) } else { shown(used) },
        permille: (limit > 0).then(|| {
            let permille = u128::from(used) * 1000 / u128::from(limit);
            u64::try_from(permille.min(1000)).unwrap_or(1000)
        }),
    };
    let (quota, usage) = (of.quota, of.usage);
    vec![
        line(t.quota_bytes, quota.bytes, usage.bytes, &|bytes| lang.size(bytes)),
        line(t.repos, quota.repos, usage.repos, &|number| lang.number(number)),
        line(t.quota_tags, quota.tags, usage.tags, &|number| lang.number(number)),
    ]
}

/// `GET /o/…`.
pub(super) async fn page(
    State(web): State<Web>,
    visitor: Visitor,
    uri: Uri,
) -> Result<Response, Failure> {
    match route::parse(uri.path().strip_prefix("/o/").unwrap_or_default()) {
        Route::Part(org, part) => below(&web, &visitor, &org, part).await.map_err(unseen),
        Route::Slash(target) => Ok(redirect(StatusCode::PERMANENT_REDIRECT, &target)),
        Route::Unknown => Err(Failure::Missing),
    }
}

/// The page of a part.
async fn below(
    web: &Web,
    visitor: &Visitor,
    org: &OrgName,
    part: Part,
) -> Result<Response, Failure> {
    match part {
        Part::Home => home(web, visitor, org).await,
        Part::Members => members::page(web, visitor, org).await,
        Part::Robots => robots::page(web, visitor, org).await,
        Part::Shares => shares::page(web, visitor, org).await,
        Part::Activity => activity::page(web, visitor, org).await,
        Part::Settings => settings::page(web, visitor, org).await,
        Part::EndShare
        | Part::SetMember
        | Part::RemoveMember
        | Part::Invite
        | Part::Withdraw
        | Part::Transfer
        | Part::Leave => Err(Failure::Method),
    }
}

/// `POST /o/…`: the forms of these pages.
pub(super) async fn change(
    State(web): State<Web>,
    visitor: Visitor,
    uri: Uri,
    Form(fields): Form,
) -> Result<Response, Failure> {
    let rest = uri.path().strip_prefix("/o/").unwrap_or_default();
    let Route::Part(org, part) = route::parse(rest) else { return Err(Failure::Missing) };
    let done = match part {
        Part::Home | Part::Members | Part::Activity => Err(Failure::Method),
        Part::Robots => robots::change(&web, &visitor, &org, &fields).await,
        Part::Shares => shares::create(&web, &visitor, &org, &fields).await,
        Part::EndShare => shares::end(&web, &visitor, &org, &fields).await,
        Part::Settings => settings::change(&web, &visitor, &org, &fields).await,
        part => members::change(&web, &visitor, (&org, part), &fields).await,
    };
    done.map_err(unseen)
}

/// A page that the reader may not see looks like one that is not there.
const fn unseen(failure: Failure) -> Failure {
    match failure {
        Failure::Refused | Failure::SignIn => Failure::Missing,
        other => other,
    }
}

async fn home(web: &Web, visitor: &Visitor, org: &OrgName) -> Result<Response, Failure> {
    let page = services::orgs::get(&web.app, visitor.actor(), org).await?;
    let after = visitor.query().get("after");
    let repos =
        services::repos::list(&web.app, visitor.actor(), Some(org), after, PER_PAGE).await?;
    html(StatusCode::OK, &OrgView::new(visitor, &page, &repos))
}
