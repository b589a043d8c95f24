//! Manifests and indexes: what they link to, and which rules they keep.

use std::collections::BTreeMap;

use hub_model::{Digest, Link, LinkKind, ManifestFacts};
use serde::Deserialize;
use serde_json::Value;

use crate::chain::layer_chain;
use crate::media_type::{
    DOCKER_SCHEMA1, DOCKER_SCHEMA1_SIGNED, is_foreign_layer, is_image_config, is_index, is_manifest,
};

/// Annotation that names a part of an artifact like a file.
const TITLE: &str = "org.opencontainers.image.title";

/// Most descriptors in one list: a manifest of the largest size that is kept could hold some
/// 33,000. Images have up to 127 layers, indexes of packages and artifacts with a part for every
/// file some thousands.
const MAX_DESCRIPTORS: usize = 10_000;

type Json = serde_json::Map<String, Value>;

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
///
/// # Panics
///
/// Never: annotations are texts, which always print as JSON.
pub fn parse_manifest(media_type: &str, bytes: &[u8]) -> Result<Parsed, ManifestError> {
    if matches!(media_type, DOCKER_SCHEMA1 | DOCKER_SCHEMA1_SIGNED) {
        return Err(ManifestError::Schema1 { media_type: media_type.to_owned() });
    }
    if !is_manifest(media_type) {
        return Err(ManifestError::Unsupported { media_type: media_type.to_owned() });
    }
    let mut json: Json = serde_json::from_slice(bytes).map_err(ManifestError::Json)?;
    check_head(media_type, &json)?;

    let annotations = annotations(json.get("annotations"), "annotations")?;
    let mut parsed = Parsed { index: is_index(media_type), ..Parsed::default() };
    parsed.facts.subject = descriptor(json.remove("subject"), "subject")?.map(|read| read.digest);
    parsed.facts.artifact_type =
        text(&json, "artifactType")?.filter(|artifact_type| !artifact_type.is_empty());
    parsed.facts.annotations =
        serde_json::to_string(&annotations).expect("a map of texts prints as JSON");
    parsed.annotations = annotations;
    if parsed.index {
        read_index(&mut parsed, json)?;
    } else {
        read_image(&mut parsed, json)?;
    }
    Ok(parsed)
}

/// The media type of a manifest: `Content-Type` without its parameters, or else `mediaType`.
///
/// # Errors
///
/// [`ManifestError::NoMediaType`] when neither is there, [`ManifestError::Json`] when the bytes
/// had to be asked and are no JSON.
pub fn manifest_media_type(
    content_type: Option<&str>,
    bytes: &[u8],
) -> Result<String, ManifestError> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Head {
        media_type: Option<String>,
        schema_version: Option<Value>,
    }
    let named = content_type.and_then(|header| header.split(';').next()).map(str::trim);
    if let Some(named) = named.filter(|named| !named.is_empty()) {
        return Ok(named.to_owned());
    }
    let head: Head = serde_json::from_slice(bytes).map_err(ManifestError::Json)?;
    match head.media_type {
        Some(named) if !named.is_empty() => Ok(named),
        // Manifests of schema 1 name no type; say so rather than ask for a header.
        _ if head.schema_version == Some(Value::from(1)) => Ok(DOCKER_SCHEMA1.to_owned()),
        _ => Err(ManifestError::NoMediaType),
    }
}

fn check_head(media_type: &str, json: &Json) -> Result<(), ManifestError> {
    match json.get("schemaVersion") {
        Some(version) if version == &Value::from(2) => {}
        Some(version) if version == &Value::from(1) => {
            return Err(ManifestError::Schema1 { media_type: media_type.to_owned() });
        }
        Some(other) => return Err(broken("schemaVersion", format!("must be 2, not {other}"))),
        None => return Err(broken("schemaVersion", "is missing, it must be 2")),
    }
    if let Some(named) = text(json, "mediaType")?
        && !named.is_empty()
        && named != media_type
    {
        return Err(ManifestError::Differs { json: named, header: media_type.to_owned() });
    }
    // One set of bytes must not be an image to one reader and an index to another
    // (CVE-2021-41190).
    let foreign: &[&str] =
        if is_index(media_type) { &["config", "layers", "fsLayers"] } else { &["manifests"] };
    match foreign.iter().find(|field| json.contains_key(**field)) {
        Some(field) => Err(broken(field, format!("does not belong into a `{media_type}`"))),
        None => Ok(()),
    }
}

fn read_index(parsed: &mut Parsed, mut json: Json) -> Result<(), ManifestError> {
    for (at, entry) in list(&mut json, "manifests")?.into_iter().enumerate() {
        let field = format!("manifests[{at}]");
        let platform = platform(&entry);
        let read = descriptor(Some(entry), &field)?.ok_or_else(|| missing(&field))?;
        parsed.facts.links.push(read.link(LinkKind::Manifest));
        let unknown =
            platform.as_ref().is_some_and(|(os, arch, _)| os == "unknown" && arch == "unknown");
        parsed.children.push(Child {
            attestation: unknown || read.annotations.contains_key("vnd.docker.reference.type"),
            digest: read.digest,
            size: read.size,
            media_type: read.media_type,
            platform: platform.filter(|_| !unknown),
        });
    }
    Ok(())
}

fn read_image(parsed: &mut Parsed, mut json: Json) -> Result<(), ManifestError> {
    let config = descriptor(json.remove("config"), "config")?.ok_or_else(|| missing("config"))?;
    parsed.facts.links.push(config.link(LinkKind::Config));
    for (at, entry) in list(&mut json, "layers")?.into_iter().enumerate() {
        let field = format!("layers[{at}]");
        let read = descriptor(Some(entry), &field)?.ok_or_else(|| missing(&field))?;
        parsed.facts.links.push(read.link(LinkKind::Layer));
        parsed.layers.push(Layer {
            title: read.annotations.get(TITLE).cloned(),
            digest: read.digest,
            size: read.size,
            media_type: read.media_type,
            annotations: read.annotations,
        });
    }
    if parsed.facts.artifact_type.is_none() {
        parsed.facts.artifact_type = Some(config.media_type.clone());
    }
    if is_image_config(&config.media_type) && !parsed.layers.is_empty() {
        let layers: Vec<_> = parsed.layers.iter().map(|layer| layer.digest.clone()).collect();
        parsed.facts.layer_chain = Some(layer_chain(&layers));
    }
    parsed.facts.config = Some(config.digest);
    parsed.config_media_type = Some(config.media_type);
    Ok(())
}

/// A descriptor with our own digest, as the rest of the hub uses it.
struct Read {
    digest: Digest,
    size: u64,
    media_type: String,
    annotations: BTreeMap<String, String>,
    elsewhere: bool,
}

impl Read {
    fn link(&self, kind: LinkKind) -> Link {
        Link { kind, digest: self.digest.clone(), size: self.size, elsewhere: self.elsewhere }
    }
}

fn descriptor(value: Option<Value>, field: &str) -> Result<Option<Read>, ManifestError> {
    let Some(mut value) = value.filter(|value| !value.is_null()) else { return Ok(None) };
    // Some tools write half a platform; it is read apart, without refusing the whole.
    if let Some(object) = value.as_object_mut() {
        object.remove("platform");
    }
    let read: oci_spec::image::Descriptor =
        serde_json::from_value(value).map_err(|error| broken(field, error.to_string()))?;
    let digest = Digest::parse(read.digest().as_ref())
        .map_err(|error| broken(&format!("{field}.digest"), error.to_string()))?;
    let media_type = read.media_type().to_string();
    if media_type.is_empty() || media_type.contains('\0') {
        return Err(broken(&format!("{field}.mediaType"), "is empty or holds a zero byte"));
    }
    if i64::try_from(read.size()).is_err() {
        return Err(broken(&format!("{field}.size"), "is too large"));
    }
    let has_urls = read.urls().as_ref().is_some_and(|urls| !urls.is_empty());
    Ok(Some(Read {
        digest,
        size: read.size(),
        elsewhere: has_urls || is_foreign_layer(&media_type),
        annotations: read.annotations().clone().unwrap_or_default().into_iter().collect(),
        media_type,
    }))
}

fn platform(entry: &Value) -> Option<(String, String, Option<String>)> {
    let platform = entry.get("platform")?;
    let part = |name: &str| platform.get(name).and_then(Value::as_str).map(str::to_owned);
    let variant = part("variant").filter(|variant| !variant.is_empty());
    let (os, arch) = (part("os")?, part("architecture")?);
    (!os.is_empty() && !arch.is_empty()).then_some((os, arch, variant))
}

/// A list of a manifest. Go programs write an empty list as `null`.
fn list(json: &mut Json, field: &str) -> Result<Vec<Value>, ManifestError> {
    match json.remove(field) {
        Some(Value::Array(entries)) if entries.len() > MAX_DESCRIPTORS => {
            let found = entries.len();
            Err(broken(field, format!("has at most {MAX_DESCRIPTORS} entries, here are {found}")))
        }
        Some(Value::Array(entries)) => Ok(entries),
        Some(Value::Null) => Ok(Vec::new()),
        Some(_) => Err(broken(field, "must be a list")),
        None => Err(missing(field)),
    }
}

fn text(json: &Json, field: &str) -> Result<Option<String>, ManifestError> {
    match json.get(field) {
        // PostgreSQL stores no text with a zero byte.
        Some(Value::String(text)) if text.contains('\0') => Err(broken(field, "holds a zero byte")),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        None | Some(Value::Null) => Ok(None),
        Some(_) => Err(broken(field, "must be a text")),
    }
}

fn annotations(
    value: Option<&Value>,
    field: &str,
) -> Result<BTreeMap<String, String>, ManifestError> {
    match value {
        None | Some(Value::Null) => Ok(BTreeMap::new()),
        Some(value) => BTreeMap::deserialize(value)
            .map_err(|_| broken(field, "must be an object whose values are texts")),
    }
}

fn broken(field: &str, rule: impl Into<String>) -> ManifestError {
    ManifestError::Field { field: field.to_owned(), rule: rule.into() }
}

fn missing(field: &str) -> ManifestError {
    broken(field, "is missing")
}

#[cfg(test)]
mod tests;
