//! The results of a search as an Atom feed (RFC 4287).

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use hub_model::{Field, SearchSort};

use super::{answer, asked};
use crate::http::ClientAddress;
use crate::http::web::Web;
use crate::http::web::failure::Failure;
use crate::http::web::visitor::Visitor;
use crate::services::repos::RepoCard;
use crate::services::search::SearchRequest;

/// Entries of a feed.
const ENTRIES: u64 = 50;

/// A feed.
#[derive(Debug, Template)]
#[template(path = "web/feed.xml")]
struct Feed {
    lang: &'static str,
    title: String,
    own: String,
    page: String,
    updated: String,
    entries: Vec<Entry>,
}

/// A repository in a feed.
#[derive(Debug)]
struct Entry {
    title: String,
    href: String,
    org: String,
    updated: String,
    summary: String,
}

/// `GET /search.atom`: any search, the newest upload first unless the address says otherwise.
pub(in crate::http::web) async fn feed(
    State(web): State<Web>,
    visitor: Visitor,
    address: ClientAddress,
) -> Result<Response, Failure> {
    let query = &asked(&visitor);
    let newest = query.get("sort").is_none();
    let change = |request: SearchRequest| SearchRequest {
        sort: if newest { SearchSort::Updated } else { request.sort },
        facets: false,
        explain: false,
        passages: false,
        note_missed: false,
        limit: ENTRIES,
        ..request
    };
    let found = answer(&web, &visitor, &address, change).await?;
    let words = visitor.words().search_page;
    let text = query.get("q").unwrap_or_default();
    let base = format!("{}://{}", web.app.config.scheme(), visitor.host());
    let last = found.items.iter().map(|card| card.repo.pushed_at_ms).max().unwrap_or(0);
    let feed = Feed {
        lang: visitor.lang().tag(),
        title: if text.is_empty() {
            words.all.to_owned()
        } else {
            sayable(&(words.for_text)(text))
        },
        own: format!("{base}{}", query.address("/search.atom")),
        page: format!("{base}{}", query.address("/search")),
        updated: hub_api::time(last),
        entries: found.items.iter().map(|card| entry(&base, card)).collect(),
    };
    let kind = HeaderValue::from_static("application/atom+xml; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], feed.render()?).into_response())
}

/// A text without what XML cannot hold, not even as a reference.
fn sayable(text: &str) -> String {
    let odd = |c: char| {
        (c.is_control() && !matches!(c, '\t' | '\n')) || matches!(c, '\u{fffe}' | '\u{ffff}')
    };
    text.replace(odd, "\u{fffd}")
}

fn entry(base: &str, card: &RepoCard) -> Entry {
    let repo = &card.repo;
    let detail = card.latest.as_ref().map(|img| &img.detail);
    let text = |field| sayable(detail.and_then(|detail| detail.text(field)).unwrap_or_default());
    let tag = repo.latest_tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
    Entry {
        title: format!("{}{tag}", repo.name),
        href: format!("{base}/r/{}", repo.name),
        org: repo.name.org().into(),
        updated: hub_api::time(repo.pushed_at_ms),
        summary: text(Field::Description),
    }
}
