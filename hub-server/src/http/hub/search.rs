//! The doors of search.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use hub_api::{FoundView, HeldView, Problem, RepoView, SearchView, StretchView, SuggestView};
use hub_model::{Actor, OrgName, SearchFilter, SearchMatch, SearchSort, SizeBucket};
use serde::Deserialize;

use super::error::HubError;
use super::input::{Params, Who, named, word};
use super::repos::card;
use crate::App;
use crate::app::Often;
use crate::http::ClientAddress;
use crate::services::search::{self, Held, SearchPage, SearchRequest, Suggested, spans};

/// What is searched for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// What was typed; everything, newest upload first, when left out. Operators: `org:`,
    /// `keyword:`, `category:`, `os:`, `arch:`, `size:`, `is:official`, `is:deprecated`,
    /// `has:readme`, `"exact words"`, `-word`.
    #[serde(default)]
    q: String,
    /// Only repositories of this organisation.
    org: Option<String>,
    /// Only repositories with this keyword.
    keyword: Option<String>,
    /// Only repositories of this category.
    category: Option<String>,
    /// Only images for this operating system.
    os: Option<String>,
    /// Only images for this architecture.
    arch: Option<String>,
    /// Only, or none of, what the administrators vouch for.
    official: Option<bool>,
    /// Only, or none of, what nobody should begin to use.
    deprecated: Option<bool>,
    /// Only repositories with, or without, a README.
    readme: Option<bool>,
    /// Only latest images of this size: `tiny` below 10 MiB, `small` below 100 MiB, `medium` below
    /// 1 GiB, `large`.
    size: Option<String>,
    /// Only repositories with an upload at or after this time, RFC 3339.
    updated: Option<String>,
    /// Where the words have to stand: `all` (anywhere; when left out), `name` (also other names and
    /// the organisation) or `keyword` (also categories).
    r#match: Option<String>,
    /// `relevance` (when left out), `pulls`, `recent` (pulls in the last 30 days), `stars`,
    /// `updated`, `new`, `name` or `size`.
    sort: Option<String>,
    /// Whether unknown words may be read as names that are spelled alike; yes when left out.
    correct: Option<bool>,
    /// Whether facets are counted; no when left out.
    #[serde(default)]
    facets: bool,
    /// Whether results say why they are there; no when left out.
    #[serde(default)]
    explain: bool,
    /// Whether passages of READMEs are among the highlights, where the description holds nothing of
    /// what was searched for; no when left out.
    #[serde(default)]
    passages: bool,
    /// Number of the page, from 1.
    page: Option<u64>,
    /// How many results, 1 to 100; 20 when left out.
    limit: Option<u64>,
}

impl Asked {
    fn request(self) -> Result<SearchRequest, HubError> {
        let org = filled(self.org);
        let size =
            |text: String| word("size", &text, SizeBucket::parse, "tiny, small, medium, large");
        let since =
            |text: String| word("updated", &text, hub_api::parse_time, "the times of RFC 3339");
        let sorts = SearchSort::ALL.map(SearchSort::as_str).join(", ");
        let places = SearchMatch::ALL.map(SearchMatch::as_str).join(", ");
        let place = |text: String| word("match", &text, SearchMatch::parse, &places);
        let sort = |text: String| word("sort", &text, SearchSort::parse, &sorts);
        let page = self.page.unwrap_or(1);
        if page == 0 {
            return Err(HubError::invalid("page", "pages are counted from 1"));
        }
        let filter = SearchFilter {
            org: org.map(|org| named("org", &org, OrgName::parse)).transpose()?,
            keywords: filled(self.keyword).into_iter().collect(),
            categories: filled(self.category).into_iter().collect(),
            os: filled(self.os),
            arch: filled(self.arch),
            official: self.official,
            deprecated: self.deprecated,
            readme: self.readme,
            size: filled(self.size).map(size).transpose()?,
            pushed_since_ms: filled(self.updated).map(since).transpose()?,
        };
        Ok(SearchRequest {
            text: self.q,
            filter,
            matching: filled(self.r#match).map(place).transpose()?.unwrap_or_default(),
            sort: filled(self.sort).map(sort).transpose()?.unwrap_or_default(),
            correct: self.correct.unwrap_or(true),
            facets: self.facets,
            explain: self.explain,
            passages: self.passages,
            note_missed: true,
            page,
            limit: self.limit.unwrap_or(20).clamp(1, 100),
        })
    }
}

/// A parameter that says something.
fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Searches the repositories that the caller may see.
#[utoipa::path(get, path = "/api/v1/search", tag = "search", params(Asked),
    responses((status = 200, body = SearchView), (status = 400, body = Problem),
        (status = 429, body = Problem)))]
pub(super) async fn search(
    State(app): State<App>,
    Who(actor): Who,
    address: ClientAddress,
    Params(asked): Params<Asked>,
) -> Result<Json<SearchView>, HubError> {
    count(&app, &actor, &address, Often::Searches)?;
    let found = search::search(&app, &actor, asked.request()?).await?;
    Ok(Json(view(found)))
}

/// What somebody is about to type.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Typed {
    /// The beginning of a name, an organisation, or of a tag behind `repository:`.
    #[serde(default)]
    q: String,
    /// How many of each kind, 1 to 20; 8 when left out.
    limit: Option<usize>,
}

/// Suggests repositories, organisations and tags that the caller may see.
#[utoipa::path(get, path = "/api/v1/suggest", tag = "search", params(Typed),
    responses((status = 200, body = SuggestView), (status = 429, body = Problem)))]
pub(super) async fn suggest(
    State(app): State<App>,
    Who(actor): Who,
    address: ClientAddress,
    Params(typed): Params<Typed>,
) -> Result<Json<SuggestView>, HubError> {
    count(&app, &actor, &address, Often::Suggestions)?;
    let Suggested { repos, orgs, references } =
        search::suggest(&app, &actor, &typed.q, typed.limit.unwrap_or(8)).await?;
    let repos = repos.into_iter().map(|repo| repo.name.into()).collect();
    Ok(Json(SuggestView { repos, orgs, references }))
}

/// Counts what nobody in particular asks.
fn count(app: &App, actor: &Actor, address: &ClientAddress, what: Often) -> Result<(), HubError> {
    if matches!(actor, Actor::Anonymous) {
        app.throttle.count(what, &address.key())?;
    }
    Ok(())
}

fn view(found: SearchPage) -> SearchView {
    let mut why = found.why.into_iter();
    let mut images = found.held.into_iter().flat_map(images);
    let mut passages = found.passages.into_iter();
    let marks = found.marks;
    let item = |found| {
        let repo = card(found);
        let passage = passages.next().flatten().unwrap_or_default();
        let highlights = highlights(&repo, &passage, &marks);
        FoundView { repo, highlights, image: images.next(), why: why.next().map(Into::into) }
    };
    SearchView {
        items: found.items.into_iter().map(item).collect(),
        total: found.total,
        more: found.more,
        page: found.page,
        corrected: found.corrected,
        facets: found.facets.map(Into::into),
    }
}

/// The manifest that was asked for, for each result.
fn images(held: Held) -> impl Iterator<Item = HeldView> {
    let digest = held.digest.to_string();
    held.tags.into_iter().map(move |tags| HeldView {
        digest: digest.clone(),
        tags: tags.into_iter().map(Into::into).collect(),
    })
}

/// The fields in which something matched.
fn highlights(
    repo: &RepoView,
    passage: &str,
    marks: &[String],
) -> BTreeMap<String, Vec<StretchView>> {
    let fields = [
        ("name", &*repo.name),
        ("title", &repo.title),
        ("description", &repo.description),
        ("readme", passage),
    ];
    let mut highlights = BTreeMap::new();
    for (field, text) in fields {
        let stretches = spans(text, marks);
        if stretches.iter().any(|span| span.marked) {
            let view = stretches
                .into_iter()
                .map(|span| StretchView { text: span.text.to_owned(), marked: span.marked });
            highlights.insert(field.to_owned(), view.collect());
        }
    }
    highlights
}
