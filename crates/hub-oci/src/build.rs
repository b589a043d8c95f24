//! Building real images in memory: for tests and for the demonstration data.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Write};

use flate2::write::GzEncoder;
use hub_model::Digest;
use serde_json::{Value, json};
use tar::{EntryType, Header};

use crate::media_type::{
    DOCKER_CONFIG, DOCKER_LAYER_GZIP, DOCKER_LIST, DOCKER_MANIFEST, OCI_CONFIG, OCI_INDEX,
    OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, OCI_MANIFEST,
};
use crate::{ImageStore, sha256};

/// How a layer is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compression {
    /// gzip.
    #[default]
    Gzip,
    /// zstd.
    Zstd,
    /// Not at all.
    None,
}

/// An entry of a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file with its bytes.
    File(Vec<u8>),
    /// A folder.
    Folder,
    /// A symbolic link to a path.
    Symlink(String),
    /// A hard link to a path of the image.
    HardLink(String),
    /// A character device.
    Device,
}

/// An image, or an index of images, as bytes. It is its own [`ImageStore`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltImage {
    /// Bytes of the manifest.
    pub manifest: Vec<u8>,
    /// Its media type.
    pub media_type: String,
    /// Its digest.
    pub digest: Digest,
    /// Configuration and layers, each blob once.
    pub blobs: Vec<(Digest, Vec<u8>)>,
    /// The images of an index.
    pub children: Vec<BuiltImage>,
    /// Operating system and architecture; of an index, nothing.
    pub platform: Option<(String, String)>,
}

impl ImageStore for BuiltImage {
    fn manifest(&self, digest: &Digest) -> io::Result<Option<(String, Vec<u8>)>> {
        if *digest == self.digest {
            return Ok(Some((self.media_type.clone(), self.manifest.clone())));
        }
        for child in &self.children {
            if let Some(found) = child.manifest(digest)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn blob(&self, digest: &Digest) -> io::Result<Box<dyn Read + Send>> {
        if let Some((_, bytes)) = self.blobs.iter().find(|(known, _)| known == digest) {
            return Ok(Box::new(Cursor::new(bytes.clone())));
        }
        let found = self.children.iter().find_map(|child| child.blob(digest).ok());
        found.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

/// Builds one image. The same calls give the same bytes.
///
/// ```
/// let image = hub_oci::ImageBuilder::new().layer([("README.md", "# hi")]).build();
/// let again = hub_oci::ImageBuilder::new().layer([("README.md", "# hi")]).build();
/// assert_eq!(image.digest, again.digest);
/// ```
#[derive(Debug, Clone)]
pub struct ImageBuilder {
    platform: (String, String),
    layers: Vec<BuiltLayer>,
    compression: Compression,
    docker: bool,
    annotations: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
    config: serde_json::Map<String, Value>,
    top: serde_json::Map<String, Value>,
}

#[derive(Debug, Clone)]
struct BuiltLayer {
    media_type: String,
    bytes: Vec<u8>,
    diff_id: Digest,
    annotations: BTreeMap<String, String>,
}

impl Default for ImageBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl ImageBuilder {
    /// An image for `linux/amd64` without layers.
    #[must_use]
    pub fn new() -> Self {
        Self {
            platform: ("linux".to_owned(), "amd64".to_owned()),
            layers: Vec::new(),
            compression: Compression::default(),
            docker: false,
            annotations: BTreeMap::new(),
            labels: BTreeMap::new(),
            config: serde_json::Map::new(),
            top: serde_json::Map::new(),
        }
    }

    /// Puts a layer of files on top. A whiteout is a file called `.wh.<name>`.
    #[must_use]
    pub fn layer<P: AsRef<str>, B: AsRef<[u8]>>(
        self,
        files: impl IntoIterator<Item = (P, B)>,
    ) -> Self {
        let file = |(path, bytes): (P, B)| (path, Entry::File(bytes.as_ref().to_vec()));
        self.layer_of(files.into_iter().map(file))
    }

    /// Puts a layer of entries on top.
    #[must_use]
    pub fn layer_of<P: AsRef<str>>(
        mut self,
        entries: impl IntoIterator<Item = (P, Entry)>,
    ) -> Self {
        let archive = pack(entries);
        let diff_id = sha256(&archive);
        let (media_type, bytes) = match self.compression {
            Compression::Gzip if self.docker => (DOCKER_LAYER_GZIP, gzip(&archive)),
            Compression::Gzip => (OCI_LAYER_GZIP, gzip(&archive)),
            Compression::Zstd => (OCI_LAYER_ZSTD, zstd(&archive)),
            Compression::None => (OCI_LAYER, archive),
        };
        let media_type = media_type.to_owned();
        self.layers.push(BuiltLayer { media_type, bytes, diff_id, annotations: BTreeMap::new() });
        self
    }

    /// Puts bytes on top as a layer, as they are.
    #[must_use]
    pub fn raw_layer(mut self, media_type: &str, bytes: Vec<u8>) -> Self {
        let diff_id = sha256(&bytes);
        let media_type = media_type.to_owned();
        self.layers.push(BuiltLayer { media_type, bytes, diff_id, annotations: BTreeMap::new() });
        self
    }

    /// Sets an annotation of the layer put on top last.
    #[must_use]
    pub fn layer_annotation(mut self, key: &str, value: &str) -> Self {
        if let Some(layer) = self.layers.last_mut() {
            layer.annotations.insert(key.to_owned(), value.to_owned());
        }
        self
    }

    /// Compresses the layers that follow in another way.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Sets a label of the configuration.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Sets an annotation of the manifest. Docker manifests have none.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Sets operating system and architecture.
    #[must_use]
    pub fn platform(mut self, os: &str, arch: &str) -> Self {
        self.platform = (os.to_owned(), arch.to_owned());
        self
    }

    /// Sets when the image says it was built, RFC 3339.
    #[must_use]
    pub fn created(mut self, created: &str) -> Self {
        self.top.insert("created".to_owned(), created.into());
        self
    }

    /// Sets who the image says built it.
    #[must_use]
    pub fn author(mut self, author: &str) -> Self {
        self.top.insert("author".to_owned(), author.into());
        self
    }

    /// Sets the entry point.
    #[must_use]
    pub fn entrypoint(mut self, args: &[&str]) -> Self {
        self.config.insert("Entrypoint".to_owned(), json!(args));
        self
    }

    /// Sets the arguments of the entry point.
    #[must_use]
    pub fn cmd(mut self, args: &[&str]) -> Self {
        self.config.insert("Cmd".to_owned(), json!(args));
        self
    }

    /// Adds a port that the image listens on, `8080/tcp`.
    #[must_use]
    pub fn port(mut self, port: &str) -> Self {
        let ports = self.config.entry("ExposedPorts").or_insert_with(|| json!({}));
        ports[port] = json!({});
        self
    }

    /// Makes a Docker manifest of schema 2 instead of an OCI one. Call it before the layers.
    #[must_use]
    pub fn docker(mut self) -> Self {
        self.docker = true;
        for layer in self.layers.iter_mut().filter(|layer| layer.media_type == OCI_LAYER_GZIP) {
            DOCKER_LAYER_GZIP.clone_into(&mut layer.media_type);
        }
        self
    }

    /// Makes the bytes.
    #[must_use]
    pub fn build(mut self) -> BuiltImage {
        let (media_type, config_type) =
            if self.docker { (DOCKER_MANIFEST, DOCKER_CONFIG) } else { (OCI_MANIFEST, OCI_CONFIG) };
        let config = self.configuration();
        let mut blobs = vec![(sha256(&config), config)];
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": descriptor(config_type, &blobs[0].1),
            "layers": [],
        });
        for layer in std::mem::take(&mut self.layers) {
            let mut entry = descriptor(&layer.media_type, &layer.bytes);
            if !layer.annotations.is_empty() {
                entry["annotations"] = json!(layer.annotations);
            }
            if let Some(layers) = manifest["layers"].as_array_mut() {
                layers.push(entry);
            }
            let digest = sha256(&layer.bytes);
            if blobs.iter().all(|(known, _)| *known != digest) {
                blobs.push((digest, layer.bytes));
            }
        }
        if !self.annotations.is_empty() && !self.docker {
            manifest["annotations"] = json!(self.annotations);
        }
        finish(media_type, &manifest, blobs, Some(self.platform))
    }

    fn configuration(&self) -> Vec<u8> {
        let mut config = self.config.clone();
        if !self.labels.is_empty() {
            config.insert("Labels".to_owned(), json!(self.labels));
        }
        let diff_ids: Vec<_> = self.layers.iter().map(|layer| &layer.diff_id).collect();
        let mut top = self.top.clone();
        top.insert("os".to_owned(), json!(self.platform.0));
        top.insert("architecture".to_owned(), json!(self.platform.1));
        top.insert("config".to_owned(), Value::Object(config));
        top.insert("rootfs".to_owned(), json!({ "type": "layers", "diff_ids": diff_ids }));
        Value::Object(top).to_string().into_bytes()
    }
}

/// Builds an index of images.
#[derive(Debug, Clone, Default)]
pub struct IndexBuilder {
    children: Vec<BuiltImage>,
    annotations: BTreeMap<String, String>,
    docker: bool,
}

impl IndexBuilder {
    /// An empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an image.
    #[must_use]
    pub fn image(mut self, image: BuiltImage) -> Self {
        self.children.push(image);
        self
    }

    /// Sets an annotation of the index. Docker lists have none.
    #[must_use]
    pub fn annotation(mut self, key: &str, value: &str) -> Self {
        self.annotations.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Makes a Docker manifest list instead of an OCI index.
    #[must_use]
    pub fn docker(mut self) -> Self {
        self.docker = true;
        self
    }

    /// Makes the bytes.
    #[must_use]
    pub fn build(self) -> BuiltImage {
        let media_type = if self.docker { DOCKER_LIST } else { OCI_INDEX };
        let entry = |child: &BuiltImage| {
            let mut entry = descriptor(&child.media_type, &child.manifest);
            if let Some((os, arch)) = &child.platform {
                entry["platform"] = json!({ "os": os, "architecture": arch });
            }
            entry
        };
        let mut index = json!({
            "schemaVersion": 2,
            "mediaType": media_type,
            "manifests": self.children.iter().map(entry).collect::<Vec<_>>(),
        });
        if !self.annotations.is_empty() && !self.docker {
            index["annotations"] = json!(self.annotations);
        }
        let mut built = finish(media_type, &index, Vec::new(), None);
        built.children = self.children;
        built
    }
}

/// A descriptor of bytes, as JSON.
pub(crate) fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": sha256(bytes), "size": bytes.len() })
}

fn finish(
    media_type: &str,
    manifest: &Value,
    blobs: Vec<(Digest, Vec<u8>)>,
    platform: Option<(String, String)>,
) -> BuiltImage {
    let manifest = manifest.to_string().into_bytes();
    let digest = sha256(&manifest);
    let media_type = media_type.to_owned();
    BuiltImage { manifest, media_type, digest, blobs, children: Vec::new(), platform }
}

/// A tar archive of entries; owners and times are zero.
fn pack<P: AsRef<str>>(entries: impl IntoIterator<Item = (P, Entry)>) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, entry) in entries {
        let (kind, link, bytes) = match entry {
            Entry::File(bytes) => (EntryType::Regular, None, bytes),
            Entry::Folder => (EntryType::Directory, None, Vec::new()),
            Entry::Symlink(target) => (EntryType::Symlink, Some(target), Vec::new()),
            Entry::HardLink(target) => (EntryType::Link, Some(target), Vec::new()),
            Entry::Device => (EntryType::Char, None, Vec::new()),
        };
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(if kind == EntryType::Directory { 0o755 } else { 0o644 });
        header.set_mtime(0);
        header.set_size(bytes.len() as u64);
        let path = path.as_ref().trim_start_matches('/');
        let written = match link {
            Some(target) => archive.append_link(&mut header, path, target),
            None => archive.append_data(&mut header, path, bytes.as_slice()),
        };
        written.expect("memory takes every entry");
    }
    archive.into_inner().expect("memory takes every entry")
}

/// Bytes as one gzip member, without time or name.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes every byte");
    encoder.finish().expect("memory takes every byte")
}

/// Bytes as one zstd frame.
pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("memory takes every byte")
}
