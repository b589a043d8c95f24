//! Doors of invitations into organisations, and of handing one over.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use hub_api::{InvitationView, Invite, MemberView, Problem, TransferOrg};
use hub_model::{OrgName, Role, UserName};

use super::error::HubError;
use super::input::{Body, InPath, MemberInPath, OrgInPath, Who, named, word};
use crate::App;
use crate::services::invitations::{self, Invited};
use crate::services::orgs;

/// Invites a user, for owners. A second invitation replaces the first: 200 instead of 201.
#[utoipa::path(post, path = "/api/v1/orgs/{org}/invitations", tag = "orgs", request_body = Invite,
    params(("org" = String, Path, description = "Name of the organisation")),
    responses((status = 201, body = InvitationView), (status = 200, body = InvitationView),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn invite(
    State(app): State<App>,
    Who(actor): Who,
    InPath(OrgInPath { org }): InPath<OrgInPath>,
    Body(new): Body<Invite>,
) -> Result<impl IntoResponse, HubError> {
    let role = word("role", &new.role, Role::parse, "reader, writer, owner")?;
    let user = named("user", &new.user, UserName::parse)?;
    let Invited { invitation, replaced } =
        invitations::invite(&app, &actor, &org_name(&org)?, &user, role).await?;
    let status = if replaced.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(InvitationView::new(invitation, app.now_ms()))))
}

/// Who is invited, for owners; what ended is among them.
#[utoipa::path(get, path = "/api/v1/orgs/{org}/invitations", tag = "orgs",
    params(("org" = String, Path, description = "Name of the organisation")),
    responses((status = 200, body = Vec<InvitationView>), (status = 403, body = Problem)))]
pub(super) async fn list_invitations(
    State(app): State<App>,
    Who(actor): Who,
    InPath(OrgInPath { org }): InPath<OrgInPath>,
) -> Result<Json<Vec<InvitationView>>, HubError> {
    let found = invitations::list(&app, &actor, &org_name(&org)?).await?;
    let now = app.now_ms();
    Ok(Json(found.into_iter().map(|one| InvitationView::new(one, now)).collect()))
}

/// Takes an invitation back, for owners.
#[utoipa::path(delete, path = "/api/v1/orgs/{org}/invitations/{user}", tag = "orgs",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("user" = String, Path, description = "Name of the user")),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn withdraw_invitation(
    State(app): State<App>,
    Who(actor): Who,
    InPath(MemberInPath { org, user }): InPath<MemberInPath>,
) -> Result<StatusCode, HubError> {
    let user = named("user", &user, UserName::parse)?;
    invitations::withdraw(&app, &actor, &org_name(&org)?, &user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The caller's own invitations; what ended is among them.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "orgs",
    responses((status = 200, body = Vec<InvitationView>), (status = 401, body = Problem)))]
pub(super) async fn my_invitations(
    State(app): State<App>,
    Who(actor): Who,
) -> Result<Json<Vec<InvitationView>>, HubError> {
    let found = invitations::mine(&app, &actor).await?;
    let now = app.now_ms();
    Ok(Json(found.into_iter().map(|one| InvitationView::new(one, now)).collect()))
}

/// Accepts an invitation: the caller becomes a member.
#[utoipa::path(post, path = "/api/v1/invitations/{org}/accept", tag = "orgs",
    params(("org" = String, Path, description = "Name of the organisation")),
    responses((status = 200, body = MemberView), (status = 404, body = Problem),
        (status = 409, body = Problem)))]
pub(super) async fn accept_invitation(
    State(app): State<App>,
    Who(actor): Who,
    InPath(OrgInPath { org }): InPath<OrgInPath>,
) -> Result<Json<MemberView>, HubError> {
    let member = invitations::accept(&app, &actor, &org_name(&org)?).await?;
    Ok(Json(member.into()))
}

/// Declines an invitation.
#[utoipa::path(post, path = "/api/v1/invitations/{org}/decline", tag = "orgs",
    params(("org" = String, Path, description = "Name of the organisation")),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn decline_invitation(
    State(app): State<App>,
    Who(actor): Who,
    InPath(OrgInPath { org }): InPath<OrgInPath>,
) -> Result<StatusCode, HubError> {
    invitations::decline(&app, &actor, &org_name(&org)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Hands an organisation over: a member becomes its owner, the caller stays as a writer.
#[utoipa::path(post, path = "/api/v1/orgs/{org}/transfer", tag = "orgs",
    request_body = TransferOrg,
    params(("org" = String, Path, description = "Name of the organisation")),
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub(super) async fn transfer_org(
    State(app): State<App>,
    Who(actor): Who,
    InPath(OrgInPath { org }): InPath<OrgInPath>,
    Body(transfer): Body<TransferOrg>,
) -> Result<StatusCode, HubError> {
    let to = named("to", &transfer.to, UserName::parse)?;
    orgs::transfer(&app, &actor, &org_name(&org)?, &to).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn org_name(text: &str) -> Result<OrgName, HubError> {
    named("org", text, OrgName::parse)
}
