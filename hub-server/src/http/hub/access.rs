//! Doors of who may what at a repository or an organisation, and why.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use hub_api::{AccessEntryView, CheckView, GroundView, Problem, RepoAccessView, SetGrant};
use hub_model::{Action, Actor, OrgName, Place, Role, UserName};
use serde::Deserialize;

use super::error::HubError;
use super::input::{InPath, OrgInPath, Params, Who, named, word};
use super::repos::Call;
use crate::App;
use crate::services::access::{self, Subject, Why};
use crate::services::grants::{self, RepoAccess};

/// What is asked about.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Question {
    /// `pull`, `push`, `delete` or `administer`.
    action: String,
    /// A user; the caller when left out. About others only owners may ask.
    user: Option<String>,
}

/// Who may what at a repository. Those who administer it see every rule, others their own.
#[utoipa::path(get, path = "/api/v1/repos/{org}/{repo}/-/access", tag = "access",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes")),
    responses((status = 200, body = RepoAccessView), (status = 404, body = Problem)))]
pub(super) async fn show_access(call: &Call<'_>) -> Result<Response, HubError> {
    let RepoAccess { repo, administer, members, grants, shares } =
        grants::access(call.app, call.actor, call.repo).await?;
    let now = call.app.now_ms();
    let members = members.into_iter().map(AccessEntryView::from);
    let grants = grants.into_iter().map(AccessEntryView::from);
    let shares = shares.into_iter().filter(|share| share.is_good(now)).map(AccessEntryView::from);
    let view = RepoAccessView {
        repo: repo.name.to_string(),
        visibility: repo.visibility.as_str().to_owned(),
        administer,
        entries: members.chain(grants).chain(shares).collect(),
    };
    Ok(Json(view).into_response())
}

/// Grants a user a role on a repository, or another one.
#[utoipa::path(put, path = "/api/v1/repos/{org}/{repo}/-/access/{user}", tag = "access",
    request_body = SetGrant,
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes"),
        ("user" = String, Path, description = "Name of the user")),
    responses((status = 200, body = AccessEntryView), (status = 403, body = Problem)))]
pub(super) async fn set_grant(
    call: &Call<'_>,
    user: &str,
    grant: SetGrant,
) -> Result<Response, HubError> {
    let role = word("role", &grant.role, Role::parse, "reader, writer, owner")?;
    let user = named("user", user, UserName::parse)?;
    let grant = grants::set(call.app, call.actor, call.repo, &user, role).await?;
    Ok(Json(AccessEntryView::from(grant)).into_response())
}

/// Takes a user's role on a repository. A membership of the organisation stays.
#[utoipa::path(delete, path = "/api/v1/repos/{org}/{repo}/-/access/{user}", tag = "access",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes"),
        ("user" = String, Path, description = "Name of the user")),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn remove_grant(call: &Call<'_>, user: &str) -> Result<Response, HubError> {
    let user = named("user", user, UserName::parse)?;
    grants::remove(call.app, call.actor, call.repo, &user).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Whether somebody may do something at a repository, and why.
#[utoipa::path(get, path = "/api/v1/repos/{org}/{repo}/-/access/check", tag = "access",
    params(("org" = String, Path, description = "Name of the organisation"),
        ("repo" = String, Path, description = "Name of the repository, may hold slashes"),
        Question),
    responses((status = 200, body = CheckView), (status = 404, body = Problem)))]
pub(super) async fn check_repo(call: &Call<'_>, question: &Question) -> Result<Response, HubError> {
    let place = Place::Repo(call.repo.clone());
    Ok(Json(checked(call.app, call.actor, &place, question).await?).into_response())
}

/// Whether somebody may do something in an organisation, and why.
#[utoipa::path(get, path = "/api/v1/orgs/{org}/access/check", tag = "access",
    params(("org" = String, Path, description = "Name of the organisation"), Question),
    responses((status = 200, body = CheckView), (status = 404, body = Problem)))]
pub(super) async fn check_org(
    State(app): State<App>,
    Who(actor): Who,
    InPath(OrgInPath { org }): InPath<OrgInPath>,
    Params(question): Params<Question>,
) -> Result<Json<CheckView>, HubError> {
    let place = Place::Org(named("org", &org, OrgName::parse)?);
    Ok(Json(checked(&app, &actor, &place, &question).await?))
}

async fn checked(
    app: &App,
    actor: &Actor,
    place: &Place,
    question: &Question,
) -> Result<CheckView, HubError> {
    let words = "pull, push, delete, administer";
    let action = word("action", &question.action, Action::parse, words)?;
    let subject = match question.user.as_deref().filter(|user| !user.is_empty()) {
        Some(user) => Subject::User(named("user", user, UserName::parse)?),
        None => Subject::Oneself,
    };
    Ok(check_view(access::why(app, actor, place, action, &subject).await?))
}

fn check_view(why: Why) -> CheckView {
    let ground = |(ground, text)| GroundView::new(&ground, text);
    CheckView {
        allowed: why.answer.is_ok(),
        action: why.action.as_str().to_owned(),
        resource: why.place.to_string(),
        user: why.who,
        decision: why.line,
        ground: ground(why.ground),
        considered: why.considered.into_iter().map(ground).collect(),
        visibility: why.visibility.as_str().to_owned(),
        ask: why.ask.into_iter().map(Into::into).collect(),
    }
}
