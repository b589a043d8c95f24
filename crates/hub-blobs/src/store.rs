//! What every store of blobs can do.

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use hub_model::{Algorithm, Digest};

use crate::{BlobError, Hash};

/// Bytes on their way.
pub type ByteStream<'a> = BoxStream<'a, io::Result<Bytes>>;

/// A stream of one piece.
pub fn stream_of(bytes: impl Into<Bytes>) -> ByteStream<'static> {
    stream::iter([Ok(bytes.into())]).boxed()
}

/// An upload under way: what has to be remembered between two requests.
///
/// The owner of the record (a row of the database) saves `offset` and the state of `hash` after
/// every [`BlobStore::append`], also after a failed one.
#[derive(Debug, Clone)]
pub struct Staged {
    /// Name of the upload: 1 to 64 ASCII letters, digits and `-`.
    pub id: String,
    /// Number of bytes that are stored and hashed.
    pub offset: u64,
    /// Hash over these bytes.
    pub hash: Hash,
}

impl Staged {
    /// An upload without bytes.
    #[must_use]
    pub fn new(id: impl Into<String>, algorithm: Algorithm) -> Self {
        Self { id: id.into(), offset: 0, hash: Hash::new(algorithm) }
    }
}

/// A place for blobs.
///
/// Every implementation passes [`crate::testsuite::run`].
#[async_trait]
pub trait BlobStore: Send + Sync + fmt::Debug + 'static {
    /// Appends `body` at `staged.offset` and returns the number of bytes appended.
    ///
    /// Bytes staged beyond the offset, left by a crash, are cut off first. `staged` is updated
    /// also when this fails half-way: it then tells what is safely there, even after a power cut.
    /// A body without bytes touches nothing, so it may follow a [`publish`](Self::publish). One
    /// caller at a time per id; the caller holds a lease.
    ///
    /// # Errors
    ///
    /// [`BlobError::Body`] when the stream breaks; what came before it is stored.
    /// [`BlobError::Full`] without space. [`BlobError::Io`] also when fewer bytes are staged than
    /// `staged.offset` says.
    async fn append(&self, staged: &mut Staged, body: ByteStream<'_>) -> Result<u64, BlobError>;

    /// Makes the staged bytes the blob `expected`, all or nothing, and returns its size.
    ///
    /// A blob that is already there stays, and the staged bytes are dropped. The bytes are read
    /// and hashed again only when `expected` has another algorithm than the running hash.
    ///
    /// # Errors
    ///
    /// [`BlobError::Mismatch`] for other bytes than promised; they are dropped.
    async fn publish(&self, staged: Staged, expected: &Digest) -> Result<u64, BlobError>;

    /// Drops the staged bytes of an upload; absent is fine.
    ///
    /// # Errors
    ///
    /// When the storage fails.
    async fn discard(&self, id: &str) -> Result<(), BlobError>;

    /// Size of a blob, or `None` when there is no such blob.
    ///
    /// # Errors
    ///
    /// When the storage fails.
    async fn stat(&self, digest: &Digest) -> Result<Option<u64>, BlobError>;

    /// The bytes of a blob from `range.start` up to `range.end`, in pieces below 1 MiB.
    ///
    /// A range that reaches beyond the end of the blob ends with the blob.
    ///
    /// # Errors
    ///
    /// [`BlobError::NotFound`].
    async fn read(
        &self,
        digest: &Digest,
        range: Range<u64>,
    ) -> Result<ByteStream<'static>, BlobError>;

    /// A blocking reader of a whole blob, for those who unpack it on a blocking thread.
    ///
    /// # Errors
    ///
    /// [`BlobError::NotFound`].
    fn open(&self, digest: &Digest) -> Result<Box<dyn Read + Send>, BlobError>;

    /// Removes a blob; readers that began earlier may finish.
    ///
    /// # Errors
    ///
    /// [`BlobError::NotFound`] when it is not there.
    async fn delete(&self, digest: &Digest) -> Result<(), BlobError>;

    /// Whether the store can be written to.
    ///
    /// # Errors
    ///
    /// What stands in the way.
    async fn ready(&self) -> Result<(), BlobError>;
}

/// Refuses ids that could leave the folder of the uploads.
pub(crate) fn check_id(id: &str) -> Result<&str, BlobError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if (1..=64).contains(&id.len()) && id.bytes().all(plain) {
        return Ok(id);
    }
    let source = io::Error::new(io::ErrorKind::InvalidInput, "ids are letters, digits and `-`");
    Err(BlobError::Io { doing: "accept the id of the upload", source })
}
