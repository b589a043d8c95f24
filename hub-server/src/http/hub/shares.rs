//! Doors of shares: what is shown to others, by whom and to whom.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use hub_api::{CreateShare, EditShare, FOREVER, PageOf, Problem, ShareView, parse_time_or_day};
use hub_model::{Deadline, OrgName, Share};
use serde::Deserialize;

use super::error::HubError;
use super::input::{InPath, OrgInPath, Params, Who, named, word};
use super::repos::Call;
use crate::App;
use crate::services::Page;
use crate::services::shares::{self, ShareChanges, Wanted};

/// `?status=&limit=&before=` of a list of shares.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SharesPart {
    /// Only those that are good (`true`), or only those that ended (`false`).
    status: Option<bool>,
    /// How many items, 1 to 100; 20 when left out.
    limit: Option<u64>,
    /// Where the page before ended: its `next`.
    before: Option<String>,
}

impl From<SharesPart> for Wanted {
    fn from(part: SharesPart) -> Self {
        let limit = part.limit.unwrap_or(20).clamp(1, 100);
        Self { good: part.status, before: part.before, limit }
    }
}

/// Whose shares: one of the two.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WhoseShares {
    /// `me`: what the caller's organisations share with others.
    by: Option<String>,
    /// `me`: what is shared with the caller.
    with: Option<String>,
    /// Only those that are good (`true`), or only those that ended (`false`).
    status: Option<bool>,
    /// How many items, 1 to 100; 20 when left out.
    limit: Option<u64>,
    /// Where the page before ended: its `next`.
    before: Option<String>,
}

/// What the caller shares with others, or what others share with the caller.
#[utoipa::path(get, path = "/api/v1/shares", tag = "shares", params(WhoseShares),
    responses((status = 200, body = PageOf<ShareView>), (status = 401, body = Problem)))]
pub(super) async fn list_shares(
    State(app): State<App>,
    Who(actor): Who,
    Params(whose): Params<WhoseShares>,
) -> Result<Json<PageOf<ShareView>>, HubError> {
    let WhoseShares { by, with, status, limit, before } = whose;
    let wanted = SharesPart { status, limit, before }.into();
    let page = match (by.as_deref(), with.as_deref()) {
        (Some("me"), None) => shares::by_me(&app, &actor, &wanted).await?,
        (None, Some("me")) => shares::with_me(&app, &actor, &wanted).await?,
        (_, None) => return Err(HubError::invalid("by", "it is `me`, and needed without `with`")),
        _ => return Err(HubError::invalid("with", "it is `me`, and stands without `by`")),
    };
    Ok(Json(view(&app, page)))
}

/// What an organisation shares with others, for its owners.
#[utoipa::path(get, path = "/api/v1/orgs/{org}/shares", tag = "shares",
    params(("org" = String, Path, description = "Name of the organisation"), SharesPart),
    responses((status = 200, body = PageOf<ShareView>), (status = 403, body = Problem)))]
pub(super) async fn list_org_shares(
    State(app): State<App>,
    Who(actor): Who,
    InPath(OrgInPath { org }): InPath<OrgInPath>,
    Params(part): Params<SharesPart>,
) -> Result<Json<PageOf<ShareView>>, HubError> {
    let org = named("org", &org, OrgName::parse)?;
    Ok(Json(view(&app, shares::of_org(&app, &actor, &org, &part.into()).await?)))
}

/// With whom a repository is shared, for those who administer it.
#[utoipa::path(get, path = "/api/v1/repos/{org}/{repo}/-/shares", tag = "shares",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes"),
        SharesPart),
    responses((status = 200, body = PageOf<ShareView>), (status = 403, body = Problem)))]
pub(super) async fn list_repo_shares(
    call: &Call<'_>,
    part: SharesPart,
) -> Result<Response, HubError> {
    let page = shares::of_repo(call.app, call.actor, call.repo, &part.into()).await?;
    Ok(Json(view(call.app, page)).into_response())
}

/// Shares a private repository, read only.
#[utoipa::path(post, path = "/api/v1/repos/{org}/{repo}/-/shares", tag = "shares",
    request_body = CreateShare,
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes")),
    responses((status = 201, body = ShareView), (status = 400, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn create_share(call: &Call<'_>, new: CreateShare) -> Result<Response, HubError> {
    permit(new.permit.as_deref())?;
    let until = deadline(new.until.as_deref())?.unwrap_or_default();
    let with = named("with", &new.with, OrgName::parse)?;
    let told = (until, new.description.as_str());
    let share = shares::create(call.app, call.actor, call.repo, &with, told).await?;
    let at = format!("/api/v1/repos/{}/-/shares/{with}", call.repo);
    let body = Json(one(call.app, share));
    Ok((StatusCode::CREATED, [(header::LOCATION, at)], body).into_response())
}

/// One share of a repository, for those who administer it.
#[utoipa::path(get, path = "/api/v1/repos/{org}/{repo}/-/shares/{name}", tag = "shares",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes"),
        ("name" = String, Path, description = "With whom")),
    responses((status = 200, body = ShareView), (status = 404, body = Problem)))]
pub(super) async fn show_share(call: &Call<'_>, with: &str) -> Result<Response, HubError> {
    let with = named("name", with, OrgName::parse)?;
    let share = shares::get(call.app, call.actor, call.repo, &with).await?;
    Ok(Json(one(call.app, share)).into_response())
}

/// Changes a share; what is left out stays.
#[utoipa::path(patch, path = "/api/v1/repos/{org}/{repo}/-/shares/{name}", tag = "shares",
    request_body = EditShare,
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes"),
        ("name" = String, Path, description = "With whom")),
    responses((status = 200, body = ShareView), (status = 404, body = Problem)))]
pub(super) async fn edit_share(
    call: &Call<'_>,
    with: &str,
    edit: EditShare,
) -> Result<Response, HubError> {
    permit(edit.permit.as_deref())?;
    let with = named("name", with, OrgName::parse)?;
    let until = deadline(edit.until.as_deref())?;
    let changes = ShareChanges { until, description: edit.description };
    let share = shares::edit(call.app, call.actor, call.repo, &with, changes).await?;
    Ok(Json(one(call.app, share)).into_response())
}

/// Ends a share: from the next request on nobody reads by it.
#[utoipa::path(delete, path = "/api/v1/repos/{org}/{repo}/-/shares/{name}", tag = "shares",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes"),
        ("name" = String, Path, description = "With whom")),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn delete_share(call: &Call<'_>, with: &str) -> Result<Response, HubError> {
    let with = named("name", with, OrgName::parse)?;
    shares::delete(call.app, call.actor, call.repo, &with).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn one(app: &App, share: Share) -> ShareView {
    ShareView::new(share, app.now_ms())
}

fn view(app: &App, page: Page<Share>) -> PageOf<ShareView> {
    let items = page.items.into_iter().map(|share| one(app, share)).collect();
    PageOf { items, total: page.total, next: page.next }
}

fn permit(text: Option<&str>) -> Result<(), HubError> {
    let read = |text: &str| (text == "read").then_some(());
    text.map_or(Ok(()), |text| word("permit", text, read, "read"))
}

/// Reads until when; `None` when nothing is said.
fn deadline(text: Option<&str>) -> Result<Option<Deadline>, HubError> {
    let Some(text) = text else { return Ok(None) };
    if text == FOREVER {
        return Ok(Some(Deadline::FOREVER));
    }
    let words = "forever, a day such as 2026-12-31, a time of RFC 3339";
    let at_ms = word("until", text, parse_time_or_day, words)?;
    Ok(Some(Deadline::at(text, at_ms)))
}
