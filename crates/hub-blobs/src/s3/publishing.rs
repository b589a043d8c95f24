//! From staged bytes to a blob.

use bytes::Bytes;
use futures::TryStreamExt as _;
use hub_model::{Algorithm, Digest};
use object_store::Error;
use tokio::task;

use super::objects::Doing as _;
use super::pointer::{self, Pointer};
use super::state::{Multipart, State};
use super::{S3Store, random};
use crate::error::Doing as _;
use crate::{BlobError, Hash, Staged};

/// Verifies the staged bytes and makes them the blob `expected`.
pub(super) async fn publish(
    store: &S3Store,
    staged: Staged,
    expected: &Digest,
) -> Result<u64, BlobError> {
    let size = staged.offset;
    let state = State::of(&staged)?;
    let hashed = staged.hash.algorithm() == expected.algorithm();
    if hashed {
        let found = staged.hash.finish();
        if found != *expected {
            store.drop_state(&state).await;
            return Err(BlobError::Mismatch { expected: expected.clone(), found });
        }
        // Somebody else was first, or an earlier call got here before its caller could remember.
        if store.intact(expected).await?.is_some_and(|there| there.size == size) {
            store.drop_state(&state).await;
            return Ok(size);
        }
    }
    let data = store_data(store, &staged.id, &state, size).await?;
    if !hashed {
        let found = hash_object(store, &data, size, expected.algorithm()).await?;
        if found != *expected {
            store.bucket.remove(&data).await.doing("drop other bytes than promised")?;
            store.drop_state(&state).await;
            return Err(BlobError::Mismatch { expected: expected.clone(), found });
        }
    }
    point(store, expected, Pointer { data, size }).await?;
    store.drop_state(&state).await;
    Ok(size)
}

/// Makes the staged bytes one object, and answers its key.
async fn store_data(
    store: &S3Store,
    id: &str,
    state: &State,
    size: u64,
) -> Result<String, BlobError> {
    let bytes = match &state.tail {
        Some(tail) => store.tail(tail).await,
        None => Ok(Bytes::new()),
    };
    let Some(multipart) = &state.multipart else {
        // A key of its own for every attempt: what an earlier one published is not touched.
        let key = format!("data/{id}.{}", random());
        store.bucket.put(&key, bytes?).await.doing("store the bytes of a blob")?;
        return Ok(key);
    };
    let completed = match bytes {
        Ok(bytes) => complete(store, multipart.clone(), bytes).await,
        Err(error) => return Err(error),
    };
    // Also when it failed: the answer may have been lost, or an earlier call may have done it. And
    // also when it did not: better here than in front of somebody who pulls.
    let there = store.bucket.size(&multipart.key).await.doing("look for the bytes of a blob")?;
    match completed {
        _ if there == Some(size) => Ok(multipart.key.clone()),
        Err(error) => Err(error).doing("complete a multipart upload"),
        Ok(()) => {
            let message = format!("the service made {there:?} bytes of {size}");
            let error = std::io::Error::new(std::io::ErrorKind::InvalidData, message);
            Err(error).doing("complete a multipart upload")
        }
    }
}

async fn complete(store: &S3Store, mut multipart: Multipart, last: Bytes) -> Result<(), Error> {
    if !last.is_empty() {
        let part = store.put_part(&multipart, last).await?;
        multipart.parts.push(part);
    }
    store.complete(multipart).await
}

/// Publishes `ours`, unless the blob is there already: then our copy goes.
async fn point(store: &S3Store, digest: &Digest, ours: Pointer) -> Result<(), BlobError> {
    let key = pointer::key(digest);
    let created = store.bucket.create(&key, ours.print().into()).await;
    if !matches!(created, Ok(true)) {
        // Somebody was first; or we were, and the answer was lost.
        match store.intact(digest).await? {
            Some(there) if there == ours => {}
            Some(_) => {
                store.bucket.remove(&ours.data).await.doing("drop a second copy of a blob")?;
                return Ok(());
            }
            // What it points at is damaged, and ours is not.
            None if matches!(created, Ok(false)) => {
                let put = store.bucket.put(&key, ours.print().into()).await;
                put.doing("publish a blob in place of a damaged one")?;
            }
            None => {
                created.doing("publish a blob")?;
            }
        }
    }
    store.known.insert(digest.clone(), ours.into()).await;
    Ok(())
}

/// The digest of an object, by an algorithm that did not run while it came.
async fn hash_object(
    store: &S3Store,
    key: &str,
    size: u64,
    algorithm: Algorithm,
) -> Result<Digest, BlobError> {
    let stream = store.stream(key, 0..size).await.doing("read the staged bytes")?;
    let update = async |mut hash: Hash, piece: Bytes| {
        let hashing = task::spawn_blocking(move || {
            hash.update(&piece);
            hash
        });
        hashing.await.map_err(std::io::Error::other)
    };
    let hashed = stream.try_fold(Hash::new(algorithm), update).await;
    hashed.map(Hash::finish).doing("read the staged bytes")
}
