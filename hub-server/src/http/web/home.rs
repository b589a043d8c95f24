//! The start page, and the page that leads everywhere.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::Web;
use super::cards::Card;
use super::failure::Failure;
use super::lang::Words;
use super::params::Params;
use super::view::{Link, Shell, html};
use super::visitor::Visitor;
use crate::services;
use crate::services::repos::RepoCard;

/// How many of the newest repositories the start page looks at.
const LOOK_AT: u64 = 60;

/// How many of each kind it shows.
const SHOWN: usize = 8;

/// Organisations on one part of the list.
const ORGS: u64 = 60;

/// Template of the start page.
#[derive(Debug, Template)]
#[template(path = "web/home.html")]
pub(super) struct Home {
    shell: Shell,
    t: &'static Words,
    official: Vec<Card>,
    recent: Vec<Card>,
    empty: bool,
    example: String,
}

impl Home {
    /// The start page with the newest repositories.
    pub(super) fn new(visitor: &Visitor, cards: &[RepoCard]) -> Self {
        let (official, others): (Vec<_>, Vec<_>) =
            cards.iter().cloned().partition(|card| card.repo.official);
        let first = |cards: &[RepoCard]| Card::all(visitor, &cards[..cards.len().min(SHOWN)]);
        Self {
            shell: Shell { search: false, ..Shell::new(visitor, "") },
            t: visitor.words(),
            official: first(&official),
            recent: first(&others),
            empty: cards.is_empty(),
            example: format!("hub push {}/labring/mysql-op:v1 -o README.md", visitor.host()),
        }
    }
}

/// `GET /`.
pub(super) async fn page(State(web): State<Web>, visitor: Visitor) -> Result<Response, Failure> {
    let cards = services::repos::recent(&web.app, visitor.actor(), LOOK_AT).await?;
    html(StatusCode::OK, &Home::new(&visitor, &cards))
}

/// Template of the list of organisations.
#[derive(Debug, Template)]
#[template(path = "web/explore.html")]
struct Explore {
    shell: Shell,
    t: &'static Words,
    orgs: Vec<OrgLine>,
    next: String,
}

/// An organisation in a list.
#[derive(Debug)]
struct OrgLine {
    link: Link,
    name: String,
    icon: String,
    description: String,
}

/// `GET /explore`.
pub(super) async fn explore(State(web): State<Web>, visitor: Visitor) -> Result<Response, Failure> {
    let after = visitor.query().get("after");
    let page = services::orgs::list(&web.app, visitor.actor(), after, ORGS).await?;
    let t = visitor.words();
    let line = |org: &hub_model::Org| {
        let shown = if org.display_name.is_empty() { org.name.as_str() } else { &org.display_name };
        OrgLine {
            link: Link::new(format!("/o/{}", org.name), shown),
            name: org.name.to_string(),
            icon: super::icons::inline(org.name.as_str()),
            description: org.description.clone(),
        }
    };
    let next = page
        .next
        .as_deref()
        .map(|after| Params::default().with("after", Some(after)).address("/explore"));
    let view = Explore {
        shell: Shell::new(&visitor, t.explore),
        t,
        orgs: page.items.iter().map(line).collect(),
        next: next.unwrap_or_default(),
    };
    html(StatusCode::OK, &view)
}
