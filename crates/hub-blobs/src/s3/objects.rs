//! Single requests to the bucket, with their errors in words of ours.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{Error, ObjectStore as _, ObjectStoreExt as _, PutMode, PutPayload};

use crate::BlobError;

/// The bucket, below a prefix.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    pub(super) client: Arc<AmazonS3>,
    pub(super) prefix: String,
}

impl Bucket {
    /// The place of a key of ours.
    pub(super) fn path(&self, key: &str) -> Path {
        Path::from(format!("{}/{key}", self.prefix))
    }

    /// The key of ours at a place.
    pub(super) fn key(&self, path: &Path) -> Option<String> {
        let prefix = Path::from(self.prefix.as_str());
        let parts = path.prefix_match(&prefix)?;
        Some(parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/"))
    }

    /// Puts an object, whatever was there.
    pub(super) async fn put(&self, key: &str, bytes: Bytes) -> Result<(), Error> {
        self.client.put(&self.path(key), PutPayload::from(bytes)).await.map(drop)
    }

    /// Puts an object unless there is one; tells whether it did.
    pub(super) async fn create(&self, key: &str, bytes: Bytes) -> Result<bool, Error> {
        let payload = PutPayload::from(bytes);
        match self.client.put_opts(&self.path(key), payload, PutMode::Create.into()).await {
            Ok(_) => Ok(true),
            Err(Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The bytes of a small object, if there is one.
    pub(super) async fn get(&self, key: &str) -> Result<Option<Bytes>, Error> {
        let found = absent_is_fine(self.client.get(&self.path(key)).await)?;
        match found {
            Some(found) => found.bytes().await.map(Some),
            None => Ok(None),
        }
    }

    /// The size of an object, if there is one.
    pub(super) async fn size(&self, key: &str) -> Result<Option<u64>, Error> {
        let found = absent_is_fine(self.client.head(&self.path(key)).await)?;
        Ok(found.map(|meta| meta.size))
    }

    /// Removes an object; absent is fine.
    pub(super) async fn remove(&self, key: &str) -> Result<(), Error> {
        absent_is_fine(self.client.delete(&self.path(key)).await).map(drop)
    }
}

/// Tells an absent object from a failing store.
pub(super) fn absent_is_fine<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Adds the purpose of a request to its error.
pub(super) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, BlobError>;
}

impl<T> Doing<T> for Result<T, Error> {
    fn doing(self, doing: &'static str) -> Result<T, BlobError> {
        self.map_err(|error| BlobError::io(doing, io_error(error)))
    }
}

/// The same error, for those who know files.
pub(super) fn io_error(error: Error) -> io::Error {
    let kind = match &error {
        Error::NotFound { .. } => io::ErrorKind::NotFound,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            io::ErrorKind::PermissionDenied
        }
        error if is_full(error) => io::ErrorKind::StorageFull,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

/// Whether the service is full. S3 itself never is; others say it in the code of their answer,
/// `XMinioStorageFull` or `QuotaExceeded`.
fn is_full(error: &Error) -> bool {
    let text = error.to_string();
    text.contains("StorageFull") || text.contains("QuotaExceeded")
}
