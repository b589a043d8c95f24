//! The registry: everything below `/v2/`, its token endpoint, and `/v1/search`.
//!
//! Callers are docker, podman, skopeo, containerd, oras, and `hub` itself.
//! One handler takes every request below `/v2/`: names of repositories hold slashes, so a pure
//! parser (`route.rs`) finds out what is asked, and the same route says which right is needed.

mod base;
mod blobs;
mod body;
mod call;
mod catalog;
mod challenge;
mod drain;
mod error;
mod manifests;
mod multipart;
mod range;
mod referrers;
mod route;
mod search;
mod tags;
#[cfg(test)]
mod tests;
mod token;
mod uploads;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use url::form_urlencoded;

use crate::App;
use crate::app::as_one_request;
use crate::http::ClientAddress;
use call::Call;
use error::RegistryError;
pub use route::ROUTES;
use route::{Route, RouteError};

/// Path of the token endpoint: the realm of every challenge.
pub const TOKEN_PATH: &str = "/api/v1/registry/token";

/// Path of the public halves of the keys that sign tokens, so that others can trust them.
pub const KEYS_PATH: &str = "/api/v1/registry/keys";

const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

/// Whether the registry answers this path itself, by [`answer`].
#[must_use]
pub fn answers(path: &str) -> bool {
    path.strip_prefix("/v2").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What clients ask beside `/v2/`: [`TOKEN_PATH`], [`KEYS_PATH`], and what is below `/v1/`.
pub fn beside(app: App) -> Router {
    Router::new()
        // Clients with credentials, and anonymous ones, before they do anything else.
        .route(TOKEN_PATH, get(token::by_query).post(token::by_form))
        // Other registries that trust our tokens.
        .route(KEYS_PATH, get(token::keys))
        // `podman search`, `docker search`.
        .route("/v1/search", get(search::search))
        .route("/v1/_ping", get(search::ping))
        .fallback(async || RegistryError::from(RouteError::NoSuchPath))
        .method_not_allowed_fallback(wrong_method)
        .with_state(app)
}

/// The answer to a wrong method beside `/v2/`.
async fn wrong_method(uri: Uri) -> RegistryError {
    let allow = if uri.path() == TOKEN_PATH { "GET, HEAD, POST" } else { "GET, HEAD" };
    RouteError::Method { allow }.into()
}

/// Answers one request below `/v2/`: docker, podman, skopeo, containerd, oras, and `hub` itself.
///
/// Compression, time limits and limits on bodies must not wrap it: a blob is a stream of any
/// length, and its digest belongs to the bytes as they travel.
pub async fn answer(app: &App, from: ClientAddress, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let is_head = parts.method == Method::HEAD;
    let (body, kept) = drain::Kept::split(&parts.headers, body);
    let mut response = match route::parse(&parts.method, parts.uri.path()) {
        Ok(route) => {
            // In a box, since it is handed on: every hand would copy all of it.
            let answer = Box::pin(call::answer(app, from, (&parts, body), &route));
            if parts.method.is_safe() {
                as_one_request(answer).await
            } else {
                Box::pin(warned(app, &route, answer.await)).await
            }
        }
        Err(error) => RegistryError::from(error).into_response(),
    };
    if let Some(kept) = kept {
        Box::pin(kept.drain()).await;
    }
    response.headers_mut().insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
    if is_head {
        let length = response.body().size_hint().exact();
        if let Some(length) = length.filter(|length| *length > 0) {
            response.headers_mut().entry(header::CONTENT_LENGTH).or_insert(length.into());
        }
        *response.body_mut() = Body::empty();
    }
    response
}

/// Adds what somebody who pushes should know: how full the organisation is.
///
/// Source: RFC 7234, Warning; clients print it (`docs/sources.md#warning`).
async fn warned(app: &App, route: &Route, mut response: Response) -> Response {
    let (Route::StartUpload(repo) | Route::FinishUpload(repo, _) | Route::PutManifest(repo, _)) =
        route
    else {
        return response;
    };
    // A warning that cannot be made is no reason to fail what was done.
    if response.status().is_success()
        && let Ok(Some(text)) = crate::services::quota::warning(app, repo).await
        && let Ok(value) = HeaderValue::from_str(&format!("299 - \"{text}\""))
    {
        response.headers_mut().append(header::WARNING, value);
    }
    response
}

/// Calls the act behind a route.
///
/// What is no pull stands in a box: a future has room for the largest of its arms, and is moved
/// several times before it is polled, for a pull as well.
async fn act(call: &Call<'_>, route: &Route, body: Body) -> Result<Response, RegistryError> {
    match route {
        Route::Ping => base::ping(call),
        Route::Discover => Ok(base::discover()),
        Route::GetManifest(repo, reference) => manifests::get(call, repo, reference).await,
        Route::GetBlob(repo, digest) => blobs::get(call, repo, digest).await,
        Route::Catalog => Box::pin(catalog::list(call)).await,
        Route::Tags(repo) => Box::pin(tags::list(call, repo)).await,
        Route::Referrers(repo, digest) => Box::pin(referrers::list(call, repo, digest)).await,
        Route::PutManifest(repo, reference) => {
            Box::pin(manifests::put(call, repo, reference, body)).await
        }
        Route::DeleteManifest(repo, reference) => {
            Box::pin(manifests::delete(call, repo, reference)).await
        }
        Route::DeleteBlob(repo, digest) => Box::pin(blobs::delete(call, repo, digest)).await,
        Route::StartUpload(repo) => Box::pin(uploads::start(call, repo, body)).await,
        Route::UploadStatus(repo, id) => Box::pin(uploads::status(call, repo, id)).await,
        Route::AppendUpload(repo, id) => Box::pin(uploads::append(call, repo, id, body)).await,
        Route::FinishUpload(repo, id) => Box::pin(uploads::finish(call, repo, id, body)).await,
        Route::CancelUpload(repo, id) => Box::pin(uploads::cancel(call, repo, id)).await,
    }
}

/// The pairs of a query or of a form.
fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

/// The first value called `name`.
fn one<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// A header value from a name, digest, id or number: those are ASCII without control characters.
fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("names, digests and numbers are plain ASCII")
}

/// What clients show to the person in front of them. The text is plain and has no quotes.
///
/// Source: OCI distribution-spec, Warnings: code 299, no agent, no date.
fn warning(text: &str) -> HeaderValue {
    ascii(&format!("299 - \"{text}\""))
}

/// A JSON answer of exactly this media type.
fn json(media_type: &'static str, value: &serde_json::Value) -> Response {
    ([(header::CONTENT_TYPE, media_type)], value.to_string()).into_response()
}
