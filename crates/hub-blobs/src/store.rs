//! What every store of blobs can do.

use std::fmt;
use std::io::{self, Read};
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use hub_model::{Algorithm, Digest};
use url::Url;

use crate::{BlobError, Hash};

/// Bytes on their way.
pub type ByteStream<'a> = BoxStream<'a, io::Result<Bytes>>;

/// A stream of one piece.
pub fn stream_of(bytes: impl Into<Bytes>) -> ByteStream<'static> {
    stream::iter([Ok(bytes.into())]).boxed()
}

/// An upload under way: what has to be remembered between two requests.
///
/// The owner of the record (a row of the database) saves `offset`, `state` and the state of `hash`
/// after every [`BlobStore::append`], also after a failed one.
#[derive(Debug, Clone)]
pub struct Staged {
    /// Name of the upload: 1 to 64 ASCII letters, digits and `-`.
    pub id: String,
    /// Number of bytes that are stored and hashed.
    pub offset: u64,
    /// Hash over these bytes.
    pub hash: Hash,
    /// What the store itself has to remember; empty at the beginning.
    pub state: Vec<u8>,
}

impl Staged {
    /// An upload without bytes.
    #[must_use]
    pub fn new(id: impl Into<String>, algorithm: Algorithm) -> Self {
        Self { id: id.into(), offset: 0, hash: Hash::new(algorithm), state: Vec::new() }
    }
}

/// A blob as the store lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlob {
    /// Its digest.
    pub digest: Digest,
    /// Number of its bytes.
    pub size: u64,
    /// When it was published, in milliseconds since 1970; 0 when the store does not know.
    pub modified_ms: i64,
}

/// Something in the store that is no blob: it belongs to an upload that goes on, or to nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// What the store calls it.
    pub name: String,
    /// Id of the upload that it belongs to.
    pub upload: String,
    /// Bytes that it takes up, as far as the store knows.
    pub size: u64,
    /// When it was written last, in milliseconds since 1970; 0 when the store does not know.
    pub modified_ms: i64,
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

    /// A blocking reader of a whole blob, for those who unpack it.
    ///
    /// Called, as the reader is, on a thread that may block ([`tokio::task::spawn_blocking`]).
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

    /// Takes the bytes of a damaged blob out of the way, so that nobody is given them and the same
    /// digest can be stored anew; absent is fine. A store of files keeps them in another folder.
    ///
    /// # Errors
    ///
    /// When the storage fails.
    async fn set_aside(&self, digest: &Digest) -> Result<(), BlobError> {
        match self.delete(digest).await {
            Err(BlobError::NotFound { .. }) => Ok(()),
            outcome => outcome,
        }
    }

    /// The name that was given to this store, if it has one.
    ///
    /// # Errors
    ///
    /// When the storage fails.
    async fn name(&self) -> Result<Option<String>, BlobError>;

    /// Gives the store a name for good, so that a database knows its bytes again; a store that has
    /// one keeps it. 1 to 64 ASCII letters, digits and `-`.
    ///
    /// # Errors
    ///
    /// When the storage fails, or the name breaks the rule.
    async fn give_name(&self, name: &str) -> Result<(), BlobError>;

    /// Whether the store can be written to.
    ///
    /// # Errors
    ///
    /// What stands in the way.
    async fn ready(&self) -> Result<(), BlobError>;

    /// Every blob in the store, in no order. One that comes or goes meanwhile may be missing.
    fn list(&self) -> BoxStream<'_, Result<StoredBlob, BlobError>>;

    /// What is in the store without being a blob, and was written before `older_than_ms`
    /// (milliseconds since 1970): staged bytes, and what a crash left half published.
    ///
    /// Uploads that go on are among them. The caller reads the ids of the sessions **before** it
    /// calls this, and leaves alone what belongs to one of them: a session that publishes while
    /// this lists is then left alone, too.
    fn list_leftovers(&self, older_than_ms: i64) -> BoxStream<'_, Result<Leftover, BlobError>>;

    /// Removes what [`list_leftovers`](Self::list_leftovers) found; absent is fine.
    ///
    /// # Errors
    ///
    /// When the storage fails.
    async fn remove_leftover(&self, leftover: &Leftover) -> Result<(), BlobError>;

    /// The least number of bytes of a piece that is not the last one, if the store wants one
    /// (OCI distribution-spec, `OCI-Chunk-Min-Length`). Shorter pieces work, but cost more.
    fn min_chunk(&self) -> Option<u64> {
        None
    }

    /// An address from which anybody can fetch the blob during `ttl`, without us; `None` when the
    /// store has no such addresses.
    ///
    /// # Errors
    ///
    /// [`BlobError::NotFound`], or when the storage fails.
    async fn redirect(&self, _: &Digest, _ttl: Duration) -> Result<Option<Url>, BlobError> {
        Ok(None)
    }

    /// The file that holds the blob, below the store's folder, if blobs are files; it is not
    /// looked at whether it is there. For a server in front of us that can send it.
    fn local_path(&self, _: &Digest) -> Option<PathBuf> {
        None
    }
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
