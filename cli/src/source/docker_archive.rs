//! What `docker save` and `podman save` write: `manifest.json`, a configuration, and layers that
//! are plain tar archives. It has no manifest of a registry, so one is made.

use std::collections::BTreeMap;
use std::path::Path;

use hub_model::Digest;
use hub_oci::media_type::{DOCKER_CONFIG, DOCKER_LAYER_GZIP, DOCKER_MANIFEST, OCI_LAYER_ZSTD};
use serde::{Deserialize, Serialize};

use super::compress::{self, Layer, Packed};
use super::files::Files;
use super::layout::Collected;
use super::{SourceBlob, SourceError, SourceManifest};

/// An image of the archive.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    config: String,
    // `docker save` of an image without a name says null.
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Config {
    #[serde(default)]
    rootfs: RootFs,
}

#[derive(Default, Deserialize)]
struct RootFs {
    #[serde(default)]
    diff_ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    schema_version: u8,
    media_type: &'a str,
    config: Descriptor<'a>,
    layers: Vec<Descriptor<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor<'a> {
    media_type: &'a str,
    size: u64,
    digest: &'a Digest,
}

/// Reads the image that goes by `asked`, or the only one, and makes a manifest for it. Also gives
/// the name under which the archive knows it.
pub(super) fn collect(
    files: &Files,
    asked: Option<&str>,
    scratch: &Path,
) -> Result<(Collected, Option<String>), SourceError> {
    let entry = choose(files, asked)?;
    let bytes = files
        .read(&entry.config)?
        .ok_or_else(|| files.wrong(format!("it lacks its configuration {}", entry.config)))?;
    let config: Config = serde_json::from_slice(&bytes)
        .map_err(|error| files.wrong(format!("its configuration is none: {error}")))?;
    let layers = pack_layers(files, &entry, &config, scratch)?;

    let config_digest = hub_oci::sha256(&bytes);
    let config_place = files.locate(&entry.config).expect("it was read above");
    let manifest = Manifest {
        schema_version: 2,
        media_type: DOCKER_MANIFEST,
        config: Descriptor {
            media_type: DOCKER_CONFIG,
            size: config_place.size,
            digest: &config_digest,
        },
        layers: layers.iter().map(descriptor).collect(),
    };
    let bytes = serde_json::to_vec(&manifest).expect("a manifest is JSON");
    let digest = hub_oci::sha256(&bytes);

    let mut collected = Collected::default();
    collected.blobs.push(SourceBlob { digest: config_digest, place: config_place });
    for layer in layers {
        if collected.blobs.iter().all(|blob| blob.digest != layer.digest) {
            collected.blobs.push(SourceBlob { digest: layer.digest, place: layer.place });
        }
    }
    let media_type = DOCKER_MANIFEST.to_owned();
    collected.manifests.push(SourceManifest { media_type, bytes, digest });
    let name = entry.repo_tags.and_then(|tags| {
        let asked = tags.iter().position(|tag| asked.is_some_and(|asked| same(tag, asked)));
        tags.into_iter().nth(asked.unwrap_or(0))
    });
    Ok((collected, name))
}

fn descriptor(layer: &Layer) -> Descriptor<'_> {
    let media_type = match layer.packed {
        Packed::Plain | Packed::Gzip => DOCKER_LAYER_GZIP,
        Packed::Zstd => OCI_LAYER_ZSTD,
    };
    Descriptor { media_type, size: layer.place.size, digest: &layer.digest }
}

/// Makes every layer ready, each once, and holds it against the configuration.
fn pack_layers(
    files: &Files,
    entry: &Entry,
    config: &Config,
    scratch: &Path,
) -> Result<Vec<Layer>, SourceError> {
    let names = entry.layers.as_deref().unwrap_or_default();
    let ids = &config.rootfs.diff_ids;
    if names.len() != ids.len() {
        let (found, want) = (names.len(), ids.len());
        return Err(files.wrong(format!("it has {found} layers, and its configuration {want}")));
    }
    let mut done: BTreeMap<&str, Layer> = BTreeMap::new();
    let mut layers = Vec::new();
    for (name, id) in names.iter().zip(ids) {
        let layer = if let Some(layer) = done.get(&**id) {
            layer.clone()
        } else {
            let place = files
                .locate(name)
                .ok_or_else(|| files.wrong(format!("it lacks the layer {name}")))?;
            let layer = compress::pack(&place, scratch)
                .map_err(|source| SourceError::Read { file: files.shown(name), source })?;
            if let Some(found) = &layer.plain_digest
                && found.as_str() != id
            {
                let rule = format!("the layer {id} is damaged: its bytes have the digest {found}");
                return Err(files.wrong(rule));
            }
            done.insert(id, layer.clone());
            layer
        };
        layers.push(layer);
    }
    Ok(layers)
}

fn choose(files: &Files, asked: Option<&str>) -> Result<Entry, SourceError> {
    let bytes =
        files.read("manifest.json")?.ok_or_else(|| files.wrong("it has no manifest.json"))?;
    let mut entries: Vec<Entry> = serde_json::from_slice(&bytes)
        .map_err(|error| files.wrong(format!("its manifest.json is none: {error}")))?;
    let names = |entry: &Entry| entry.repo_tags.clone().unwrap_or_default();
    let all: Vec<String> = entries.iter().flat_map(names).collect();
    if let Some(asked) = asked
        && !all.is_empty()
    {
        entries.retain(|entry| names(entry).iter().any(|tag| same(tag, asked)));
    }
    match entries.len() {
        1 => Ok(entries.swap_remove(0)),
        0 => Err(SourceError::NotFound(format!(
            "there is no {} in {}; it holds {}",
            asked.unwrap_or("image"),
            files.path.display(),
            if all.is_empty() { "nothing".to_owned() } else { all.join(", ") }
        ))),
        _ => Err(files.wrong(format!(
            "it holds several images, name one behind a colon: {}",
            all.join(", ")
        ))),
    }
}

/// Whether a name in the archive is the one asked for: engines write out what people leave out.
fn same(name: &str, asked: &str) -> bool {
    let bare = |text: &str| {
        let text = ["docker.io/library/", "docker.io/", "localhost/"]
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix))
            .unwrap_or(text)
            .to_owned();
        let last = text.rsplit('/').next().unwrap_or_default();
        if last.contains(':') { text } else { format!("{text}:latest") }
    };
    bare(name) == bare(asked) || name.rsplit_once(':').is_some_and(|(_, tag)| tag == asked)
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn a_name_may_be_asked_for_as_people_write_it() {
        for (name, asked, want) in [
            ("docker.io/labring/app:v1", "labring/app:v1", true),
            ("localhost/labring/app:v1", "labring/app:v1", true),
            ("nginx:latest", "nginx", true),
            ("docker.io/library/nginx:latest", "nginx", true),
            ("labring/app:v1", "v1", true),
            ("labring/app:v1", "labring/app:v2", false),
            ("labring/app:v1", "app:v1", false),
        ] {
            assert_eq!(same(name, asked), want, "{name} {asked}");
        }
    }
}
