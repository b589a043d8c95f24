//! Results of a search.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use hub_model::{Actor, OrgName};

use super::Web;
use super::cards::Card;
use super::failure::Failure;
use super::lang::Words;
use super::params::Params;
use super::view::{Link, Shell, html};
use super::visitor::Visitor;
use crate::app::Often;
use crate::http::ClientAddress;
use crate::services;
use crate::services::search::{SearchPage, SearchRequest};

/// Results on one page.
const PER_PAGE: u64 = 20;

/// Longest text that is searched, in characters: more is no search.
const MOST_TEXT: usize = 400;

/// Links to the pages around this one; empty addresses are not shown.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pager {
    pub previous: String,
    pub next: String,
    pub place: String,
}

impl Pager {
    /// The pager of page `page` out of `total` entries.
    pub(super) fn new(t: &Words, path: &str, query: &Params, (page, total): (u64, u64)) -> Self {
        let pages = total.div_ceil(PER_PAGE).max(1);
        let to = |page: u64| {
            let page = (page > 1).then(|| page.to_string());
            query.with("page", page.as_deref()).address(path)
        };
        Self {
            previous: if page > 1 { to((page - 1).min(pages)) } else { String::new() },
            next: if page < pages { to(page + 1) } else { String::new() },
            place: if pages > 1 { (t.page_of)(page, pages) } else { String::new() },
        }
    }
}

/// Template of the results.
#[derive(Debug, Template)]
#[template(path = "web/search.html")]
pub(super) struct Results {
    shell: Shell,
    t: &'static Words,
    heading: String,
    count: String,
    none: String,
    /// Filters in force, each a link to the results without it.
    filters: Vec<Link>,
    cards: Vec<Card>,
    pager: Pager,
}

impl Results {
    /// The results of a search.
    pub(super) fn new(visitor: &Visitor, found: &SearchPage) -> Self {
        let t = visitor.words();
        let query = visitor.query();
        let text = query.get("q").unwrap_or_default();
        let heading =
            if text.is_empty() { t.results_all.to_owned() } else { (t.results_for)(text) };
        let filter = |name: &str, words: fn(&str) -> String| {
            let value = query.get(name)?;
            Some(Link::new(
                query.with(name, None).with("page", None).address("/search"),
                words(value),
            ))
        };
        let none =
            if text.is_empty() { t.results_none_all.to_owned() } else { (t.results_none)(text) };
        Self {
            shell: Shell { query: text.to_owned(), ..Shell::new(visitor, &heading).hidden() },
            t,
            heading,
            count: (t.results)(found.total),
            none: if found.total == 0 { none } else { String::new() },
            filters: [filter("org", t.filter_org), filter("keyword", t.filter_keyword)]
                .into_iter()
                .flatten()
                .collect(),
            cards: Card::all(visitor, &found.items),
            pager: Pager::new(t, "/search", query, (found.page, found.total)),
        }
    }
}

/// `GET /search`.
pub(super) async fn page(
    State(web): State<Web>,
    visitor: Visitor,
    address: ClientAddress,
) -> Result<Response, Failure> {
    if matches!(visitor.actor(), Actor::Anonymous) {
        let counted = web.app.throttle.count(Often::Searches, &address.key());
        counted.map_err(|busy| Failure::Busy(busy.retry_after_seconds))?;
    }
    let query = visitor.query();
    let page = query.page();
    let org = query.get("org").map(OrgName::parse);
    let found = if matches!(org, Some(Err(_))) {
        // A name that cannot exist has no images, and wrong syntax never fails a search.
        SearchPage { items: Vec::new(), total: 0, page }
    } else {
        let request = SearchRequest {
            text: query.get("q").unwrap_or_default().chars().take(MOST_TEXT).collect(),
            org: org.and_then(Result::ok),
            keyword: query.get("keyword").map(str::to_owned),
            page,
            limit: PER_PAGE,
        };
        services::search::search(&web.app, visitor.actor(), request).await?
    };
    html(StatusCode::OK, &Results::new(&visitor, &found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::web::lang::Lang;

    #[test]
    fn the_pager_leads_to_neighbours_only() {
        let query = Params::parse(b"q=db&page=2");
        let pager = |page, total| Pager::new(Lang::En.words(), "/search", &query, (page, total));
        assert_eq!(pager(1, 20), Pager::default());
        let middle = pager(2, 45);
        assert_eq!(middle.previous, "/search?q=db");
        assert_eq!(middle.next, "/search?q=db&page=3");
        assert_eq!(middle.place, "Page 2 of 3");
        assert_eq!(pager(9, 45).previous, "/search?q=db&page=3");
    }
}
