//! Manifests that refer to another one, with and without the referrers API.

use std::collections::BTreeMap;

use bytes::Bytes;
use hub_model::{Algorithm, Digest};
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use crate::RemoteError;
use crate::download::Hasher;
use crate::manifests::read_all;
use crate::pages::Pages;
use crate::remote::{Call, Remote, scope};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// A manifest that refers to another one, as the list of referrers shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferrerEntry {
    /// Its media type.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Its annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    schema_version: u8,
    media_type: String,
    #[serde(default)]
    manifests: Vec<ReferrerEntry>,
}

impl Remote {
    /// Pushes a manifest that refers to `subject`. Where the registry does not keep the list of
    /// referrers (it does not answer with `OCI-Subject`), the list is kept under a tag, as the
    /// specification asks of clients.
    ///
    /// # Errors
    ///
    /// Those of [`Remote::push_manifest`].
    pub async fn push_referrer(
        &self,
        repo: &str,
        subject: &Digest,
        media_type: &str,
        bytes: Bytes,
    ) -> Result<Digest, RemoteError> {
        let digest = Hasher::digest_of(Algorithm::Sha256, &bytes);
        let (digest, headers) =
            self.put_manifest(repo, digest.as_str(), media_type, bytes.clone()).await?;
        if !headers.contains_key("oci-subject") {
            let entry = entry(media_type, &digest, &bytes);
            self.note_referrer(repo, subject, entry).await?;
        }
        Ok(digest)
    }

    /// What refers to `subject`, of one artifact type or of all. Empty when nothing does.
    ///
    /// # Errors
    ///
    /// Any [`RemoteError`] but [`RemoteError::NotFound`].
    pub async fn referrers(
        &self,
        repo: &str,
        subject: &Digest,
        artifact_type: Option<&str>,
    ) -> Result<Vec<ReferrerEntry>, RemoteError> {
        let doing = format!("list what refers to {}", self.name(repo, subject.as_str()));
        let scopes = [scope(repo, "pull")];
        let mut url = self.url(&format!("{repo}/referrers/{subject}"));
        if let Some(wanted) = artifact_type {
            url.query_pairs_mut().append_pair("artifactType", wanted);
        }
        let mut pages = Pages::begin(url);
        let mut found = Vec::new();
        while let Some(url) = pages.next() {
            let call = Call::new(Method::GET, url, &scopes);
            match self.send(&doing, &call, &[StatusCode::OK]).await {
                Ok(mut response) => {
                    pages.came(&call.url, response.headers());
                    found.extend(read_index(&doing, &read_all(&doing, &mut response).await?)?);
                }
                Err(RemoteError::NotFound { .. }) if found.is_empty() => {
                    found = self.noted_referrers(repo, subject).await?;
                }
                Err(error) => return Err(error),
            }
        }
        // Not every registry filters.
        found.retain(|entry| {
            artifact_type.is_none() || entry.artifact_type.as_deref() == artifact_type
        });
        Ok(found)
    }

    /// The list under the tag.
    async fn noted_referrers(
        &self,
        repo: &str,
        subject: &Digest,
    ) -> Result<Vec<ReferrerEntry>, RemoteError> {
        match self.pull_manifest(repo, &fallback_tag(subject)).await {
            Ok(index) => read_index("read the list of referrers", &index.bytes),
            Err(RemoteError::NotFound { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    async fn note_referrer(
        &self,
        repo: &str,
        subject: &Digest,
        entry: ReferrerEntry,
    ) -> Result<(), RemoteError> {
        let mut manifests = self.noted_referrers(repo, subject).await?;
        if manifests.iter().any(|known| known.digest == entry.digest) {
            return Ok(());
        }
        manifests.push(entry);
        let index = Index { schema_version: 2, media_type: INDEX.to_owned(), manifests };
        let bytes = serde_json::to_vec(&index).expect("an index is JSON");
        self.push_manifest(repo, &fallback_tag(subject), INDEX, bytes.into()).await.map(drop)
    }
}

/// The tag that stands for the list of referrers. Source: OCI distribution-spec, Referrers Tag
/// Schema.
fn fallback_tag(subject: &Digest) -> String {
    format!("{}-{}", subject.algorithm().as_str(), subject.hex())
}

fn read_index(doing: &str, bytes: &[u8]) -> Result<Vec<ReferrerEntry>, RemoteError> {
    serde_json::from_slice(bytes).map(|index: Index| index.manifests).map_err(|error| {
        RemoteError::Protocol { doing: doing.to_owned(), message: error.to_string() }
    })
}

/// How the list shows a manifest.
fn entry(media_type: &str, digest: &Digest, bytes: &[u8]) -> ReferrerEntry {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Read {
        artifact_type: Option<String>,
        config: Config,
        annotations: BTreeMap<String, String>,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Config {
        media_type: Option<String>,
    }
    let read: Read = serde_json::from_slice(bytes).unwrap_or_default();
    ReferrerEntry {
        media_type: media_type.to_owned(),
        digest: digest.clone(),
        size: bytes.len() as u64,
        artifact_type: read.artifact_type.or(read.config.media_type),
        annotations: read.annotations,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_shows_artifact_type_and_annotations() {
        let digest = Hasher::digest_of(Algorithm::Sha256, b"");
        let bytes =
            br#"{"artifactType":"a/b","config":{"mediaType":"c/d"},"annotations":{"k":"v"}}"#;
        let shown = entry("m/n", &digest, bytes);
        assert_eq!(shown.artifact_type.as_deref(), Some("a/b"));
        assert_eq!(shown.annotations["k"], "v");
        let old = entry("m/n", &digest, br#"{"config":{"mediaType":"c/d"}}"#);
        assert_eq!(old.artifact_type.as_deref(), Some("c/d"));
        assert!(fallback_tag(&digest).starts_with("sha256-e3b0c442"));
    }
}
