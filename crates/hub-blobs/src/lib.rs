//! The bytes of blobs: staged while they arrive, verified, then published under their digest.
//!
//! A blob enters in two steps. [`BlobStore::append`] adds bytes to a staged upload and hashes
//! them as they pass; it may be called many times, by several processes one after the other,
//! because [`Staged`] (an id, an offset, the state of a [hash](struct@Hash) and of the store) is all
//! that has to be remembered between two calls. [`BlobStore::publish`] compares the hash with the digest that
//! was promised, and only then does the blob exist; what exists is complete.
//!
//! Bytes never pile up in memory: they come and go as streams of pieces below 1 MiB, and files
//! are touched on blocking threads only.
//!
//! This package must not know who may read a blob or which repository names it: the database
//! does. A blob without a row there is garbage, not a secret.
//!
//! ```
//! use futures::TryStreamExt;
//! use hub_blobs::{Algorithm, BlobStore, MemoryStore, Staged, digest_of, stream_of};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemoryStore::default();
//! let mut staged = Staged::new("0198c5a0-upload", Algorithm::Sha256);
//! store.append(&mut staged, stream_of("hello ")).await?;
//! store.append(&mut staged, stream_of("world")).await?;
//!
//! let digest = digest_of(b"hello world", Algorithm::Sha256);
//! assert_eq!(store.publish(staged, &digest).await?, 11);
//!
//! let pieces: Vec<_> = store.read(&digest, 6..11).await?.try_collect().await?;
//! assert_eq!(pieces.concat(), b"world");
//! # Ok(())
//! # }
//! ```

mod error;
mod fs;
mod hash;
mod memory;
mod s3;
mod store;
pub mod testsuite;

pub use error::BlobError;
pub use fs::FsStore;
pub use hash::{Hash, digest_of};
pub use hub_model::{Algorithm, Digest};
pub use memory::MemoryStore;
pub use s3::{S3Settings, S3Store};
pub use store::{BlobStore, ByteStream, Leftover, Staged, StoredBlob, stream_of};
