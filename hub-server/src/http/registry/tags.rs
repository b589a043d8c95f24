//! `/v2/<name>/tags/list`.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use hub_model::RepoName;
use serde_json::json;

use super::call::Call;
use super::error::RegistryError;
use crate::services::images;

/// Most tags in one page.
const MOST: u64 = 10_000;

/// How many entries of a list to answer: `n`, at most `most`; without `n` it is `usual`.
pub(super) fn page_size(call: &Call<'_>, usual: u64, most: u64) -> Result<u64, RegistryError> {
    let Some(text) = call.param("n") else { return Ok(usual) };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        let message = format!("`n` is the number of entries, `{text}` is none");
        let status = StatusCode::BAD_REQUEST;
        return Err(RegistryError::new(status, "PAGINATION_NUMBER_INVALID", message));
    }
    // A number too long for a number is above every limit, and limits are no errors.
    Ok(text.parse().unwrap_or(most).min(most))
}

/// `Link` to the page after this one.
pub(super) fn next(path: &str, last: &str, n: u64) -> HeaderValue {
    super::ascii(&format!("<{path}?last={last}&n={n}>; rel=\"next\""))
}

/// `GET`: tags in byte order.
pub(super) async fn list(call: &Call<'_>, repo: &RepoName) -> Result<Response, RegistryError> {
    let n = page_size(call, MOST, MOST)?;
    let last = call.param("last");
    let mut tags = images::tags(call.app, &call.actor, repo, last, n + 1).await?;
    let more = tags.len() as u64 > n;
    tags.truncate(usize::try_from(n).unwrap_or(usize::MAX));
    let body = json!({"name": repo, "tags": tags});
    let mut response = super::json("application/json", &body);
    if let Some(last) = tags.last().filter(|_| more) {
        let link = next(&format!("/v2/{repo}/tags/list"), last.as_str(), n);
        response.headers_mut().insert(header::LINK, link);
    }
    Ok(response)
}
