//! `/v2/<name>/blobs/uploads/`.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hub_model::{Algorithm, Digest, RepoName, Upload};

use super::ascii;
use super::body::pieces;
use super::call::Call;
use super::error::RegistryError;
use super::manifests::CONTENT_DIGEST;
use super::range;
use crate::services::uploads::{self, Chunk, MountSource, UploadError};

/// Names the session.
const UPLOAD_ID: HeaderName = HeaderName::from_static("docker-upload-uuid");

/// The least size of a piece. Source: OCI distribution-spec, Pushing a blob in chunks.
const MIN_CHUNK: HeaderName = HeaderName::from_static("oci-chunk-min-length");

/// `POST`: a mount, a whole blob, or the beginning of a session.
pub(super) async fn start(
    call: &Call<'_>,
    repo: &RepoName,
    body: Body,
) -> Result<Response, RegistryError> {
    if let Some(mount) = call.param("mount") {
        let digest = digest(mount)?;
        let from = call.param("from").map(RepoName::parse).transpose();
        let mounted = match &from {
            // A name that cannot exist holds nothing.
            Err(_) => false,
            Ok(from) => {
                let source = MountSource { from: from.as_ref(), token: call.token.as_ref() };
                uploads::mount(call.app, &call.actor, repo, &digest, source).await?
            }
        };
        if mounted {
            return Ok(created(repo, &digest));
        }
    } else if let Some(text) = call.param("digest") {
        let digest = digest(text)?;
        let body = pieces(body, call.app.config.registry.idle_timeout());
        let length = call.content_length();
        uploads::whole(call.app, &call.actor, repo, &digest, body, length).await?;
        return Ok(created(repo, &digest));
    }
    let algorithm = match call.param("digest-algorithm") {
        None | Some("sha256") => Algorithm::Sha256,
        Some("sha512") => Algorithm::Sha512,
        Some(other) => {
            let message = format!("blobs have sha256 or sha512 digests, not `{other}`");
            return Err(RegistryError::new(StatusCode::BAD_REQUEST, "DIGEST_INVALID", message));
        }
    };
    let upload = uploads::start(call.app, &call.actor, repo, Some(algorithm)).await?;
    let mut headers = session(&upload);
    if let Some(least) = uploads::min_chunk(call.app) {
        headers.insert(MIN_CHUNK, least.into());
    }
    Ok((StatusCode::ACCEPTED, headers).into_response())
}

/// `GET`: how far a session is.
pub(super) async fn status(
    call: &Call<'_>,
    repo: &RepoName,
    id: &str,
) -> Result<Response, RegistryError> {
    let upload = uploads::status(call.app, &call.actor, repo, id).await?;
    Ok((StatusCode::NO_CONTENT, session(&upload)).into_response())
}

/// `PATCH`: the next piece.
pub(super) async fn append(
    call: &Call<'_>,
    repo: &RepoName,
    id: &str,
    body: Body,
) -> Result<Response, RegistryError> {
    let chunk = chunk(call)?;
    let body = pieces(body, call.app.config.registry.idle_timeout());
    let upload = uploads::append(call.app, &call.actor, repo, id, chunk, body).await;
    let upload = upload.map_err(|error| at(error, repo, id))?;
    Ok((StatusCode::ACCEPTED, session(&upload)).into_response())
}

/// `PUT`: the last piece, and the digest of all of them.
pub(super) async fn finish(
    call: &Call<'_>,
    repo: &RepoName,
    id: &str,
    body: Body,
) -> Result<Response, RegistryError> {
    let Some(text) = call.param("digest") else {
        let message = "the closing PUT names the blob: add ?digest=";
        return Err(RegistryError::new(StatusCode::BAD_REQUEST, "DIGEST_INVALID", message));
    };
    let digest = digest(text)?;
    let body = pieces(body, call.app.config.registry.idle_timeout());
    let last = (chunk(call)?, body);
    let finished = uploads::finish(call.app, &call.actor, repo, id, last, &digest).await;
    finished.map_err(|error| at(error, repo, id))?;
    Ok(created(repo, &digest))
}

/// `DELETE`: gives a session up.
pub(super) async fn cancel(
    call: &Call<'_>,
    repo: &RepoName,
    id: &str,
) -> Result<Response, RegistryError> {
    uploads::cancel(call.app, &call.actor, repo, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn digest(text: &str) -> Result<Digest, RegistryError> {
    Digest::parse(text).map_err(|error| {
        RegistryError::new(StatusCode::BAD_REQUEST, "DIGEST_INVALID", error.to_string())
    })
}

/// Where the body belongs, when the request says so.
fn chunk(call: &Call<'_>) -> Result<Option<Chunk>, RegistryError> {
    let Some(text) = call.header(header::CONTENT_RANGE) else {
        let stated = call.content_length();
        return Ok(stated.map(|length| Chunk { start: None, length: Some(length) }));
    };
    let bad = |status, code, message: &str| RegistryError::new(status, code, message);
    let (start, end) = range::chunk(text).ok_or_else(|| {
        let message = "`Content-Range` of a piece is written start-end";
        bad(StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID", message)
    })?;
    if start > end {
        let message = "`Content-Range` ends before it begins";
        return Err(bad(StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID", message));
    }
    let length = (end - start).saturating_add(1);
    if call.content_length().is_some_and(|sent| sent != length) {
        let message = "`Content-Range` and `Content-Length` disagree";
        return Err(bad(StatusCode::BAD_REQUEST, "SIZE_INVALID", message));
    }
    Ok(Some(Chunk { start: Some(start), length: Some(length) }))
}

/// Adds where to go on to an error after which the session goes on.
fn at(error: UploadError, repo: &RepoName, id: &str) -> RegistryError {
    let goes_on = matches!(error, UploadError::OutOfOrder { .. });
    let error = RegistryError::from(error);
    if goes_on {
        error.with_header(header::LOCATION, ascii(&location(repo.as_str(), id)))
    } else {
        error
    }
}

fn location(repo: &str, id: &str) -> String {
    format!("/v2/{repo}/blobs/uploads/{id}")
}

/// What describes a session: its place, its id and how much came.
fn session(upload: &Upload) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, ascii(&location(&upload.repo, &upload.id)));
    headers.insert(header::RANGE, range::received(upload.offset_bytes));
    headers.insert(UPLOAD_ID, ascii(&upload.id));
    headers
}

fn created(repo: &RepoName, digest: &Digest) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::LOCATION, ascii(&format!("/v2/{repo}/blobs/{digest}")));
    headers.insert(CONTENT_DIGEST, ascii(digest.as_str()));
    (StatusCode::CREATED, headers).into_response()
}
