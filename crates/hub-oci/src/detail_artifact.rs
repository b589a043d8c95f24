//! The detail artifact: what people said about an image, as an OCI referrer that travels with it.

use std::collections::BTreeMap;

use hub_model::{Detail, Digest, Document, Field, Value};

use crate::{ExtractError, ImageStore};

/// `artifactType` of a detail artifact.
pub const ARTIFACT_TYPE: &str = "application/vnd.theriseunion.hub.detail.v1";
/// Media type of the layer that holds the fields.
pub const FIELDS_TYPE: &str = "application/vnd.theriseunion.hub.detail.v1+json";

/// The image an artifact is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Media type of its manifest.
    pub media_type: String,
    /// Digest of its manifest.
    pub digest: Digest,
    /// Size of its manifest in bytes.
    pub size: u64,
}

/// A picture that stands for an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Icon {
    /// A public address.
    Url(String),
    /// A file.
    File {
        /// Its media type, `image/png`.
        media_type: String,
        /// Its bytes.
        bytes: Vec<u8>,
    },
}

/// What a person said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Said {
    /// README, Markdown. Empty means "none, on purpose".
    pub docs: Option<String>,
    /// Translations of the README by language.
    pub docs_i18n: BTreeMap<String, String>,
    /// Picture.
    pub icon: Option<Icon>,
    /// All other fields.
    pub fields: BTreeMap<Field, Value>,
}

/// An artifact ready to be pushed: first the blobs, then the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// Media type, bytes and digest of the manifest.
    pub manifest: (String, Vec<u8>, Digest),
    /// The blobs it links to.
    pub blobs: Vec<(Digest, Vec<u8>)>,
}

/// Builds the artifact. `created` is RFC 3339; of several artifacts the newest counts.
#[must_use]
pub fn build(_subject: &Subject, _said: &Said, _created: &str) -> Built {
    todo!()
}

/// Reads an artifact from the bytes of its manifest.
///
/// # Errors
///
/// When the bytes are no detail artifact, or the store fails.
pub fn read(
    _bytes: &[u8],
    _store: &dyn ImageStore,
) -> Result<(Detail, Vec<Document>), ExtractError> {
    todo!()
}
