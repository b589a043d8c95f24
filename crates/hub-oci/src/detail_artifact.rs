//! The detail artifact: what people said about an image, as an OCI referrer that travels with it.

use std::collections::BTreeMap;

use hub_model::{Detail, Digest, Document, Field, Source, Value};
use serde_json::json;

use crate::build::descriptor;
use crate::config::small_blob;
use crate::level::{Shelf, offer};
use crate::media_type::{EMPTY, MARKDOWN, OCI_MANIFEST};
use crate::values::{check_field, from_json};
use crate::{ExtractError, ImageStore, Layer, parse_manifest, readme, sha256};

/// `artifactType` of a detail artifact.
pub const ARTIFACT_TYPE: &str = "application/vnd.theriseunion.hub.detail.v1";
/// Media type of the layer that holds the fields.
pub const FIELDS_TYPE: &str = "application/vnd.theriseunion.hub.detail.v1+json";
/// Annotation with the time an artifact was made: of several, the newest counts.
pub const CREATED: &str = "org.opencontainers.image.created";
/// Largest list of fields, in bytes. Source: the cap of files (`docs/sources.md#extraction-limits`).
const MAX_FIELDS_BYTES: u64 = 4 << 20;

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
///
/// # Panics
///
/// Never: fields always print as JSON.
#[must_use]
pub fn build(subject: &Subject, said: &Said, created: &str) -> Built {
    let mut parts: Vec<(&str, String, Vec<u8>)> = Vec::new();
    let mut fields = said.fields.clone();
    match said.docs.as_deref() {
        // An empty blob could not tell "none" from a mistake, so the fields tell it.
        Some("") => drop(fields.insert(Field::Docs, "".into())),
        Some(text) => parts.push((MARKDOWN, "README.md".to_owned(), text.as_bytes().to_vec())),
        None => {}
    }
    for (language, text) in &said.docs_i18n {
        parts.push((MARKDOWN, format!("README.{language}.md"), text.as_bytes().to_vec()));
    }
    match &said.icon {
        Some(Icon::Url(url)) => drop(fields.insert(Field::Icon, url.as_str().into())),
        Some(Icon::File { media_type, bytes }) => {
            parts.push((media_type, "icon".to_owned(), bytes.clone()));
        }
        None => {}
    }
    if !fields.is_empty() {
        let json = serde_json::to_vec(&fields).expect("fields print as JSON");
        parts.push((FIELDS_TYPE, "detail.json".to_owned(), json));
    }
    if parts.is_empty() {
        parts.push((EMPTY, String::new(), b"{}".to_vec()));
    }
    assemble(subject, parts, created)
}

fn assemble(subject: &Subject, parts: Vec<(&str, String, Vec<u8>)>, created: &str) -> Built {
    let mut layers = Vec::new();
    let mut blobs = vec![(sha256(b"{}"), b"{}".to_vec())];
    for (media_type, title, bytes) in parts {
        let mut layer = descriptor(media_type, &bytes);
        if !title.is_empty() {
            layer["annotations"] = json!({ "org.opencontainers.image.title": title });
        }
        layers.push(layer);
        let digest = sha256(&bytes);
        if blobs.iter().all(|(known, _)| *known != digest) {
            blobs.push((digest, bytes));
        }
    }
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": ARTIFACT_TYPE,
        "config": descriptor(EMPTY, b"{}"),
        "layers": layers,
        "subject": {
            "mediaType": subject.media_type, "digest": subject.digest, "size": subject.size,
        },
        "annotations": { CREATED: created },
    });
    let bytes = manifest.to_string().into_bytes();
    let digest = sha256(&bytes);
    Built { manifest: (OCI_MANIFEST.to_owned(), bytes, digest), blobs }
}

/// Reads an artifact from the bytes of its manifest.
///
/// Values that do not fit their field are left out.
///
/// # Errors
///
/// When the bytes are no detail artifact, or the store fails.
pub fn read(bytes: &[u8], store: &dyn ImageStore) -> Result<(Detail, Vec<Document>), ExtractError> {
    let parsed = parse_manifest(OCI_MANIFEST, bytes)?;
    if parsed.facts.artifact_type.as_deref() != Some(ARTIFACT_TYPE) {
        return Err(broken(format!("`artifactType` must be `{ARTIFACT_TYPE}`")));
    }
    if parsed.facts.subject.is_none() {
        return Err(broken("`subject` is missing".to_owned()));
    }
    let source = Source::Referrer(sha256(bytes));
    let mut shelf = Shelf::default();
    let mut detail = Detail::default();
    let mut translations = BTreeMap::new();
    for layer in &parsed.layers {
        let title = layer.title.as_deref().unwrap_or_default();
        if layer.media_type == FIELDS_TYPE {
            read_fields(&mut detail, &load(layer, store, MAX_FIELDS_BYTES)?, &source)?;
        } else if layer.media_type == MARKDOWN {
            let bytes = load(layer, store, Document::MAX_BYTES as u64)?;
            let text = crate::text::decode_text(&bytes);
            let Some(digest) = shelf.put_text(&text, &source) else { continue };
            match readme::language(title) {
                Some(language) => drop(translations.insert(language, digest.to_string())),
                None => detail.offer(Field::Docs, digest.as_str(), source.clone()),
            }
        } else if layer.media_type.starts_with("image/") {
            let bytes = load(layer, store, Document::MAX_BYTES as u64)?;
            if let Some((digest, source)) = shelf.put_icon(&bytes, source.clone()) {
                detail.set(Field::Icon, digest.as_str(), source);
            }
        }
    }
    let translations = Value::Map(translations);
    offer(&mut detail, Field::DocsI18n, translations, source, &mut shelf.notes);
    let documents = shelf.named_by(&detail);
    Ok((detail, documents))
}

fn read_fields(detail: &mut Detail, bytes: &[u8], source: &Source) -> Result<(), ExtractError> {
    let fields: BTreeMap<String, serde_json::Value> = serde_json::from_slice(bytes)
        .map_err(|_| broken("`detail.json` must be a JSON object".to_owned()))?;
    for (name, json) in fields {
        let Some(field) = Field::parse(&name) else { continue };
        let Some(value) = from_json(&json) else { continue };
        // Texts and pictures travel as layers; a digest in their place would name nothing.
        let dangling = match field {
            Field::Docs | Field::DocsI18n => !value.is_empty(),
            Field::Icon => matches!(&value, Value::Text(text) if Digest::parse(text).is_ok()),
            _ => false,
        };
        if let Ok(value) = check_field(field, value)
            && !dangling
        {
            detail.set(field, value, source.clone());
        }
    }
    Ok(())
}

fn load(layer: &Layer, store: &dyn ImageStore, most: u64) -> Result<Vec<u8>, ExtractError> {
    small_blob(&layer.digest, store, most)?.map_err(broken)
}

fn broken(rule: String) -> ExtractError {
    ExtractError::Artifact { rule }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BuiltImage;

    fn subject() -> Subject {
        let digest = sha256(b"image");
        Subject { media_type: OCI_MANIFEST.to_owned(), digest, size: 5 }
    }

    fn stored(built: &Built) -> BuiltImage {
        BuiltImage {
            manifest: built.manifest.1.clone(),
            media_type: built.manifest.0.clone(),
            digest: built.manifest.2.clone(),
            blobs: built.blobs.clone(),
            children: Vec::new(),
            platform: None,
        }
    }

    #[test]
    fn what_was_said_comes_back() {
        let png = b"\x89PNG\r\n\x1a\n".to_vec();
        let said = Said {
            docs: Some("# Read me".to_owned()),
            docs_i18n: [("zh-CN".to_owned(), "# 读我".to_owned())].into(),
            icon: Some(Icon::File { media_type: "image/png".to_owned(), bytes: png.clone() }),
            fields: [
                (Field::Keywords, vec!["sql".to_owned()].into()),
                (Field::Deprecated, Value::Flag(true)),
                (Field::Description, "".into()),
            ]
            .into(),
        };
        let built = build(&subject(), &said, "2026-01-02T03:04:05Z");
        assert_eq!(built, build(&subject(), &said, "2026-01-02T03:04:05Z"));
        let parsed = parse_manifest(OCI_MANIFEST, &built.manifest.1).unwrap();
        assert_eq!(parsed.facts.subject, Some(subject().digest));
        for link in &parsed.facts.links {
            assert!(built.blobs.iter().any(|(digest, _)| *digest == link.digest));
        }

        let (detail, documents) = read(&built.manifest.1, &stored(&built)).unwrap();
        let source = Source::Referrer(built.manifest.2.clone());
        assert!(detail.0.values().all(|sourced| sourced.source == source));
        assert_eq!(detail.docs(), Some(sha256(b"# Read me")));
        assert_eq!(detail.text(Field::Icon), Some(sha256(&png).as_str()));
        assert_eq!(detail.list(Field::Keywords), ["sql"]);
        assert!(detail.flag(Field::Deprecated));
        // Said to be empty, on purpose.
        assert!(detail.get(Field::Description).unwrap().value.is_empty());
        assert_eq!(documents.len(), 3);
    }

    #[test]
    fn no_readme_on_purpose_and_an_address_as_icon_come_back() {
        let icon = Some(Icon::Url("https://x/i.svg".to_owned()));
        let said = Said { docs: Some(String::new()), icon, ..Said::default() };
        let built = build(&subject(), &said, "2026-01-02T03:04:05Z");
        let (detail, documents) = read(&built.manifest.1, &stored(&built)).unwrap();
        assert!(detail.get(Field::Docs).unwrap().value.is_empty());
        assert_eq!(detail.text(Field::Icon), Some("https://x/i.svg"));
        assert_eq!(documents, []);

        let nothing = build(&subject(), &Said::default(), "2026-01-02T03:04:05Z");
        assert_eq!(read(&nothing.manifest.1, &stored(&nothing)).unwrap().0, Detail::default());
    }

    #[test]
    fn what_is_no_detail_artifact_is_refused() {
        let image = crate::ImageBuilder::new().build();
        let error = read(&image.manifest, &image).unwrap_err();
        assert!(matches!(error, ExtractError::Artifact { .. }), "{error}");
        let mut built = build(&subject(), &Said { docs: Some("x".into()), ..Said::default() }, "");
        built.blobs.clear();
        assert!(read(&built.manifest.1, &stored(&built)).is_err());
    }
}
