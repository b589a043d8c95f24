//! Pointers: small objects that make big ones blobs.

use std::sync::Arc;

use hub_model::Digest;
use serde::{Deserialize, Serialize};

use super::S3Store;
use super::objects::Doing as _;
use crate::BlobError;

/// What stands under the digest of a blob: where its bytes are.
///
/// An object can be put under a name under the condition that the name is free, but only with its
/// bytes, and those of a blob have come before its digest was known. So the condition is put on
/// this (`docs/decisions/0008-s3-pointers.md`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pointer {
    /// Key of the bytes.
    pub(super) data: String,
    /// Number of the bytes.
    pub(super) size: u64,
}

/// Key of the pointer to a blob.
pub(super) fn key(digest: &Digest) -> String {
    let hex = digest.hex();
    format!("blobs/{}/{}/{hex}", digest.algorithm().as_str(), &hex[..2])
}

impl Pointer {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    pub(super) fn print(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and numbers make JSON")
    }
}

impl S3Store {
    /// The pointer to a blob as it is now. One that cannot be read points nowhere.
    pub(super) async fn pointer(&self, digest: &Digest) -> Result<Option<Pointer>, BlobError> {
        let found = self.bucket.get(&key(digest)).await.doing("look for a blob")?;
        let pointer = found.and_then(|bytes| Pointer::parse(&bytes));
        match &pointer {
            Some(pointer) => self.known.insert(digest.clone(), Arc::new(pointer.clone())).await,
            None => self.known.invalidate(digest).await,
        }
        Ok(pointer)
    }

    /// The pointer to a blob as it was once. Nobody changes bytes under their key, so it is right
    /// as long as they are there.
    pub(super) async fn remembered(&self, digest: &Digest) -> Result<Option<Pointer>, BlobError> {
        if let Some(pointer) = self.known.get(digest).await {
            return Ok(Some(Pointer::clone(&pointer)));
        }
        self.pointer(digest).await
    }

    /// The pointer to a blob whose bytes are there in full.
    pub(super) async fn intact(&self, digest: &Digest) -> Result<Option<Pointer>, BlobError> {
        let Some(pointer) = self.pointer(digest).await? else { return Ok(None) };
        let size = self.bucket.size(&pointer.data).await.doing("look for the bytes of a blob")?;
        Ok((size == Some(pointer.size)).then_some(pointer))
    }
}
