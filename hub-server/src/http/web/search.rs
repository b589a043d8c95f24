//! Results of a search.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use hub_model::{Actor, OrgName, SearchFilter, SearchMatch, SearchSort, SizeBucket, Why};

use super::Web;
use super::cards::{Card, HeldImage};
use super::failure::Failure;
use super::lang::{SearchWords, Words};
use super::params::Params;
use super::view::{Link, Shell, html};
use super::visitor::Visitor;
use crate::app::Often;
use crate::http::ClientAddress;
use crate::services;
use crate::services::search::{SearchPage, SearchRequest};

mod facets;
pub(super) mod feed;

use self::facets::{Facet, chips, facets};

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

/// Days of the filter by the last upload.
const SINCE_DAYS: [i64; 3] = [7, 30, 365];

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

const HOUR_MS: i64 = 3_600_000;

/// Lines of an explanation.
const MOST_REASONS: usize = 6;

/// Template of the results.
#[derive(Debug, Template)]
#[template(path = "web/search.html")]
pub(super) struct Results {
    shell: Shell,
    t: &'static Words,
    words: &'static SearchWords,
    heading: String,
    count: String,
    none: String,
    /// What was read instead, and the search for what was typed.
    corrected: Option<Link>,
    instead: String,
    /// Filters in force, each a link to the results without it.
    chips: Vec<Link>,
    facets: Vec<Facet>,
    sorts: Vec<Link>,
    cards: Vec<Card>,
    pager: Pager,
    feed: String,
    /// This page with the order explained; empty when it is.
    explain: String,
}

impl Results {
    /// The results of a search.
    pub(super) fn new(visitor: &Visitor, found: &SearchPage) -> Self {
        let t = visitor.words();
        let words = t.search_page;
        let query = &asked(visitor);
        let text = query.get("q").unwrap_or_default();
        let heading = if text.is_empty() { words.all.to_owned() } else { (words.for_text)(text) };
        let none = if text.is_empty() { words.none_all.to_owned() } else { (words.none)(text) };
        let literally = query.with("page", None).with("correct", Some("0")).address("/search");
        let corrected =
            found.corrected.as_ref().map(|read| Link::new(literally, (words.corrected)(read)));
        let mut cards = Card::found(visitor, &found.items, &found.marks);
        for (card, why) in cards.iter_mut().zip(&found.why) {
            card.why = reasons(words, why);
        }
        for (card, passage) in cards.iter_mut().zip(&found.passages) {
            card.show_passage(visitor.lang(), passage.as_deref().unwrap_or_default(), &found.marks);
        }
        if let Some(held) = &found.held {
            for (card, tags) in cards.iter_mut().zip(&held.tags) {
                card.held = Some(HeldImage::new(&card.href, &held.digest, tags));
            }
        }
        let explained = query.get("explain").is_some();
        let explain = query.with("explain", Some("1")).address("/search");
        Self {
            shell: Shell { query: text.to_owned(), ..Shell::new(visitor, &heading).hidden() },
            t,
            words,
            heading,
            count: (if found.more { words.more_than } else { words.count })(found.total),
            none: if found.total == 0 { none } else { String::new() },
            corrected,
            instead: (words.instead)(text),
            chips: chips(words, query),
            facets: facets(words, query, found.facets.as_ref()),
            sorts: sorts(words, query),
            cards,
            pager: Pager::new(t, "/search", query, (found.page, found.total)),
            feed: query.with("page", None).with("explain", None).address("/search.atom"),
            explain: if explained || text.is_empty() { String::new() } else { explain },
        }
    }
}

/// What an address asks for that a search knows: the fields that links to other results keep.
fn asked(visitor: &Visitor) -> Params {
    const NAMES: [&str; 16] = [
        "q",
        "org",
        "keyword",
        "category",
        "os",
        "arch",
        "official",
        "deprecated",
        "readme",
        "size",
        "updated",
        "match",
        "sort",
        "correct",
        "explain",
        "page",
    ];
    visitor.query().only(&NAMES, MOST_TEXT)
}

/// The orders, each a link.
fn sorts(words: &SearchWords, query: &Params) -> Vec<Link> {
    let now = sort(query);
    let link = |(sort, text): (SearchSort, &&str)| {
        let value = (sort != SearchSort::Relevance).then_some(sort.as_str());
        let href = query.with("sort", value).with("page", None).address("/search");
        Link { current: sort == now, ..Link::new(href, *text) }
    };
    SearchSort::ALL.into_iter().zip(&words.sorts).map(link).collect()
}

fn sort(query: &Params) -> SearchSort {
    query.get("sort").and_then(SearchSort::parse).unwrap_or_default()
}

/// Why a result is there, line by line.
fn reasons(words: &SearchWords, why: &Why) -> Vec<String> {
    let part = |part: &hub_model::WhyPart| {
        format!("{} · {} ({}) {:.1}", part.field, part.term, part.by, part.score)
    };
    let mut lines: Vec<String> = why.parts.iter().take(MOST_REASONS).map(part).collect();
    let (matched, all) = why.matched;
    lines.push(format!("{} ×{:.2}", (words.why_matched)(matched, all), why.coordination));
    lines.push(format!("{} ×{:.2}", words.why_prior, why.prior));
    lines
}

/// What an address asks for. Wrong values narrow down to nothing that there could be, or count as
/// not given: a search never fails.
fn request(visitor: &Visitor) -> Option<SearchRequest> {
    let query = visitor.query();
    let word = |name: &str| query.get(name).map(str::to_owned);
    let flag = |name: &str| query.get(name).map(|value| value != "0");
    let org = query.get("org").map(OrgName::parse).transpose().ok()?;
    let since = query.get("updated").and_then(|days| days.parse::<i64>().ok());
    let since = since.filter(|days| SINCE_DAYS.contains(days));
    let hour = visitor.now_ms() - visitor.now_ms() % HOUR_MS;
    Some(SearchRequest {
        text: query.get("q").unwrap_or_default().chars().take(MOST_TEXT).collect(),
        filter: SearchFilter {
            org,
            keywords: word("keyword").into_iter().collect(),
            categories: word("category").into_iter().collect(),
            os: word("os"),
            arch: word("arch"),
            official: flag("official"),
            deprecated: flag("deprecated"),
            readme: flag("readme"),
            size: query.get("size").and_then(SizeBucket::parse),
            // From a full hour on: the next visitor asks for the same.
            pushed_since_ms: since.map(|days| hour - days * DAY_MS),
        },
        matching: query.get("match").and_then(SearchMatch::parse).unwrap_or_default(),
        sort: sort(query),
        correct: query.get("correct") != Some("0"),
        facets: true,
        explain: query.get("explain").is_some(),
        passages: true,
        note_missed: true,
        page: query.page(),
        limit: PER_PAGE,
    })
}

/// Counts and answers a search.
async fn answer(
    web: &Web,
    visitor: &Visitor,
    address: &ClientAddress,
    change: impl FnOnce(SearchRequest) -> SearchRequest,
) -> Result<SearchPage, Failure> {
    if matches!(visitor.actor(), Actor::Anonymous) {
        let counted = web.app.throttle.count(Often::Searches, &address.key());
        counted.map_err(|busy| Failure::Busy(busy.retry_after_seconds))?;
    }
    match request(visitor) {
        Some(request) => {
            Ok(services::search::search(&web.app, visitor.actor(), change(request)).await?)
        }
        None => Ok(SearchPage { page: visitor.query().page(), ..SearchPage::default() }),
    }
}

/// `GET /search`.
pub(super) async fn page(
    State(web): State<Web>,
    visitor: Visitor,
    address: ClientAddress,
) -> Result<Response, Failure> {
    let found = answer(&web, &visitor, &address, |request| request).await?;
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
