//! `/v2/_catalog`: the repositories that the caller may pull.

use axum::http::header;
use axum::response::Response;
use hub_model::Actor;
use serde_json::json;

use super::call::Call;
use super::error::RegistryError;
use super::tags::{next, page_size};
use crate::services::registry_tokens;

/// Repositories in a page when the caller does not say.
const USUAL: u64 = 100;

/// Most repositories in one page.
const MOST: u64 = 1000;

/// `GET`: names in byte order.
pub(super) async fn list(call: &Call<'_>) -> Result<Response, RegistryError> {
    if matches!(call.actor, Actor::Anonymous) && !call.presented {
        // Clients present what they have only when they are asked to.
        return Err(RegistryError::unauthorized("authentication required"));
    }
    if call.token.as_ref().is_some_and(|token| !token.covers_catalog()) {
        return Err(RegistryError::unauthorized("the token is not for the catalog"));
    }
    let n = page_size(call, USUAL, MOST)?;
    let last = call.param("last");
    let names = registry_tokens::catalog(call.app, &call.actor, last, n + 1).await;
    let mut names = names.map_err(|error| RegistryError::failed(&error))?;
    let more = names.len() as u64 > n;
    names.truncate(usize::try_from(n).unwrap_or(usize::MAX));
    let mut response = super::json("application/json", &json!({"repositories": names}));
    if let Some(last) = names.last().filter(|_| more) {
        response.headers_mut().insert(header::LINK, next("/v2/_catalog", last.as_str(), n));
    }
    Ok(response)
}
