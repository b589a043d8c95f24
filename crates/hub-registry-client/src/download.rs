//! Blobs out of a remote, verified on the way.

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use hub_model::{Algorithm, Digest};
use reqwest::{Method, Response, StatusCode};
use sha2::{Digest as _, Sha256, Sha512};

use crate::RemoteError;
use crate::remote::{Broken, Call, Remote, scope};

/// A blob on its way here.
pub struct BlobStream {
    /// Its size in bytes, where the registry said so.
    pub size: Option<u64>,
    /// Its bytes. The last item is an error when the whole has another digest.
    pub bytes: BoxStream<'static, Result<Bytes, RemoteError>>,
}

impl Remote {
    /// Size of a blob, or `None` when the repository does not hold it.
    ///
    /// # Errors
    ///
    /// Any [`RemoteError`] but [`RemoteError::NotFound`].
    pub async fn has_blob(&self, repo: &str, digest: &Digest) -> Result<Option<u64>, RemoteError> {
        let doing = format!("look for blob {} in {}/{repo}", digest.short(), self.host());
        // With the right to push as well, so that one token serves the whole push.
        self.stat(&doing, repo, digest, &[scope(repo, "pull,push")]).await
    }

    async fn stat(
        &self,
        doing: &str,
        repo: &str,
        digest: &Digest,
        scopes: &[String],
    ) -> Result<Option<u64>, RemoteError> {
        let url = self.url(&format!("{repo}/blobs/{digest}"));
        let call = Call::new(Method::HEAD, url, scopes);
        match self.send(doing, &call, &[StatusCode::OK]).await {
            Ok(response) => Ok(Some(length(&response).unwrap_or_default())),
            Err(RemoteError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Begins to fetch a blob.
    ///
    /// # Errors
    ///
    /// [`RemoteError::NotFound`] without the blob. What goes wrong later is an item of the
    /// stream.
    pub async fn pull_blob(&self, repo: &str, digest: &Digest) -> Result<BlobStream, RemoteError> {
        let doing = format!("read blob {} of {}/{repo}", digest.short(), self.host());
        let scopes = [scope(repo, "pull")];
        let url = self.url(&format!("{repo}/blobs/{digest}"));
        let call = Call::new(Method::GET, url, &scopes);
        let response = self.send(&doing, &call, &[StatusCode::OK]).await?;
        Ok(BlobStream { size: length(&response), bytes: verified(response, digest, doing) })
    }
}

/// `Content-Length`, which a HEAD answer has without having a body of that length.
fn length(response: &Response) -> Option<u64> {
    response.headers().get(reqwest::header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn verified(
    response: Response,
    digest: &Digest,
    doing: String,
) -> BoxStream<'static, Result<Bytes, RemoteError>> {
    let state = Some((response, Hasher::new(digest.algorithm()), digest.clone(), doing));
    stream::unfold(state, |state| async move {
        let (mut response, mut hasher, expected, doing) = state?;
        match response.chunk().await {
            Ok(Some(piece)) => {
                hasher.update(&piece);
                Some((Ok(piece), Some((response, hasher, expected, doing))))
            }
            Ok(None) => {
                let found = hasher.finish();
                let wrong = found != expected;
                let found = found.to_string();
                wrong.then_some((Err(RemoteError::Mismatch { expected, found }), None))
            }
            Err(error) => Some((Err(Broken::network(error).into_error(&doing)), None)),
        }
    })
    .boxed()
}

/// A running hash of either kind.
#[derive(Debug, Clone)]
pub(crate) enum Hasher {
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Hasher {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hash) => hash.update(bytes),
            Self::Sha512(hash) => hash.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> Digest {
        let (algorithm, hex) = match self {
            Self::Sha256(hash) => (Algorithm::Sha256, hex::encode(hash.finalize())),
            Self::Sha512(hash) => (Algorithm::Sha512, hex::encode(hash.finalize())),
        };
        Digest::from_hex(algorithm, &hex).expect("a hash has the length of its algorithm")
    }

    pub(crate) fn digest_of(algorithm: Algorithm, bytes: &[u8]) -> Digest {
        let mut hasher = Self::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }
}
