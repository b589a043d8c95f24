//! Blobs (memory).
use crate::{BlobError, BlobStore, ByteStream, Staged};
use async_trait::async_trait;
use hub_model::Digest;
use std::io::Read;
use std::ops::Range;
/// .
#[derive(Debug, Default)]
pub struct MemoryStore;
#[async_trait]
impl BlobStore for MemoryStore {
    async fn append(&self, _staged: &mut Staged, _body: ByteStream<'_>) -> Result<u64, BlobError> {
        todo!()
    }
    async fn publish(&self, _staged: Staged, _expected: &Digest) -> Result<u64, BlobError> {
        todo!()
    }
    async fn discard(&self, _id: &str) -> Result<(), BlobError> {
        todo!()
    }
    async fn stat(&self, _digest: &Digest) -> Result<Option<u64>, BlobError> {
        todo!()
    }
    async fn read(
        &self,
        _digest: &Digest,
        _range: Range<u64>,
    ) -> Result<ByteStream<'static>, BlobError> {
        todo!()
    }
    fn open(&self, _digest: &Digest) -> Result<Box<dyn Read + Send>, BlobError> {
        todo!()
    }
    async fn delete(&self, _digest: &Digest) -> Result<(), BlobError> {
        todo!()
    }
    async fn ready(&self) -> Result<(), BlobError> {
        todo!()
    }
}
