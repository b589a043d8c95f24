//! Shares in lists, and the page of what is shared with the reader.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use hub_model::Share;

use super::Web;
use super::failure::Failure;
use super::lang::Words;
use super::view::{Link, Shell, html};
use super::visitor::Visitor;
use crate::services;
use crate::services::shares::Wanted;

/// Shares on one part of a list.
const PER_PAGE: u64 = 30;

/// Template of the page.
#[derive(Debug, Template)]
#[template(path = "web/shares.html")]
struct SharedWithMe {
    shell: Shell,
    t: &'static Words,
    filter: Filter,
    rows: Vec<Row>,
    next: String,
}

/// The choices between all shares, those in force and those that ended.
#[derive(Debug)]
pub(super) struct Filter {
    pub(super) links: Vec<Link>,
}

impl Filter {
    /// The choices of a page.
    pub(super) fn new(visitor: &Visitor, path: &str) -> Self {
        let t = visitor.words().shares;
        let current = visitor.query().get("status").unwrap_or_default();
        let link = |(value, words): (&str, &str)| {
            let query = visitor.query().with("before", None);
            let query = query.with("status", Some(value).filter(|value| !value.is_empty()));
            Link { current: value == current, ..Link::new(query.address(path), words) }
        };
        let choices = [("", t.all), ("true", t.good), ("false", t.ended)];
        Self { links: choices.map(link).into() }
    }
}

/// A share in a list.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) repo: String,
    pub(super) with: String,
    pub(super) until: String,
    pub(super) ended: bool,
    pub(super) by: String,
    pub(super) why: String,
    pub(super) end_label: String,
}

impl Row {
    /// A share as it is now.
    pub(super) fn new(visitor: &Visitor, share: &Share) -> Self {
        let t = visitor.words().shares;
        let given = share.until.given.as_str();
        let with = share.with.as_str();
        Self {
            repo: share.repo.to_string(),
            with: with.to_owned(),
            until: if given.is_empty() { t.forever } else { given }.to_owned(),
            ended: !share.is_good(visitor.now_ms()),
            by: share.created_by.clone(),
            why: share.description.clone(),
            end_label: (t.end_named)(share.repo.as_str(), with),
        }
    }
}

/// Which part of the list the address asks for.
pub(super) fn wanted(visitor: &Visitor) -> Wanted {
    let query = visitor.query();
    Wanted {
        good: query.get("status").and_then(|status| status.parse().ok()),
        before: query.get("before").map(str::to_owned),
        limit: PER_PAGE,
    }
}

/// `GET /settings/shares`.
pub(super) async fn page(State(web): State<Web>, visitor: Visitor) -> Result<Response, Failure> {
    let t = visitor.words();
    let list = services::shares::with_me(&web.app, visitor.actor(), &wanted(&visitor)).await?;
    let next = list
        .next
        .as_deref()
        .map(|before| visitor.query().with("before", Some(before)).address("/settings/shares"));
    let view = SharedWithMe {
        shell: Shell::new(&visitor, t.shares.with_me).hidden(),
        t,
        filter: Filter::new(&visitor, "/settings/shares"),
        rows: list.items.iter().map(|share| Row::new(&visitor, share)).collect(),
        next: next.unwrap_or_default(),
    };
    html(StatusCode::OK, &view)
}
