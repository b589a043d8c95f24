//! `/v2/<name>/manifests/<reference>`.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hub_model::{Actor, Digest, RepoName, Tag};

use super::ascii;
use super::body::{self, ReadError};
use super::call::Call;
use super::error::RegistryError;
use super::route::Reference;
use crate::app::Allowance;
use crate::services::images;
use crate::services::publish::{ManifestRef, Publication, PublishError, may_push, publish};

/// Names what was pushed or pulled.
pub(super) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");

/// Says that the subject of a manifest was understood.
const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");

/// Says which tags a push by digest set.
const OCI_TAG: HeaderName = HeaderName::from_static("oci-tag");

/// How many pulls somebody without a name has, in which window of seconds.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");

/// How many of them are left.
const RATE_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");

/// The window, in seconds.
const HOUR: u32 = 60 * 60;

/// `GET` and `HEAD`: what is stored, with its own media type. It is never converted, whatever
/// `Accept` says: another form would have another digest.
pub(super) async fn get(
    call: &Call<'_>,
    repo: &RepoName,
    reference: &Reference,
) -> Result<Response, RegistryError> {
    let asked = reference.as_str();
    // Who asks for the head only, or has it already, costs no bytes and is no pull.
    if call.is_head() || call.headers.contains_key(header::IF_NONE_MATCH) {
        let (digest, media_type, size) =
            images::manifest_head(call.app, &call.actor, repo, asked).await?;
        if call.has_already(digest.as_str()) {
            let headers = named(reference, &digest);
            return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
        }
        if call.is_head() {
            let mut headers = described(reference, &digest, &media_type);
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
            return Ok((headers, Body::empty()).into_response());
        }
    }
    let manifest = images::manifest(call.app, &call.actor, repo, asked).await?;
    let mut headers = described(reference, &manifest.digest, &manifest.media_type);
    if matches!(call.actor, Actor::Anonymous) {
        count(call, &mut headers)?;
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(manifest.body.len()));
    if manifest.deprecated {
        let text = "this image is deprecated, its makers advise against using it";
        headers.insert(header::WARNING, super::warning(text));
    }
    Ok((headers, manifest.body.clone()).into_response())
}

/// Counts a pull of somebody without a name, where such pulls have a limit.
///
/// Source: `docs/sources.md#docker-hub-limits`.
fn count(call: &Call<'_>, headers: &mut HeaderMap) -> Result<(), RegistryError> {
    let counted = call.app.throttle.count_anonymous_pull(|| call.from.key())?;
    if let Some(Allowance { most, left }) = counted {
        headers.insert(RATE_LIMIT, ascii(&format!("{most};w={HOUR}")));
        headers.insert(RATE_REMAINING, ascii(&format!("{left};w={HOUR}")));
    }
    Ok(())
}

/// The headers that name a manifest.
fn named(reference: &Reference, digest: &Digest) -> HeaderMap {
    let lasting = match reference {
        Reference::Tag(_) => "no-cache",
        Reference::Digest(_) => "private, max-age=31536000",
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_DIGEST, ascii(digest.as_str()));
    headers.insert(header::ETAG, ascii(&format!("\"{digest}\"")));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(lasting));
    headers
}

/// The headers that name a manifest and say what it is.
fn described(reference: &Reference, digest: &Digest, media_type: &str) -> HeaderMap {
    let mut headers = named(reference, digest);
    headers.insert(header::CONTENT_TYPE, ascii(media_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
}

/// `PUT`: the image enters the hub.
pub(super) async fn put(
    call: &Call<'_>,
    repo: &RepoName,
    reference: &Reference,
    body: Body,
) -> Result<Response, RegistryError> {
    // Before a byte of the body is read: who may not push need not be listened to.
    may_push(call.app, &call.actor, repo).await.map_err(PublishError::from)?;
    let registry = &call.app.config.registry;
    let limit = registry.max_manifest_bytes;
    let body =
        body::read(body, limit, registry.idle_timeout()).await.map_err(|error| match error {
            ReadError::TooLarge => PublishError::TooLarge { limit }.into(),
            ReadError::BrokeOff => RegistryError::new(
                StatusCode::BAD_REQUEST,
                "SIZE_INVALID",
                "the manifest broke off",
            ),
        })?;
    let tags = call.params("tag").into_iter().map(Tag::parse).collect::<Result<Vec<_>, _>>();
    let tags = tags.map_err(|error| {
        RegistryError::new(StatusCode::BAD_REQUEST, "MANIFEST_INVALID", error.to_string())
    })?;
    let asked_tags = !tags.is_empty();
    let publication = Publication {
        repo: repo.clone(),
        reference: match reference {
            Reference::Tag(tag) => ManifestRef::Tag(tag.clone()),
            Reference::Digest(digest) => ManifestRef::Digest(digest.clone()),
        },
        tags,
        media_type: call.header(header::CONTENT_TYPE).map(str::to_owned),
        body,
        visibility: None,
    };
    let published = publish(call.app, &call.actor, publication).await?;
    let mut headers = HeaderMap::new();
    let location = format!("/v2/{repo}/manifests/{}", published.digest);
    headers.insert(header::LOCATION, ascii(&location));
    headers.insert(CONTENT_DIGEST, ascii(published.digest.as_str()));
    if let Some(subject) = &published.subject {
        headers.insert(OCI_SUBJECT, ascii(subject.as_str()));
    }
    if asked_tags {
        for tag in &published.tags {
            headers.append(OCI_TAG, ascii(tag.as_str()));
        }
    }
    Ok((StatusCode::CREATED, headers).into_response())
}

/// `DELETE`.
pub(super) async fn delete(
    call: &Call<'_>,
    repo: &RepoName,
    reference: &Reference,
) -> Result<Response, RegistryError> {
    let index = images::delete_manifest(call.app, &call.actor, repo, reference.as_str()).await?;
    let mut response = StatusCode::ACCEPTED.into_response();
    if let Some(index) = index {
        let text = format!("the index {index} still lists this manifest");
        response.headers_mut().insert(header::WARNING, super::warning(&text));
    }
    Ok(response)
}
