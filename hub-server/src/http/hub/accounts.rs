//! Doors of who one is: signing in, tokens, and which program answers.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use hub_api::{CreateToken, CreatedToken, Login, Problem, TokenView, VersionView, WhoAmI};
use hub_model::Actor;
use secrecy::{ExposeSecret, SecretString};

use super::error::HubError;
use super::input::{Body, IdInPath, InPath, Who, end, places, scope};
use crate::App;
use crate::http::ClientAddress;
use crate::services::access::AccessError;
use crate::services::tokens::TokenOrder;
use crate::services::{orgs, sign_in, tokens};

/// What a token is called when the client gives it no name.
const UNNAMED: &str = "hub login";

/// Which program answers.
#[utoipa::path(get, path = "/api/v1/version", tag = "accounts",
    responses((status = 200, body = VersionView)), security(()))]
pub(super) async fn version() -> Json<VersionView> {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Json(VersionView { name: "hub-server".to_owned(), version })
}

/// Who the caller is.
#[utoipa::path(get, path = "/api/v1/whoami", tag = "accounts",
    responses((status = 200, body = WhoAmI), (status = 401, body = Problem)))]
pub(super) async fn whoami(
    State(app): State<App>,
    Who(actor): Who,
) -> Result<Json<WhoAmI>, HubError> {
    match &actor {
        Actor::User(signed_in) => Ok(Json(WhoAmI::new(signed_in, orgs::mine(&app, &actor).await?))),
        Actor::Robot(robot) => Ok(Json(WhoAmI::robot(robot))),
        Actor::Anonymous | Actor::System => Err(AccessError::Unauthenticated.into()),
    }
}

/// Exchanges a password for a personal token.
#[utoipa::path(post, path = "/api/v1/login", tag = "accounts", request_body = Login,
    responses((status = 201, body = CreatedToken), (status = 401, body = Problem)), security(()))]
pub(super) async fn login(
    State(app): State<App>,
    address: ClientAddress,
    Body(login): Body<Login>,
) -> Result<impl IntoResponse, HubError> {
    let password = SecretString::from(login.password);
    let from = address.key();
    let actor = sign_in::sign_in(&app, &login.username, &password, &from).await?;
    let name = login.name.unwrap_or_else(|| UNNAMED.to_owned());
    let order = TokenOrder { name, scope: actor.scope(), ..TokenOrder::default() };
    let made = tokens::create(&app, &actor, order).await?;
    Ok(created(actor.name().to_owned(), made))
}

/// The personal tokens of the caller.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "accounts",
    responses((status = 200, body = Vec<TokenView>), (status = 401, body = Problem)))]
pub(super) async fn list_tokens(
    State(app): State<App>,
    Who(actor): Who,
) -> Result<Json<Vec<TokenView>>, HubError> {
    let tokens = tokens::list(&app, &actor).await?;
    Ok(Json(tokens.into_iter().map(Into::into).collect()))
}

/// Makes a personal token. Its secret is shown this once.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "accounts", request_body = CreateToken,
    responses((status = 201, body = CreatedToken), (status = 400, body = Problem)))]
pub(super) async fn create_token(
    State(app): State<App>,
    Who(actor): Who,
    Body(token): Body<CreateToken>,
) -> Result<impl IntoResponse, HubError> {
    let order = TokenOrder {
        name: token.name,
        scope: scope(token.scope.as_deref())?.unwrap_or_default(),
        within: places(&token.within)?,
        expires_at_ms: end(token.expires_at.as_deref())?,
    };
    let made = tokens::create(&app, &actor, order).await?;
    Ok(created(actor.name().to_owned(), made))
}

/// Puts a token with a new secret in the place of one: the same name, scope, places and length of
/// life. The old one has ended. The secret is shown this once.
#[utoipa::path(post, path = "/api/v1/tokens/{id}/rotate", tag = "accounts",
    params(("id" = i64, Path, description = "Number of the token")),
    responses((status = 201, body = CreatedToken), (status = 404, body = Problem)))]
pub(super) async fn rotate_token(
    State(app): State<App>,
    Who(actor): Who,
    InPath(IdInPath { id }): InPath<IdInPath>,
) -> Result<impl IntoResponse, HubError> {
    let made = tokens::rotate(&app, &actor, id).await?;
    Ok(created(actor.name().to_owned(), made))
}

/// Revokes a personal token.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "accounts",
    params(("id" = i64, Path, description = "Number of the token")),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn delete_token(
    State(app): State<App>,
    Who(actor): Who,
    InPath(IdInPath { id }): InPath<IdInPath>,
) -> Result<StatusCode, HubError> {
    tokens::revoke(&app, &actor, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn created(
    user: String,
    (token, secret): (hub_model::Token, SecretString),
) -> impl IntoResponse + use<> {
    let location = format!("/api/v1/tokens/{}", token.id);
    let body =
        CreatedToken { token: token.into(), user, secret: secret.expose_secret().to_owned() };
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())];
    (StatusCode::CREATED, headers, Json(body))
}
