//! `/v2/<name>/referrers/<digest>`.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;
use hub_model::{Digest, Referrer, ReferrersAsked, RepoName};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::call::Call;
use super::error::RegistryError;
use super::tags::page_size;
use crate::services::images;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Says that the list was filtered.
const FILTERS: HeaderName = HeaderName::from_static("oci-filters-applied");

/// Most referrers in one page.
const MOST: u64 = 1000;

/// Most bytes of the manifests whose annotations one page shows: clients read lists of 4 MiB.
const MOST_BYTES: u64 = 4 << 20;

/// `GET`: the manifests that name `subject`, as an index; a long list in pages.
pub(super) async fn list(
    call: &Call<'_>,
    repo: &RepoName,
    subject: &Digest,
) -> Result<Response, RegistryError> {
    let n = page_size(call, MOST, MOST)?;
    let wanted = call.param("artifactType");
    let asked = ReferrersAsked {
        artifact_type: wanted,
        after: call.param("last"),
        limit: n,
        bytes: MOST_BYTES,
    };
    let (referrers, more) = images::referrers(call.app, &call.actor, repo, subject, asked).await?;
    let descriptors: Vec<_> = referrers.iter().map(descriptor).collect();
    let mut response = index(&descriptors);
    if wanted.is_some() {
        response.headers_mut().insert(FILTERS, HeaderValue::from_static("artifactType"));
    }
    if let Some(last) = referrers.last().filter(|_| more) {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(wanted.map(|wanted| ("artifactType", wanted)));
        query.append_pair("last", last.digest.as_str());
        if call.param("n").is_some() {
            query.append_pair("n", &n.to_string());
        }
        let next = format!("</v2/{repo}/referrers/{subject}?{}>; rel=\"next\"", query.finish());
        response.headers_mut().insert(header::LINK, super::ascii(&next));
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
