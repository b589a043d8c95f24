//! Where an image comes from: layouts, archives, and the engines of this machine.
//!
//! Whatever its form, it ends as a [`Source`]: manifests in memory, and for each blob a range of
//! a file, so that nothing large is held.

mod compress;
mod daemon;
mod docker_archive;
mod files;
mod find;
mod layout;
mod pick;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::pin::Pin;

use hub_model::Digest;
use hub_oci::ImageStore;
use hub_registry_client::BlobSource;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncSeekExt};

pub(crate) use daemon::Sockets;
pub(crate) use find::{Form, open};
pub(crate) use pick::Platforms;

/// An image, ready to be sent.
#[derive(Debug)]
pub(crate) struct Source {
    /// What it is and where it was found, for people: `podman: labring/app:v1`.
    pub(crate) told: String,
    /// The name it has where it comes from, if any.
    pub(crate) name: Option<String>,
    /// Its manifests: what an index lists first, the image itself last.
    pub(crate) manifests: Vec<SourceManifest>,
    /// Its blobs, each once.
    pub(crate) blobs: Vec<SourceBlob>,
    /// Where files lie that were made on the way here; they go when the source goes.
    _scratch: TempDir,
}

/// A manifest of a [`Source`].
#[derive(Debug, Clone)]
pub(crate) struct SourceManifest {
    pub(crate) media_type: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) digest: Digest,
}

/// A blob of a [`Source`].
#[derive(Debug, Clone)]
pub(crate) struct SourceBlob {
    pub(crate) digest: Digest,
    pub(crate) place: Place,
}

/// A range of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) file: PathBuf,
    /// Position of the first byte.
    pub(crate) at: u64,
    /// Length in bytes.
    pub(crate) size: u64,
}

/// Why an image could not be read where it lies.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    /// A file cannot be read.
    #[error("could not read {file}")]
    Read {
        file: String,
        #[source]
        source: io::Error,
    },
    /// There is no such image.
    #[error("{0}")]
    NotFound(String),
    /// What is there is not of the form it should be of.
    #[error("{file} cannot be pushed: {rule}")]
    Form { file: String, rule: String },
    /// A manifest breaks a rule.
    #[error("could not read the manifest {digest}")]
    Manifest {
        digest: Digest,
        #[source]
        source: hub_oci::ManifestError,
    },
    /// An engine failed.
    #[error("{engine} could not give the image: {said}")]
    Engine { engine: &'static str, said: String },
}

impl Source {
    /// The manifest of the image itself.
    pub(crate) fn top(&self) -> &SourceManifest {
        self.manifests.last().expect("a source has at least one manifest")
    }

    /// Bytes of all blobs.
    pub(crate) fn size(&self) -> u64 {
        self.blobs.iter().map(|blob| blob.place.size).sum()
    }
}

impl ImageStore for Source {
    fn manifest(&self, digest: &Digest) -> io::Result<Option<(String, Vec<u8>)>> {
        let found = self.manifests.iter().find(|manifest| manifest.digest == *digest);
        Ok(found.map(|manifest| (manifest.media_type.clone(), manifest.bytes.clone())))
    }

    fn blob(&self, digest: &Digest) -> io::Result<Box<dyn Read + Send>> {
        match self.blobs.iter().find(|blob| blob.digest == *digest) {
            Some(blob) => Ok(Box::new(blob.place.open()?)),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

impl Place {
    /// Reads the range.
    pub(crate) fn open(&self) -> io::Result<io::Take<File>> {
        let mut file = File::open(&self.file)?;
        file.seek(SeekFrom::Start(self.at))?;
        Ok(file.take(self.size))
    }
}

#[async_trait::async_trait]
impl BlobSource for SourceBlob {
    async fn open(&self) -> io::Result<Pin<Box<dyn AsyncRead + Send>>> {
        let mut file = tokio::fs::File::open(&self.place.file).await?;
        file.set_max_buf_size(1 << 20);
        file.seek(SeekFrom::Start(self.place.at)).await?;
        Ok(Box::pin(AsyncReadExt::take(file, self.place.size)))
    }
}

#[cfg(test)]
mod tests;
