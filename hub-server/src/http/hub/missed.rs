//! Doors of what was searched for and not found, for administrators.

use axum::Json;
use axum::extract::State;
use hub_api::{ForgottenSearches, MissedSearchView, PageOf, Problem};

use super::error::HubError;
use super::input::{Params, Part, Who};
use crate::App;
use crate::services::search::missed;

/// What was searched for and not found, the most frequent first, for administrators. Empty unless
/// `search.log_missed` is set.
#[utoipa::path(get, path = "/api/v1/missed-searches", tag = "search", params(Part),
    responses((status = 200, body = PageOf<MissedSearchView>), (status = 400, body = Problem),
        (status = 403, body = Problem)))]
pub(super) async fn list_missed(
    State(app): State<App>,
    Who(actor): Who,
    Params(part): Params<Part>,
) -> Result<Json<PageOf<MissedSearchView>>, HubError> {
    let page = missed::list(&app, &actor, part.after.as_deref(), part.limit()).await?;
    let items = page.items.into_iter().map(Into::into).collect();
    Ok(Json(PageOf { items, total: page.total, next: page.next }))
}

/// Forgets all of it, for administrators.
#[utoipa::path(delete, path = "/api/v1/missed-searches", tag = "search",
    responses((status = 200, body = ForgottenSearches), (status = 403, body = Problem)))]
pub(super) async fn forget_missed(
    State(app): State<App>,
    Who(actor): Who,
) -> Result<Json<ForgottenSearches>, HubError> {
    Ok(Json(ForgottenSearches { texts: missed::forget(&app, &actor).await? }))
}
