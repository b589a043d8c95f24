//! What is pushed: bytes that can be read more than once, and who watches them go.

use std::io;
use std::pin::Pin;

use bytes::Bytes;
use hub_model::Digest;
use tokio::io::AsyncRead;

/// Bytes that can be opened from the beginning as often as needed.
#[async_trait::async_trait]
pub trait BlobSource: Send + Sync {
    /// Opens the blob at its first byte.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    async fn open(&self) -> io::Result<Pin<Box<dyn AsyncRead + Send>>>;
}

/// A blob in memory: configurations and documents.
#[derive(Debug, Clone)]
pub struct Bytewise(pub Bytes);

#[async_trait::async_trait]
impl BlobSource for Bytewise {
    async fn open(&self) -> io::Result<Pin<Box<dyn AsyncRead + Send>>> {
        Ok(Box::pin(io::Cursor::new(self.0.clone())))
    }
}

/// A blob on its way to a registry.
#[derive(Clone, Copy)]
pub struct BlobToPush<'a> {
    /// Its digest.
    pub digest: &'a Digest,
    /// Its size in bytes.
    pub size: u64,
    /// A repository of the same registry that holds it as well, to be mounted from.
    pub mount_from: Option<&'a str>,
    /// Its bytes.
    pub source: &'a dyn BlobSource,
}

/// Watches bytes go.
pub trait Progress: Send + Sync {
    /// `position` bytes of the blob have been sent. It goes back when bytes are sent again.
    fn at(&self, position: u64);
}

/// Nobody watches.
#[derive(Debug, Clone, Copy)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn at(&self, _position: u64) {}
}
