//! The door of search.

use axum::Json;
use axum::extract::State;
use hub_api::{Problem, SearchView};
use hub_model::{Actor, OrgName};
use serde::Deserialize;

use super::error::HubError;
use super::input::{Params, Who, named};
use super::repos::card;
use crate::App;
use crate::app::Often;
use crate::http::ClientAddress;
use crate::services::search::{self, SearchRequest};

/// What is searched for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// What was typed; everything, newest upload first, when left out.
    #[serde(default)]
    q: String,
    /// Only repositories of this organisation.
    org: Option<String>,
    /// Only repositories with this keyword.
    keyword: Option<String>,
    /// Number of the page, from 1.
    page: Option<u64>,
    /// How many results, 1 to 100; 20 when left out.
    limit: Option<u64>,
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
    if matches!(actor, Actor::Anonymous) {
        app.throttle.count(Often::Searches, &address.key())?;
    }
    let org = asked.org.filter(|org| !org.is_empty());
    let request = SearchRequest {
        text: asked.q,
        org: org.map(|org| named("org", &org, OrgName::parse)).transpose()?,
        keyword: asked.keyword.filter(|keyword| !keyword.is_empty()),
        page: asked.page.unwrap_or(1).max(1),
        limit: asked.limit.unwrap_or(20).clamp(1, 100),
    };
    let found = search::search(&app, &actor, request).await?;
    let items = found.items.into_iter().map(card).collect();
    Ok(Json(SearchView { items, total: found.total, page: found.page }))
}
