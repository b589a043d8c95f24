//! `/v2/<name>/referrers/<digest>`.

use axum::http::{HeaderName, HeaderValue};
use axum::response::Response;
use hub_model::{Digest, Referrer, RepoName};
use serde_json::{Value, json};

use super::call::Call;
use super::error::RegistryError;
use crate::services::images;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Says that the list was filtered.
const FILTERS: HeaderName = HeaderName::from_static("oci-filters-applied");

/// `GET`: the manifests that name `subject`, as an index.
pub(super) async fn list(
    call: &Call<'_>,
    repo: &RepoName,
    subject: &Digest,
) -> Result<Response, RegistryError> {
    let referrers = images::referrers(call.app, &call.actor, repo, subject).await?;
    let wanted = call.param("artifactType");
    let matching = |referrer: &&Referrer| {
        wanted.is_none_or(|wanted| referrer.artifact_type.as_deref() == Some(wanted))
    };
    let descriptors: Vec<_> = referrers.iter().filter(matching).map(descriptor).collect();
    let mut response = index(&descriptors);
    if wanted.is_some() {
        response.headers_mut().insert(FILTERS, HeaderValue::from_static("artifactType"));
    }
    Ok(response)
}

/// The list of a manifest that nothing refers to.
pub(super) fn none() -> Response {
    index(&[])
}

fn index(descriptors: &[Value]) -> Response {
    let body = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": descriptors});
    super::json(INDEX, &body)
}

fn descriptor(referrer: &Referrer) -> Value {
    let mut descriptor = json!({
        "mediaType": referrer.media_type,
        "digest": referrer.digest,
        "size": referrer.size,
    });
    if let Some(artifact_type) = &referrer.artifact_type {
        descriptor["artifactType"] = json!(artifact_type);
    }
    let annotations = serde_json::from_str::<Value>(&referrer.annotations).unwrap_or_default();
    if annotations.as_object().is_some_and(|annotations| !annotations.is_empty()) {
        descriptor["annotations"] = annotations;
    }
    descriptor
}
