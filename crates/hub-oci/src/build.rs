//! Building real images in memory: for tests and for the demonstration data.

use std::io::{self, Read};

use hub_model::Digest;

use crate::ImageStore;

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
    /// Configuration and layers.
    pub blobs: Vec<(Digest, Vec<u8>)>,
    /// The images of an index.
    pub children: Vec<BuiltImage>,
    /// Operating system, architecture and variant.
    pub platform: (String, String, Option<String>),
}

impl ImageStore for BuiltImage {
    fn manifest(&self, _digest: &Digest) -> io::Result<Option<(String, Vec<u8>)>> {
        todo!()
    }

    fn blob(&self, _digest: &Digest) -> io::Result<Box<dyn Read + Send>> {
        todo!()
    }
}

/// Builds one image. The same calls give the same bytes.
#[derive(Debug, Clone, Default)]
pub struct ImageBuilder {}

impl ImageBuilder {
    /// An image for `linux/amd64` without layers.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a layer of files on top. A whiteout is a file called `.wh.<name>`.
    #[must_use]
    pub fn layer<P: AsRef<str>, B: AsRef<[u8]>>(
        self,
        _files: impl IntoIterator<Item = (P, B)>,
    ) -> Self {
        todo!()
    }

    /// Puts a layer of entries on top.
    #[must_use]
    pub fn layer_of<P: AsRef<str>>(self, _entries: impl IntoIterator<Item = (P, Entry)>) -> Self {
        todo!()
    }

    /// Puts bytes on top as a layer, as they are.
    #[must_use]
    pub fn raw_layer(self, _media_type: &str, _bytes: Vec<u8>) -> Self {
        todo!()
    }

    /// Compresses the layers that follow in another way.
    #[must_use]
    pub fn compression(self, _compression: Compression) -> Self {
        todo!()
    }

    /// Sets a label of the configuration.
    #[must_use]
    pub fn label(self, _key: &str, _value: &str) -> Self {
        todo!()
    }

    /// Sets an annotation of the manifest.
    #[must_use]
    pub fn annotation(self, _key: &str, _value: &str) -> Self {
        todo!()
    }

    /// Sets operating system and architecture.
    #[must_use]
    pub fn platform(self, _os: &str, _arch: &str) -> Self {
        todo!()
    }

    /// Sets when the image says it was built, RFC 3339.
    #[must_use]
    pub fn created(self, _created: &str) -> Self {
        todo!()
    }

    /// Sets the entry point.
    #[must_use]
    pub fn entrypoint(self, _args: &[&str]) -> Self {
        todo!()
    }

    /// Adds a port that the image listens on, `8080/tcp`.
    #[must_use]
    pub fn port(self, _port: &str) -> Self {
        todo!()
    }

    /// Makes a Docker manifest of schema 2 instead of an OCI one.
    #[must_use]
    pub fn docker(self) -> Self {
        todo!()
    }

    /// Makes the bytes.
    #[must_use]
    pub fn build(self) -> BuiltImage {
        todo!()
    }
}

/// Builds an index of images.
#[derive(Debug, Clone, Default)]
pub struct IndexBuilder {}

impl IndexBuilder {
    /// An empty index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an image.
    #[must_use]
    pub fn image(self, _image: BuiltImage) -> Self {
        todo!()
    }

    /// Sets an annotation of the index.
    #[must_use]
    pub fn annotation(self, _key: &str, _value: &str) -> Self {
        todo!()
    }

    /// Makes a Docker manifest list instead of an OCI index.
    #[must_use]
    pub fn docker(self) -> Self {
        todo!()
    }

    /// Makes the bytes.
    #[must_use]
    pub fn build(self) -> BuiltImage {
        todo!()
    }
}
