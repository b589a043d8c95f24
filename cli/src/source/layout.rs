//! OCI layouts, in a folder or in an archive.

use std::collections::BTreeMap;

use hub_model::{Digest, LinkKind};
use hub_oci::{Parsed, media_type, parse_manifest};
use serde::Deserialize;

use super::files::Files;
use super::pick::{label, thin};
use super::{Platforms, SourceBlob, SourceError, SourceManifest};

/// The annotation that holds the tag. Source: OCI image-spec, Pre-Defined Annotation Keys.
const REF_NAME: &str = "org.opencontainers.image.ref.name";
/// The annotation in which containerd and docker keep the whole name.
const IMAGE_NAME: &str = "io.containerd.image.name";

#[derive(Deserialize)]
struct Index {
    #[serde(default)]
    manifests: Vec<Entry>,
}

/// A manifest that the layout lists.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    media_type: Option<String>,
    digest: Digest,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

/// The manifests and blobs of one image.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) manifests: Vec<SourceManifest>,
    pub(super) blobs: Vec<SourceBlob>,
    /// What was left out, for people.
    pub(super) left_out: Vec<String>,
}

impl Entry {
    /// The tag or name that it goes by.
    fn names(&self) -> impl Iterator<Item = &str> {
        [IMAGE_NAME, REF_NAME].into_iter().filter_map(|key| self.annotations.get(key)).map(|s| &**s)
    }

    /// The whole name, where the layout knows it.
    pub(super) fn name(&self) -> Option<String> {
        self.names().find(|name| name.contains('/')).map(str::to_owned)
    }

    fn goes_by(&self, asked: &str) -> bool {
        let tag = asked.rsplit_once(':').map_or(asked, |(_, tag)| tag);
        self.names().any(|name| {
            name == asked
                || name.ends_with(&format!("/{asked}"))
                || name.ends_with(&format!(":{asked}"))
                || name == tag && asked.contains('/')
        })
    }
}

/// Finds the image that goes by `asked` (a tag or a name), or the only one.
pub(super) fn choose(files: &Files, asked: Option<&str>) -> Result<Entry, SourceError> {
    let bytes = files.read("index.json")?.ok_or_else(|| files.wrong("it has no index.json"))?;
    let index: Index = serde_json::from_slice(&bytes)
        .map_err(|error| files.wrong(format!("its index.json is none: {error}")))?;
    let mut found = index.manifests;
    if let Some(asked) = asked {
        let named: Vec<_> = found.iter().filter(|entry| entry.goes_by(asked)).cloned().collect();
        // A layout of one image without a name is that image.
        if !named.is_empty() || found.iter().any(|entry| entry.names().next().is_some()) {
            found = named;
        }
    }
    let first_name = |entry: &Entry| entry.names().next().map(str::to_owned);
    let mut names: Vec<_> = found.iter().filter_map(first_name).collect();
    found.dedup_by(|a, b| a.digest == b.digest);
    match (found.len(), asked) {
        (1, _) => Ok(found.swap_remove(0)),
        (0, Some(asked)) => {
            Err(SourceError::NotFound(format!("there is no {asked} in {}", files.path.display())))
        }
        (0, None) => Err(SourceError::NotFound(format!("{} is empty", files.path.display()))),
        _ => {
            names.dedup();
            let rule =
                format!("it holds several images, name one behind a colon: {}", names.join(", "));
            Err(files.wrong(rule))
        }
    }
}

/// Reads the image with everything that belongs to it.
pub(super) fn collect(
    files: &Files,
    entry: &Entry,
    platforms: &Platforms,
) -> Result<Collected, SourceError> {
    let mut collected = Collected::default();
    let top = manifest(files, &entry.digest, entry.media_type.as_deref())?
        .ok_or_else(|| files.wrong(format!("it lacks the manifest {}", entry.digest)))?;
    walk(files, top, platforms, &mut collected, 0)?;
    Ok(collected)
}

/// Deepest nesting of indexes that is followed.
const DEEPEST: usize = 4;

fn walk(
    files: &Files,
    found: SourceManifest,
    platforms: &Platforms,
    collected: &mut Collected,
    depth: usize,
) -> Result<(), SourceError> {
    let parsed = parse_manifest(&found.media_type, &found.bytes)
        .map_err(|source| SourceError::Manifest { digest: found.digest.clone(), source })?;
    if !parsed.index {
        take_blobs(files, &parsed, collected)?;
        push_once(collected, found);
        return Ok(());
    }
    if depth == DEEPEST {
        return Err(files.wrong("its indexes lie in each other too deeply"));
    }
    let mut kept = Vec::new();
    for child in &parsed.children {
        let wanted = platforms.is_all() || platforms.wants(child);
        let child_manifest =
            if wanted { manifest(files, &child.digest, Some(&child.media_type))? } else { None };
        match child_manifest {
            Some(child_manifest) => kept.push((child, child_manifest)),
            None => collected.left_out.extend(label(child)),
        }
    }
    let whole = kept.len() == parsed.children.len();
    if !whole {
        // Attestations speak of manifests that may be left out.
        kept.retain(|(child, _)| !child.attestation);
    }
    let digests: Vec<_> = kept.iter().map(|(child, _)| child.digest.clone()).collect();
    let all = Platforms::default();
    for (_, child_manifest) in kept {
        walk(files, child_manifest, &all, collected, depth + 1)?;
    }
    match digests.len() {
        0 => Err(SourceError::NotFound(format!(
            "{} has no image for {}",
            files.path.display(),
            if platforms.is_all() { "any platform".to_owned() } else { platforms.0.join(", ") }
        ))),
        _ if whole => {
            push_once(collected, found);
            Ok(())
        }
        1 => Ok(()),
        _ => {
            let index = thin(&found, &digests).ok_or_else(|| files.wrong("its index is none"))?;
            push_once(collected, index);
            Ok(())
        }
    }
}

fn push_once(collected: &mut Collected, manifest: SourceManifest) {
    // Where a manifest appears twice, the later place counts: the image itself stays last.
    collected.manifests.retain(|known| known.digest != manifest.digest);
    collected.manifests.push(manifest);
}

/// Reads a manifest and verifies its digest; `None` when it is not here.
fn manifest(
    files: &Files,
    digest: &Digest,
    stated: Option<&str>,
) -> Result<Option<SourceManifest>, SourceError> {
    let Some(bytes) = files.read(&blob_path(digest))? else {
        return Ok(None);
    };
    let found = hub_oci::sha256(&bytes);
    if found.algorithm() == digest.algorithm() && found != *digest {
        return Err(files.wrong(format!("{digest} is damaged: its bytes have the digest {found}")));
    }
    let media_type = hub_oci::manifest_media_type(stated, &bytes)
        .map_err(|source| SourceError::Manifest { digest: digest.clone(), source })?;
    Ok(Some(SourceManifest { media_type, bytes, digest: digest.clone() }))
}

fn take_blobs(
    files: &Files,
    parsed: &Parsed,
    collected: &mut Collected,
) -> Result<(), SourceError> {
    for link in parsed.facts.links.iter().filter(|link| link.kind != LinkKind::Manifest) {
        let foreign = parsed.layers.iter().any(|layer| {
            layer.digest == link.digest && media_type::is_foreign_layer(&layer.media_type)
        });
        if foreign || collected.blobs.iter().any(|blob| blob.digest == link.digest) {
            continue;
        }
        match files.locate(&blob_path(&link.digest)) {
            Some(place) if place.size == link.size => {
                collected.blobs.push(SourceBlob { digest: link.digest.clone(), place });
            }
            Some(place) => {
                let (found, want) = (place.size, link.size);
                let rule = format!("{} has {found} bytes instead of {want}", link.digest);
                return Err(files.wrong(rule));
            }
            None if link.elsewhere => {}
            None => return Err(files.wrong(format!("it lacks the blob {}", link.digest))),
        }
    }
    Ok(())
}

/// Whether a layer of the image is stored without compression.
pub(super) fn has_plain_layers(collected: &Collected) -> bool {
    collected.manifests.iter().any(|manifest| {
        parse_manifest(&manifest.media_type, &manifest.bytes).is_ok_and(|parsed| {
            parsed.layers.iter().any(|layer| layer.media_type == media_type::OCI_LAYER)
        })
    })
}

/// Where a layout keeps a blob.
fn blob_path(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm().as_str(), digest.hex())
}
