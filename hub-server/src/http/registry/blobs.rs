//! `/v2/<name>/blobs/<digest>`.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hub_model::{Digest, RepoName};

use super::ascii;
use super::call::Call;
use super::error::RegistryError;
use super::manifests::CONTENT_DIGEST;
use super::multipart::Multipart;
use super::range::{self, Wanted};
use crate::services::blobs::{self, Elsewhere};

/// Names the file that the server in front of us sends. Source: nginx, X-Accel
/// (`docs/sources.md#x-accel`).
const ACCEL: HeaderName = HeaderName::from_static("x-accel-redirect");

/// `GET` and `HEAD`.
///
/// What a blob holds is somebody else's: it is served as bytes, never as a page of ours.
pub(super) async fn get(
    call: &Call<'_>,
    repo: &RepoName,
    digest: &Digest,
) -> Result<Response, RegistryError> {
    let blob = blobs::find(call.app, &call.actor, repo, digest).await?;
    let size = blob.size;
    let mut headers = HeaderMap::new();
    let etag = ascii(&format!("\"{digest}\""));
    headers.insert(CONTENT_DIGEST, ascii(digest.as_str()));
    headers.insert(header::ETAG, etag.clone());
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let forever = HeaderValue::from_static("private, max-age=31536000");
    headers.insert(header::CACHE_CONTROL, forever);
    if call.has_already(digest.as_str()) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let bytes = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, bytes);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let nothing = HeaderValue::from_static("default-src 'none'");
    headers.insert(header::CONTENT_SECURITY_POLICY, nothing);
    // What others give out they also cut into ranges.
    if !call.is_head()
        && let Some(elsewhere) = blob.elsewhere().await?
    {
        return Ok(sent_to(elsewhere, headers));
    }
    // A range of what the caller saw before is of no use when that was something else.
    let same = call.headers.get(header::IF_RANGE).is_none_or(|known| *known == etag);
    let asked = call.header(header::RANGE).filter(|_| same && !call.is_head());
    let (status, part) = match range::wanted(asked, size) {
        Wanted::Whole => (StatusCode::OK, 0..size),
        Wanted::Part(part) => {
            let text = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            headers.insert(header::CONTENT_RANGE, ascii(&text));
            (StatusCode::PARTIAL_CONTENT, part)
        }
        Wanted::Parts(parts) => {
            let parts = Multipart::new(parts, size);
            headers.insert(header::CONTENT_TYPE, parts.content_type());
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(parts.length()));
            let body = Body::from_stream(call.app.outgoing.watch(parts.pieces(blob)));
            return Ok((StatusCode::PARTIAL_CONTENT, headers, body).into_response());
        }
        Wanted::Unsatisfiable => {
            let message = format!("the blob has {size} bytes, none of them is in this range");
            let status = StatusCode::RANGE_NOT_SATISFIABLE;
            return Err(RegistryError::new(status, "SIZE_INVALID", message)
                .with_header(header::CONTENT_RANGE, ascii(&format!("bytes */{size}"))));
        }
    };
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(part.end - part.start));
    let body = if call.is_head() || part.is_empty() {
        Body::empty()
    } else {
        Body::from_stream(call.app.outgoing.watch(blob.read(part).await?))
    };
    Ok((status, headers, body).into_response())
}

/// Has somebody else give the blob out.
fn sent_to(elsewhere: Elsewhere, mut headers: HeaderMap) -> Response {
    match elsewhere {
        Elsewhere::File(path) => {
            headers.insert(ACCEL, ascii(&path));
            (StatusCode::OK, headers).into_response()
        }
        Elsewhere::Address(url) => {
            // The address is good for a while only, and for this caller only.
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.remove(header::ACCEPT_RANGES);
            headers.insert(header::LOCATION, ascii(url.as_str()));
            (StatusCode::TEMPORARY_REDIRECT, headers).into_response()
        }
    }
}

/// `DELETE`.
pub(super) async fn delete(
    call: &Call<'_>,
    repo: &RepoName,
    digest: &Digest,
) -> Result<Response, RegistryError> {
    blobs::delete(call.app, &call.actor, repo, digest).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}
