//! What was searched for and not found: for administrators.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use hub_model::MissedSearch;

use super::Web;
use super::failure::Failure;
use super::frame::redirect;
use super::lang::{AccountWords, MissedWords, Words};
use super::params::{self, Form};
use super::view::{Link, Shell, html};
use super::visitor::Visitor;
use crate::services::search::missed;

const PAGE: &str = "/settings/searches";

/// Texts on one part of the list.
const PER_PAGE: u64 = 50;

/// Template of the page.
#[derive(Debug, Template)]
#[template(path = "web/missed.html")]
struct Missed {
    shell: Shell,
    t: &'static Words,
    a: &'static AccountWords,
    m: &'static MissedWords,
    /// Whether searches are counted.
    on: bool,
    /// Whether it was all forgotten a moment ago.
    forgotten: bool,
    count: String,
    rows: Vec<Row>,
    next: String,
}

/// A text in the list.
#[derive(Debug)]
struct Row {
    /// The text, with a link to its search.
    search: Link,
    times: String,
    first: Time,
    last: Time,
}

/// When something was, as people say it and as it stands in the record.
#[derive(Debug)]
struct Time {
    ago: String,
    full: String,
    machine: String,
}

impl Row {
    fn new(visitor: &Visitor, search: &MissedSearch) -> Self {
        let time = |at_ms: i64| {
            let moment = visitor.lang().moment(at_ms, visitor.now_ms());
            Time { ago: moment.ago, full: moment.full, machine: moment.machine }
        };
        Self {
            search: Link::new(params::address("/search", &[("q", &search.text)]), &search.text),
            times: visitor.lang().number(search.times),
            first: time(search.first_ms),
            last: time(search.last_ms),
        }
    }
}

/// `GET /settings/searches`. As with the users, everybody may know that there is such a page.
pub(super) async fn page(State(web): State<Web>, visitor: Visitor) -> Result<Response, Failure> {
    let after = visitor.query().get("after");
    let part = missed::list(&web.app, visitor.actor(), after, PER_PAGE).await?;
    let (t, m) = (visitor.words(), visitor.words().missed);
    let next = part.next.map(|after| params::address(PAGE, &[("after", &after)]));
    let page = Missed {
        shell: Shell::new(&visitor, m.title).hidden(),
        t,
        a: t.accounts,
        m,
        on: web.app.config.search.log_missed,
        forgotten: visitor.query().get("done").is_some(),
        count: (m.count)(part.total),
        rows: part.items.iter().map(|search| Row::new(&visitor, search)).collect(),
        next: next.unwrap_or_default(),
    };
    html(StatusCode::OK, &page)
}

/// `POST /settings/searches`: forgets all of it.
pub(super) async fn forget(
    State(web): State<Web>,
    visitor: Visitor,
    _: Form,
) -> Result<Response, Failure> {
    missed::forget(&web.app, visitor.actor()).await?;
    Ok(redirect(StatusCode::SEE_OTHER, &format!("{PAGE}?done=1")))
}
