//! Manifests and tags of a remote.

use bytes::Bytes;
use hub_model::{Algorithm, Digest};
use hub_oci::media_type;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Response, StatusCode};
use serde::Deserialize;

use crate::RemoteError;
use crate::download::Hasher;
use crate::pages::Pages;
use crate::remote::{Broken, Call, Remote, scope};

/// Largest manifest that is read, in bytes. Source: distribution's limit.
const LARGEST: usize = 4 << 20;

/// The kinds of manifests we can do something with.
const ACCEPTED: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// A manifest, as it came.
#[derive(Debug, Clone)]
pub struct PulledManifest {
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Digest of the bytes, verified.
    pub digest: Digest,
}

#[derive(Deserialize)]
struct TagList {
    // Some registries answer `null` for none.
    #[serde(default)]
    tags: Option<Vec<String>>,
}

impl Remote {
    /// Fetches the manifest behind a tag or digest.
    ///
    /// # Errors
    ///
    /// [`RemoteError::NotFound`] without the manifest, [`RemoteError::Mismatch`] when the bytes
    /// are not those of the digest.
    pub async fn pull_manifest(
        &self,
        repo: &str,
        reference: &str,
    ) -> Result<PulledManifest, RemoteError> {
        let doing = format!("read the manifest {}", self.name(repo, reference));
        let scopes = [scope(repo, "pull")];
        let url = self.url(&format!("{repo}/manifests/{reference}"));
        let mut call = Call::new(Method::GET, url, &scopes);
        call.headers.insert(ACCEPT, HeaderValue::from_static(ACCEPTED));
        let mut response = self.send(&doing, &call, &[StatusCode::OK]).await?;

        let stated = digest_header(response.headers());
        let content_type = content_type(response.headers());
        let bytes = read_all(&doing, &mut response).await?;
        let asked = Digest::parse(reference).ok();
        let algorithm =
            asked.as_ref().or(stated.as_ref()).map_or(Algorithm::Sha256, Digest::algorithm);
        let digest = Hasher::digest_of(algorithm, &bytes);
        for expected in [asked, stated].into_iter().flatten() {
            if expected.algorithm() == algorithm && expected != digest {
                return Err(RemoteError::Mismatch { expected, found: digest.to_string() });
            }
        }
        let media_type = hub_oci::manifest_media_type(content_type.as_deref(), &bytes)
            .map_err(|error| RemoteError::Protocol { doing, message: error.to_string() })?;
        Ok(PulledManifest { media_type, bytes, digest })
    }

    /// The digest behind a tag or digest, or `None` when there is none.
    ///
    /// # Errors
    ///
    /// Any [`RemoteError`] but [`RemoteError::NotFound`].
    pub async fn resolve(
        &self,
        repo: &str,
        reference: &str,
    ) -> Result<Option<Digest>, RemoteError> {
        let doing = format!("look up {}", self.name(repo, reference));
        let scopes = [scope(repo, "pull")];
        let url = self.url(&format!("{repo}/manifests/{reference}"));
        let mut call = Call::new(Method::HEAD, url, &scopes);
        call.headers.insert(ACCEPT, HeaderValue::from_static(ACCEPTED));
        let response = match self.send(&doing, &call, &[StatusCode::OK]).await {
            Ok(response) => response,
            Err(RemoteError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        match digest_header(response.headers()) {
            Some(digest) => Ok(Some(digest)),
            // Allowed by the specification, and then only the bytes tell.
            None => self.pull_manifest(repo, reference).await.map(|found| Some(found.digest)),
        }
    }

    /// Puts a manifest under a tag or its digest. Children and blobs must be there before.
    ///
    /// # Errors
    ///
    /// [`RemoteError::Mismatch`] when the registry names it otherwise than we do.
    pub async fn push_manifest(
        &self,
        repo: &str,
        reference: &str,
        media_type: &str,
        bytes: Bytes,
    ) -> Result<Digest, RemoteError> {
        self.put_manifest(repo, reference, media_type, bytes).await.map(|(digest, _)| digest)
    }

    /// Puts a manifest, and gives the headers of the answer too.
    pub(crate) async fn put_manifest(
        &self,
        repo: &str,
        reference: &str,
        media_type: &str,
        bytes: Bytes,
    ) -> Result<(Digest, HeaderMap), RemoteError> {
        let doing = format!("push the manifest {}", self.name(repo, reference));
        let scopes = [scope(repo, "pull,push")];
        let url = self.url(&format!("{repo}/manifests/{reference}"));
        let asked = Digest::parse(reference).ok();
        let algorithm = asked.as_ref().map_or(Algorithm::Sha256, Digest::algorithm);
        let digest = Hasher::digest_of(algorithm, &bytes);
        let mut call = Call::new(Method::PUT, url, &scopes);
        call.body = bytes;
        let content_type =
            HeaderValue::from_str(media_type).map_err(|_| RemoteError::Protocol {
                doing: doing.clone(),
                message: format!("its media type cannot be sent: {media_type}"),
            })?;
        call.headers.insert(CONTENT_TYPE, content_type);
        let expected = [StatusCode::CREATED, StatusCode::OK, StatusCode::ACCEPTED];
        let response = self.send(&doing, &call, &expected).await?;
        match digest_header(response.headers()) {
            Some(found) if found.algorithm() == digest.algorithm() && found != digest => {
                Err(RemoteError::Mismatch { expected: digest, found: found.to_string() })
            }
            _ => Ok((digest, response.headers().clone())),
        }
    }

    /// Deletes a manifest with all its tags, or one tag where the registry can.
    ///
    /// # Errors
    ///
    /// [`RemoteError::NotFound`] without the manifest; [`RemoteError::Refused`] (405) where
    /// deleting is switched off.
    pub async fn delete_manifest(&self, repo: &str, reference: &str) -> Result<(), RemoteError> {
        let doing = format!("delete {}", self.name(repo, reference));
        let scopes = [scope(repo, "delete,pull")];
        let url = self.url(&format!("{repo}/manifests/{reference}"));
        let call = Call::new(Method::DELETE, url, &scopes);
        self.send(&doing, &call, &[StatusCode::ACCEPTED, StatusCode::OK]).await.map(drop)
    }

    /// All tags of a repository, in the order of the registry.
    ///
    /// # Errors
    ///
    /// [`RemoteError::NotFound`] without the repository.
    pub async fn tags(&self, repo: &str) -> Result<Vec<String>, RemoteError> {
        let doing = format!("list the tags of {}/{repo}", self.host());
        let scopes = [scope(repo, "pull")];
        let mut pages = Pages::begin(self.url(&format!("{repo}/tags/list")));
        let mut tags = Vec::new();
        while let Some(url) = pages.next() {
            let call = Call::new(Method::GET, url, &scopes);
            let mut response = self.send(&doing, &call, &[StatusCode::OK]).await?;
            pages.came(&call.url, response.headers());
            let body = read_all(&doing, &mut response).await?;
            let page: TagList = serde_json::from_slice(&body).map_err(|error| {
                RemoteError::Protocol { doing: doing.clone(), message: error.to_string() }
            })?;
            let page = page.tags.unwrap_or_default();
            if page.is_empty() {
                break;
            }
            tags.extend(page);
        }
        Ok(tags)
    }

    /// `host/repo:tag` or `host/repo@digest`, for messages.
    pub(crate) fn name(&self, repo: &str, reference: &str) -> String {
        let mark = if reference.contains(':') { '@' } else { ':' };
        format!("{}/{repo}{mark}{reference}", self.host())
    }
}

fn digest_header(headers: &HeaderMap) -> Option<Digest> {
    let value = headers.get("docker-content-digest")?;
    value.to_str().ok().and_then(|text| Digest::parse(text).ok())
}

fn content_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let kind = text.split(';').next().unwrap_or_default().trim();
    // Some servers of static files know nothing better; the body then says what it is.
    (media_type::is_manifest(kind) || media_type::is_index(kind)).then(|| kind.to_owned())
}

/// Reads a body of reasonable size.
pub(crate) async fn read_all(doing: &str, response: &mut Response) -> Result<Vec<u8>, RemoteError> {
    let body = read_some(response, LARGEST).await.map_err(|error| error.into_error(doing))?;
    body.ok_or_else(|| {
        let message = format!("the answer is longer than {LARGEST} bytes");
        RemoteError::Protocol { doing: doing.to_owned(), message }
    })
}

/// Reads a body of at most `most` bytes; `None` when it is longer.
pub(crate) async fn read_some(
    response: &mut Response,
    most: usize,
) -> Result<Option<Vec<u8>>, Broken> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(Broken::network)? {
        body.extend_from_slice(&piece);
        if body.len() > most {
            return Ok(None);
        }
    }
    Ok(Some(body))
}
