//! Upload sessions of blobs.
//!
//! A session is a row: who began it, for which repository, how many bytes came and the state of
//! the hash after them. The bytes are staged in the blob store under the session's id. Any
//! replica can go on with it, because nothing about it lives in memory.
//!
//! One writer at a time: a request takes a lease on the row before it touches the bytes and gives
//! it back together with the new offset. Bytes are taken in by a task of the app, not by the
//! request: when the client goes away in the middle, the request is dropped, but the task still
//! writes down how far it came.

mod claim;
mod finish;
mod lease;
mod room;
mod session;
mod start;
#[cfg(test)]
mod tests;

use hub_blobs::BlobError;
use hub_db::DbError;
use hub_model::{Digest, QuotaExceeded, RepoName};

use super::access::AccessError;
use crate::app::TooMany;

pub use finish::{finish, whole};
pub use hub_blobs::ByteStream;
pub use session::{append, cancel, expire, status};
pub use start::{MountSource, min_chunk, mount, start};

/// Where a piece of a blob belongs, as its sender says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Offset of its first byte; without one it belongs at the end.
    pub start: Option<u64>,
    /// Number of its bytes, when it is known beforehand.
    pub length: Option<u64>,
}

/// Why an upload did not go on.
#[derive(Debug, thiserror::Error)]
pub enum UploadError {
    /// The caller may not push here.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such session: it never was, has ended, or belongs to another repository.
    #[error("there is no upload `{id}`")]
    Unknown {
        /// Its id.
        id: String,
    },
    /// The piece does not begin where the bytes received so far end.
    #[error("the upload is at byte {offset}, this piece begins at {start}")]
    OutOfOrder {
        /// How many bytes came so far.
        offset: u64,
        /// Where the piece begins.
        start: u64,
    },
    /// The piece is longer or shorter than its sender said.
    #[error("the piece was to have {stated} bytes, {found} came")]
    Size {
        /// The length that was stated.
        stated: u64,
        /// The length that came.
        found: u64,
    },
    /// Another request writes to the same upload.
    #[error("another request is writing to the upload `{id}`")]
    Busy {
        /// Its id.
        id: String,
    },
    /// The bytes have another digest; they are dropped, and the session with them.
    #[error("the bytes have the digest {found}, not {expected}")]
    WrongDigest {
        /// The digest that was promised.
        expected: Digest,
        /// The digest they have.
        found: Digest,
    },
    /// The blob is being deleted, because nothing needed it any more. Nothing was acknowledged: the
    /// caller uploads it again in a moment.
    #[error("the blob {digest} is being deleted at this moment, upload it again")]
    Collected {
        /// Its digest.
        digest: Digest,
    },
    /// The organisation may not hold as much; what came is dropped, and the session with it.
    #[error(transparent)]
    Quota(Box<QuotaExceeded>),
    /// A blob that is larger than any may be; what came is dropped, and the session with it.
    #[error("a blob has at most {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// Too many uploads run or are open; asked before one begins, never later.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The store is full; the bytes of this upload are dropped, and the session with them.
    #[error("the store of blobs is full")]
    Full(#[source] BlobError),
    /// The caller stopped sending. What came before is kept.
    #[error("the upload broke off after {offset} bytes")]
    BrokeOff {
        /// How many bytes are kept.
        offset: u64,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The work was given up because the hub stops.
    #[error("could not go on with the upload to `{repo}`")]
    Stopped {
        /// Where it went.
        repo: RepoName,
    },
    /// The metadata store failed.
    #[error("could not record the upload")]
    Db(#[from] DbError),
    /// The store of bytes failed.
    #[error("could not store the bytes")]
    Store(#[source] BlobError),
}
