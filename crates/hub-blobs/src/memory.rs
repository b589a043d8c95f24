//! Blobs in memory, for tests.

use std::collections::HashMap;
use std::io::{self, Cursor, Read};
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use hub_model::Digest;

use crate::store::check_id;
use crate::{BlobError, BlobStore, ByteStream, Leftover, Staged, StoredBlob, digest_of};

/// Bytes per piece of a stream.
const PIECE: usize = 512 << 10;

/// Blobs in memory.
///
/// For tests: it behaves as a store of files does, and everything is gone when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Shelves>);

#[derive(Default)]
struct Shelves {
    uploads: HashMap<String, Vec<u8>>,
    blobs: HashMap<Digest, Bytes>,
    name: Option<String>,
}

impl std::fmt::Debug for Shelves {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelves")
            .field("uploads", &self.uploads.len())
            .field("blobs", &self.blobs.len())
            .field("name", &self.name)
            .finish()
    }
}

impl MemoryStore {
    /// No step leaves the shelves half changed, so a panic elsewhere does no harm to them.
    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn blob(&self, digest: &Digest) -> Result<Bytes, BlobError> {
        let bytes = self.shelves().blobs.get(digest).cloned();
        bytes.ok_or_else(|| BlobError::NotFound { digest: digest.clone() })
    }
}

/// The staged bytes up to the offset; what lies beyond is cut off.
fn cut<'a>(shelves: &'a mut Shelves, staged: &Staged) -> Result<&'a mut Vec<u8>, BlobError> {
    let bytes = shelves.uploads.entry(staged.id.clone()).or_default();
    let offset = position(staged.offset);
    if bytes.len() < offset {
        let source = io::ErrorKind::UnexpectedEof.into();
        return Err(BlobError::Io { doing: "find the staged bytes", source });
    }
    bytes.truncate(offset);
    Ok(bytes)
}

fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[async_trait]
impl BlobStore for MemoryStore {
    async fn append(
        &self,
        staged: &mut Staged,
        mut body: ByteStream<'_>,
    ) -> Result<u64, BlobError> {
        check_id(&staged.id)?;
        let before = staged.offset;
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|source| BlobError::Body { source })?;
            if piece.is_empty() {
                continue;
            }
            cut(&mut self.shelves(), staged)?.extend_from_slice(&piece);
            staged.offset += piece.len() as u64;
            staged.hash.update(&piece);
        }
        Ok(staged.offset - before)
    }

    async fn publish(&self, staged: Staged, expected: &Digest) -> Result<u64, BlobError> {
        check_id(&staged.id)?;
        let mut shelves = self.shelves();
        let size = staged.offset;
        if !shelves.uploads.contains_key(&staged.id) && size > 0 {
            // An earlier call got here before its caller could remember it.
            let stored = shelves.blobs.get(expected).map(|bytes| bytes.len() as u64);
            if stored == Some(size) && staged.hash.clone().finish() == *expected {
                return Ok(size);
            }
        }
        let bytes = std::mem::take(cut(&mut shelves, &staged)?);
        shelves.uploads.remove(&staged.id);
        let found = if staged.hash.algorithm() == expected.algorithm() {
            staged.hash.finish()
        } else {
            digest_of(&bytes, expected.algorithm())
        };
        if found != *expected {
            return Err(BlobError::Mismatch { expected: expected.clone(), found });
        }
        shelves.blobs.entry(found).or_insert_with(|| bytes.into());
        Ok(size)
    }

    async fn discard(&self, id: &str) -> Result<(), BlobError> {
        self.shelves().uploads.remove(check_id(id)?);
        Ok(())
    }

    async fn stat(&self, digest: &Digest) -> Result<Option<u64>, BlobError> {
        Ok(self.shelves().blobs.get(digest).map(|bytes| bytes.len() as u64))
    }

    async fn read(
        &self,
        digest: &Digest,
        range: Range<u64>,
    ) -> Result<ByteStream<'static>, BlobError> {
        let bytes = self.blob(digest)?;
        let end = position(range.end).min(bytes.len());
        let start = position(range.start).min(end);
        let pieces: Vec<_> = (start..end)
            .step_by(PIECE)
            .map(|from| Ok(bytes.slice(from..end.min(from + PIECE))))
            .collect();
        Ok(stream::iter(pieces).boxed())
    }

    fn open(&self, digest: &Digest) -> Result<Box<dyn Read + Send>, BlobError> {
        Ok(Box::new(Cursor::new(self.blob(digest)?)))
    }

    async fn delete(&self, digest: &Digest) -> Result<(), BlobError> {
        let removed = self.shelves().blobs.remove(digest);
        removed.map(drop).ok_or_else(|| BlobError::NotFound { digest: digest.clone() })
    }

    async fn name(&self) -> Result<Option<String>, BlobError> {
        Ok(self.shelves().name.clone())
    }

    async fn give_name(&self, name: &str) -> Result<(), BlobError> {
        let name = check_id(name)?.to_owned();
        self.shelves().name.get_or_insert(name);
        Ok(())
    }

    async fn ready(&self) -> Result<(), BlobError> {
        Ok(())
    }

    fn list(&self) -> BoxStream<'_, Result<StoredBlob, BlobError>> {
        let shelves = self.shelves();
        let blob = |(digest, bytes): (&Digest, &Bytes)| {
            Ok(StoredBlob { digest: digest.clone(), size: bytes.len() as u64, modified_ms: 0 })
        };
        let blobs: Vec<_> = shelves.blobs.iter().map(blob).collect();
        stream::iter(blobs).boxed()
    }

    fn list_leftovers(&self, older_than_ms: i64) -> BoxStream<'_, Result<Leftover, BlobError>> {
        let shelves = self.shelves();
        let leftover = |(id, bytes): (&String, &Vec<u8>)| {
            let (name, upload, size) = (id.clone(), id.clone(), bytes.len() as u64);
            Ok(Leftover { name, upload, size, modified_ms: 0 })
        };
        let old = shelves.uploads.iter().filter(|_| older_than_ms > 0);
        let leftovers: Vec<_> = old.map(leftover).collect();
        stream::iter(leftovers).boxed()
    }

    async fn remove_leftover(&self, leftover: &Leftover) -> Result<(), BlobError> {
        self.discard(&leftover.name).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_behaves_as_a_store() {
        crate::testsuite::run(async || MemoryStore::default()).await;
    }
}
