//! Doors of sessions, and of registration.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use hub_api::{Problem, Register, SessionView, UserView};
use hub_model::UserName;
use serde::Deserialize;

use super::error::HubError;
use super::input::{Body, IdInPath, InPath, Params, Who, named};
use crate::App;
use crate::http::ClientAddress;
use crate::services::accounts;
use crate::services::sessions::{self, Everywhere};

/// `?others=&tokens=` of signing out everywhere.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct What {
    /// Whether what the call is made with stays.
    #[serde(default)]
    others: bool,
    /// Whether personal tokens end as well.
    #[serde(default)]
    tokens: bool,
}

/// The sessions of the caller, the newest first.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "accounts",
    responses((status = 200, body = Vec<SessionView>), (status = 401, body = Problem)))]
pub(super) async fn list_sessions(
    State(app): State<App>,
    Who(actor): Who,
) -> Result<Json<Vec<SessionView>>, HubError> {
    let sessions = sessions::list(&app, &actor).await?.into_iter();
    Ok(Json(sessions.map(|one| SessionView::new(one.token, one.current)).collect()))
}

/// Signs the caller out everywhere: every session and every refresh token of a registry client.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "accounts", params(What),
    responses((status = 204), (status = 401, body = Problem)))]
pub(super) async fn end_sessions(
    State(app): State<App>,
    Who(actor): Who,
    Params(what): Params<What>,
) -> Result<StatusCode, HubError> {
    let what = Everywhere { keep_this: what.others, tokens: what.tokens };
    sessions::end_all(&app, &actor, what).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a session of the caller.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", tag = "accounts",
    params(("id" = i64, Path, description = "Number of the session")),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn end_session(
    State(app): State<App>,
    Who(actor): Who,
    InPath(IdInPath { id }): InPath<IdInPath>,
) -> Result<StatusCode, HubError> {
    sessions::end(&app, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes an account for the caller, where the hub lets strangers do so.
#[utoipa::path(post, path = "/api/v1/register", tag = "accounts", request_body = Register,
    responses((status = 201, body = UserView), (status = 400, body = Problem),
        (status = 403, body = Problem), (status = 409, body = Problem),
        (status = 429, body = Problem)), security(()))]
pub(super) async fn register(
    State(app): State<App>,
    address: ClientAddress,
    Body(new): Body<Register>,
) -> Result<impl IntoResponse, HubError> {
    let name = named("name", &new.name, UserName::parse)?;
    let made = accounts::register(&app, name, new.password.into(), &address.key()).await?;
    Ok((StatusCode::CREATED, Json(UserView::from(hub_model::User::clone(&made.user)))))
}
