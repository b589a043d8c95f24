//! Doors of the caller's access keys.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use hub_api::{CreateKey, CreatedKey, EditKey, KeyView, Problem};
use hub_model::AccessKeyId;
use secrecy::ExposeSecret;

use super::error::HubError;
use super::input::{Body, InPath, KeyInPath, Who, end, named};
use crate::App;
use crate::services::access_keys;

/// The access keys of the caller, the newest first.
#[utoipa::path(get, path = "/api/v1/keys", tag = "accounts",
    responses((status = 200, body = Vec<KeyView>), (status = 401, body = Problem)))]
pub(super) async fn list_keys(
    State(app): State<App>,
    Who(actor): Who,
) -> Result<Json<Vec<KeyView>>, HubError> {
    let keys = access_keys::list(&app, &actor).await?;
    Ok(Json(keys.into_iter().map(Into::into).collect()))
}

/// Makes an access key. Its secret half is shown this once.
#[utoipa::path(post, path = "/api/v1/keys", tag = "accounts", request_body = CreateKey,
    responses((status = 201, body = CreatedKey), (status = 403, body = Problem)))]
pub(super) async fn create_key(
    State(app): State<App>,
    Who(actor): Who,
    Body(new): Body<CreateKey>,
) -> Result<impl IntoResponse, HubError> {
    let end = end(new.expires_at.as_deref())?;
    let (key, secret) = access_keys::create(&app, &actor, &new.name, end).await?;
    let location = format!("/api/v1/keys/{}", key.key_id);
    let password = access_keys::registry_password(&key.key_id, &secret);
    let body = CreatedKey {
        key: key.into(),
        user: actor.name().to_owned(),
        secret_key: secret.expose_secret().to_owned(),
        registry_password: password.expose_secret().to_owned(),
    };
    let headers = [(header::LOCATION, location), (header::CACHE_CONTROL, "no-store".to_owned())];
    Ok((StatusCode::CREATED, headers, Json(body)))
}

/// Disables an access key of the caller's, or enables it.
#[utoipa::path(patch, path = "/api/v1/keys/{ak}", tag = "accounts", request_body = EditKey,
    params(("ak" = String, Path, description = "The public half of the key")),
    responses((status = 200, body = KeyView), (status = 404, body = Problem)))]
pub(super) async fn edit_key(
    State(app): State<App>,
    Who(actor): Who,
    InPath(KeyInPath { ak }): InPath<KeyInPath>,
    Body(edit): Body<EditKey>,
) -> Result<Json<KeyView>, HubError> {
    let id = named("ak", &ak, AccessKeyId::parse)?;
    Ok(Json(access_keys::close(&app, &actor, &id, edit.disabled).await?.into()))
}

/// Deletes an access key of the caller's.
#[utoipa::path(delete, path = "/api/v1/keys/{ak}", tag = "accounts",
    params(("ak" = String, Path, description = "The public half of the key")),
    responses((status = 204), (status = 404, body = Problem)))]
pub(super) async fn delete_key(
    State(app): State<App>,
    Who(actor): Who,
    InPath(KeyInPath { ak }): InPath<KeyInPath>,
) -> Result<StatusCode, HubError> {
    access_keys::delete(&app, &actor, &named("ak", &ak, AccessKeyId::parse)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
