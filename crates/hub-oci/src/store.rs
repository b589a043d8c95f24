//! Where the bytes of an image come from, and what can go wrong with them.

use std::io::{self, Read};

use hub_model::Digest;

use crate::ManifestError;

/// Gives manifests and blobs by digest. Implemented by the hub's own store and by the sources of
/// a push.
pub trait ImageStore {
    /// Media type and bytes of a manifest, `None` when it is not here.
    ///
    /// # Errors
    ///
    /// When the store fails.
    fn manifest(&self, digest: &Digest) -> io::Result<Option<(String, Vec<u8>)>>;

    /// A reader of a blob.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::NotFound`] when it is not here; others when the store fails.
    fn blob(&self, digest: &Digest) -> io::Result<Box<dyn Read + Send>>;
}

/// Why an image could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// A manifest of the image breaks a rule.
    #[error("could not read the manifest of the image")]
    Manifest(#[from] ManifestError),
    /// The store failed; trying again later may help.
    #[error("could not read `{digest}` from the store")]
    Store {
        /// Digest of what was asked for.
        digest: Digest,
        /// What the store said.
        #[source]
        source: io::Error,
    },
    /// An artifact is not what its type promises.
    #[error("the artifact does not keep the form of its type: {rule}")]
    Artifact {
        /// The broken rule.
        rule: String,
    },
}
