//! `GET /v2/`: whether this is a registry, and who the caller is to it.

use axum::response::{IntoResponse, Response};
use hub_model::Actor;
use serde_json::json;

use super::call::Call;
use super::error::RegistryError;

/// Greets who presents a good credential; others get the challenge, also where much is public:
/// podman and its relatives learn only here that there is something to sign in to.
pub(super) fn ping(call: &Call<'_>) -> Result<Response, RegistryError> {
    if matches!(call.actor, Actor::Anonymous) && !call.presented {
        return Err(RegistryError::unauthorized("authentication required"));
    }
    Ok(super::json("application/json", &json!({})).into_response())
}

/// The extensions that we offer.
///
/// Source: OCI distribution-spec, extensions.
pub(super) fn discover() -> Response {
    let catalog = json!({
        "name": "_catalog",
        "url": "https://distribution.github.io/distribution/spec/api/#catalog",
        "description": "repositories that the caller may pull",
        "endpoints": ["/v2/_catalog"],
    });
    super::json("application/json", &json!({"extensions": [catalog]}))
}
