//! Doors of organisations and their members.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use hub_api::{
    CreateOrg, EditOrg, MemberView, OrgView, PageOf, Problem, QuotaView, RemovedMember, SetMember,
    SetQuota,
};
use hub_model::{OrgName, Role, UserName, Visibility};

use super::error::HubError;
use super::input::{Body, InPath, MemberInPath, OrgInPath, Params, Part, Who, named, word};
use crate::App;
use crate::services::orgs::{self, OrgChanges};
use crate::services::quota::{self, OrgQuota};

/// The organisations, by name.
#[utoipa::path(get, path = "/api/v1/orgs", tag = "orgs", params(Part),
    responses((status = 200, body = PageOf<OrgView>)))]
pub(super) async fn list_orgs(
    State(app): State<App>,
    Who(actor): Who,
    Params(part): Params<Part>,
) -> Result<Json<PageOf<OrgView>>, HubError> {
    let page = orgs::list(&app, &actor, part.after.as_deref(), part.limit()).await?;
    let items = page.items.into_iter().map(Into::into).collect();
    Ok(Json(PageOf { items, total: page.total, next: page.next }))
}

/// Makes an organisation; the caller owns it.
#[utoipa::path(post, path = "/api/v1/orgs", tag = "orgs", request_body = CreateOrg,
    responses((status = 201, body = OrgView), (status = 409, body = Problem)))]
pub(super) async fn create_org(
    State(app): State<App>,
    Who(actor): Who,
    Body(new): Body<CreateOrg>,
) -> Result<impl IntoResponse, HubError> {
    let name = named("name", &new.name, OrgName::parse)?;
    let texts = OrgChanges {
        display_name: Some(&new.display_name),
        description: Some(&new.description),
        default_visibility: visibility(new.default_visibility.as_deref())?,
    };
    let org = orgs::create_as(&app, &actor, &name, texts).await?;
    let location = [(header::LOCATION, format!("/api/v1/orgs/{name}"))];
    Ok((StatusCode::CREATED, location, Json(OrgView::from(org))))
}

/// One organisation.
#[utoipa::path(get, path = "/api/v1/orgs/{org}", tag = "orgs",
    params(("org" = String, Path, description = "Name of the organisation")),
    responses((status = 200, body = OrgView), (status = 404, body = Problem)))]
pub(super) async fn show_org(
    State(app): State<App>,
    Who(actor): Who,
    InPath(OrgInPath { org }): InPath<OrgInPath>,
) -> Result<Json<OrgView>, HubError> {
    let page = orgs::get(&app, &actor, &org_name(&org)?).await?;
    let mut view = OrgView::from(page.org).seen(page.role, page.repos);
    view.quota = page.quota.map(quota_view);
    Ok(Json(view))
}

fn quota_view(of: OrgQuota) -> QuotaView {
    QuotaView::new(of.quota, of.own, of.usage)
}

/// What an organisation may hold and what it holds, for its members.
#[utoipa::path(get, path = "/api/v1/orgs/{org}/quota", tag = "orgs",
    params(("org" = String, Path, description = "Name of the organisation")),
    responses((status = 200, body = QuotaView), (status = 403, body = Problem)))]
pub(super) async fn show_quota(
    State(app): State<App>,
    Who(actor): Who,
    InPath(OrgInPath { org }): InPath<OrgInPath>,
) -> Result<Json<QuotaView>, HubError> {
    Ok(Json(quota_view(quota::get(&app, &actor, &org_name(&org)?).await?)))
}

/// Sets what an organisation may hold, for administrators of the hub.
#[utoipa::path(put, path = "/api/v1/orgs/{org}/quota", tag = "orgs", request_body = SetQuota,
    params(("org" = String, Path, description = "Name of the organisation")),
    responses((status = 200, body = QuotaView), (status = 403, body = Problem)))]
pub(super) async fn set_quota(
    State(app): State<App>,
    Who(actor): Who,
    InPath(OrgInPath { org }): InPath<OrgInPath>,
    Body(limits): Body<SetQuota>,
) -> Result<Json<QuotaView>, HubError> {
    Ok(Json(quota_view(quota::set(&app, &actor, &org_name(&org)?, limits.into()).await?)))
}

/// Changes an organisation; what is left out stays.
#[utoipa::path(patch, path = "/api/v1/orgs/{org}", tag = "orgs", request_body = EditOrg,
    params(("org" = String, Path, description = "Name of the organisation")),
    responses((status = 200, body = OrgView), (status = 403, body = Problem)))]
pub(super) async fn edit_org(
    State(app): State<App>,
    Who(actor): Who,
    InPath(OrgInPath { org }): InPath<OrgInPath>,
    Body(edit): Body<EditOrg>,
) -> Result<Json<OrgView>, HubError> {
    let changes = OrgChanges {
        display_name: edit.display_name.as_deref(),
        description: edit.description.as_deref(),
        default_visibility: visibility(edit.default_visibility.as_deref())?,
    };
    let org = orgs::edit(&app, &actor, &org_name(&org)?, changes).await?;
    Ok(Json(org.into()))
}

/// Deletes an organisation without repositories.
#[utoipa::path(delete, path = "/api/v1/orgs/{org}", tag = "orgs",
    params(("org" = String, Path, description = "Name of the organisation")),
    responses((status = 204), (status = 409, body = Problem)))]
pub(super) async fn delete_org(
    State(app): State<App>,
    Who(actor): Who,
    InPath(OrgInPath { org }): InPath<OrgInPath>,
) -> Result<StatusCode, HubError> {
    orgs::delete(&app, &actor, &org_name(&org)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The members of an organisation.
#[utoipa::path(get, path = "/api/v1/orgs/{org}/members", tag = "orgs",
    params(("org" = String, Path, description = "Name of the organisation")),
    responses((status = 200, body = Vec<MemberView>), (status = 403, body = Problem)))]
pub(super) async fn list_members(
    State(app): State<App>,
    Who(actor): Who,
    InPath(OrgInPath { org }): InPath<OrgInPath>,
) -> Result<Json<Vec<MemberView>>, HubError> {
    let members = orgs::members(&app, &actor, &org_name(&org)?).await?;
    Ok(Json(members.into_iter().map(Into::into).collect()))
}

/// Makes a user a member, or gives a member another role.
#[utoipa::path(put, path = "/api/v1/orgs/{org}/members/{user}", tag = "orgs",
    request_body = SetMember,
    params(("org" = String, Path, description = "Name of the organisation"),
        ("user" = String, Path, description = "Name of the user")),
    responses((status = 200, body = MemberView), (status = 409, body = Problem)))]
pub(super) async fn set_member(
    State(app): State<App>,
    Who(actor): Who,
    InPath(MemberInPath { org, user }): InPath<MemberInPath>,
    Body(member): Body<SetMember>,
) -> Result<Json<MemberView>, HubError> {
    let role = word("role", &member.role, Role::parse, "reader, writer, owner")?;
    let user = named("user", &user, UserName::parse)?;
    let member = orgs::set_member(&app, &actor, &org_name(&org)?, &user, role).await?;
    Ok(Json(member.into()))
}

/// Ends a membership. Roles on single repositories stay, and are named in the answer.
#[utoipa::path(delete, path = "/api/v1/orgs/{org}/members/{user}", tag = "orgs",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("user" = String, Path, description = "Name of the user")),
    responses((status = 200, body = RemovedMember), (status = 409, body = Problem)))]
pub(super) async fn remove_member(
    State(app): State<App>,
    Who(actor): Who,
    InPath(MemberInPath { org, user }): InPath<MemberInPath>,
) -> Result<Json<RemovedMember>, HubError> {
    let user = named("user", &user, UserName::parse)?;
    let stay = orgs::remove_member(&app, &actor, &org_name(&org)?, &user).await?;
    let grants = stay.into_iter().map(Into::into).collect();
    Ok(Json(RemovedMember { user: user.into(), grants }))
}

fn org_name(text: &str) -> Result<OrgName, HubError> {
    named("org", text, OrgName::parse)
}

fn visibility(text: Option<&str>) -> Result<Option<Visibility>, HubError> {
    let field = "defaultVisibility";
    text.map(|text| word(field, text, Visibility::parse, "public, private")).transpose()
}
