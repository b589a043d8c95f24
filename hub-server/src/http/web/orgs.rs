//! An organisation.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use hub_model::{OrgName, Role};

use super::Web;
use super::cards::Card;
use super::failure::Failure;
use super::icons;
use super::lang::Words;
use super::params::Params;
use super::view::{Shell, html};
use super::visitor::Visitor;
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
    name: String,
    heading: String,
    icon: String,
    description: String,
    count: String,
    role: String,
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
        let org = &page.org;
        let name = org.name.to_string();
        let heading =
            if org.display_name.is_empty() { name.clone() } else { org.display_name.clone() };
        let members = page.members.as_deref().unwrap_or_default().iter().map(|member| MemberLine {
            name: member.user.to_string(),
            role: role_word(t, member.role),
            icon: icons::inline(member.user.as_str()),
        });
        let next = repos.next.as_deref().map(|after| {
            Params::default().with("after", Some(after)).address(&format!("/o/{name}"))
        });
        Self {
            shell: Shell::new(visitor, &heading).about(&org.description),
            t,
            icon: icons::inline(&name),
            description: org.description.clone(),
            count: (t.repo_count)(page.repos),
            role: page.role.map(|role| (t.your_role)(role_word(t, role))).unwrap_or_default(),
            search_label: (t.search_inside)(&name),
            cards: Card::all(visitor, &repos.items),
            members: members.collect(),
            quota: page.quota.map(|quota| quota_lines(visitor, &quota)).unwrap_or_default(),
            next: next.unwrap_or_default(),
            heading,
            name,
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

const fn role_word(t: &Words, role: Role) -> &'static str {
    match role {
        Role::Owner => t.role_owner,
        Role::Writer => t.role_writer,
        Role::Reader => t.role_reader,
    }
}

/// `GET /o/{org}`.
pub(super) async fn page(
    State(web): State<Web>,
    visitor: Visitor,
    Path(org): Path<String>,
) -> Result<Response, Failure> {
    let org = OrgName::parse(&org).map_err(|_| Failure::Missing)?;
    let page = services::orgs::get(&web.app, visitor.actor(), &org).await?;
    let after = visitor.query().get("after");
    let repos =
        services::repos::list(&web.app, visitor.actor(), Some(&org), after, PER_PAGE).await?;
    html(StatusCode::OK, &OrgView::new(&visitor, &page, &repos))
}
