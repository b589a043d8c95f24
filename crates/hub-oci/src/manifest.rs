//! Manifests and indexes: what they link to, and which rules they keep.

use std::collections::BTreeMap;

use hub_model::{Digest, ManifestFacts};

/// A manifest or index, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parsed {
    /// What it links to, for the records.
    pub facts: ManifestFacts,
    /// Whether it lists manifests.
    pub index: bool,
    /// The manifests of an index, in its order.
    pub children: Vec<Child>,
    /// The layers of an image, bottom first.
    pub layers: Vec<Layer>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
    /// Media type of the configuration.
    pub config_media_type: Option<String>,
}

/// A manifest that an index lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Child {
    /// Digest of the manifest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Its media type.
    pub media_type: String,
    /// Operating system, architecture and variant.
    pub platform: Option<(String, String, Option<String>)>,
    /// Whether it attests to another child and is no platform.
    pub attestation: bool,
}

/// A layer of an image, or a part of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Digest of the blob.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Its media type.
    pub media_type: String,
    /// Its annotation `org.opencontainers.image.title`.
    pub title: Option<String>,
    /// All its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// The rule that a manifest breaks.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The bytes are no JSON object.
    #[error("the manifest is no JSON object")]
    Json(#[source] serde_json::Error),
    /// Neither `Content-Type` nor `mediaType` name a type.
    #[error("the manifest has no media type: send `Content-Type`, or set `mediaType`")]
    NoMediaType,
    /// The type is none that the hub keeps.
    #[error("manifests of this media type are not accepted: `{media_type}`")]
    Unsupported {
        /// The type.
        media_type: String,
    },
    /// Docker schema 1.
    #[error("docker manifests of schema 1 are not accepted, push schema 2 or OCI: `{media_type}`")]
    Schema1 {
        /// The type.
        media_type: String,
    },
    /// `mediaType` and `Content-Type` differ.
    #[error("`mediaType` must equal `Content-Type`: `{json}` is not `{header}`")]
    Differs {
        /// `mediaType` of the JSON.
        json: String,
        /// `Content-Type` of the request.
        header: String,
    },
    /// A field breaks a rule.
    #[error("`{field}` of the manifest: {rule}")]
    Field {
        /// Path of the field, `layers[2]`.
        field: String,
        /// What is wrong.
        rule: String,
    },
}

/// Reads a manifest or index.
///
/// # Errors
///
/// The first rule that it breaks. Whether what it links to exists is not looked at.
pub fn parse_manifest(_media_type: &str, _bytes: &[u8]) -> Result<Parsed, ManifestError> {
    todo!()
}

/// The media type of a manifest: `Content-Type` without its parameters, or else `mediaType`.
///
/// # Errors
///
/// [`ManifestError::NoMediaType`] when neither is there, [`ManifestError::Json`] when the bytes
/// had to be asked and are no JSON.
pub fn manifest_media_type(
    _content_type: Option<&str>,
    _bytes: &[u8],
) -> Result<String, ManifestError> {
    todo!()
}
