//! What lies in the bucket.

use std::collections::HashSet;

use futures::future;
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use hub_model::{Algorithm, Digest};
use object_store::{ObjectMeta, ObjectStore as _};
use sha2::Digest as _;

use super::S3Store;
use super::objects::Doing as _;
use super::pointer::Pointer;
use crate::{BlobError, Leftover, StoredBlob};

/// Pointers that are read at a time.
const AT_ONCE: usize = 16;

/// What a listing of blobs is for.
const LIST: &str = "list the blobs";

/// Every blob with its pointer.
fn pointers(store: &S3Store) -> BoxStream<'_, Result<(StoredBlob, Pointer), BlobError>> {
    let read = async |(digest, key, modified_ms): (Digest, String, i64)| {
        let found = store.bucket.get(&key).await.doing(LIST)?;
        // One that is gone meanwhile is no blob; one that cannot be read is none either.
        let pointer = found.and_then(|bytes| Pointer::parse(&bytes));
        Ok(pointer.map(|pointer| (StoredBlob { digest, size: pointer.size, modified_ms }, pointer)))
    };
    let named = |meta: ObjectMeta| {
        let key = store.bucket.key(&meta.location)?;
        Some((digest_at(&key)?, key, meta.last_modified.timestamp_millis()))
    };
    objects(store, "blobs")
        .try_filter_map(move |meta| future::ready(Ok(named(meta))))
        .map_ok(read)
        .try_buffer_unordered(AT_ONCE)
        .try_filter_map(|found| future::ready(Ok(found)))
        .boxed()
}

/// The digest whose pointer lies there: `blobs/<algorithm>/<2 hex>/<hex>`.
fn digest_at(key: &str) -> Option<Digest> {
    let mut parts = key.split('/').skip(1);
    let (algorithm, _, hex) = (parts.next()?, parts.next()?, parts.next()?);
    let algorithms = [Algorithm::Sha256, Algorithm::Sha512];
    let algorithm = algorithms.into_iter().find(|one| one.as_str() == algorithm)?;
    Digest::from_hex(algorithm, hex).ok()
}

fn objects<'a>(
    store: &'a S3Store,
    folder: &'static str,
) -> BoxStream<'a, Result<ObjectMeta, BlobError>> {
    let list = store.bucket.client.list(Some(&store.bucket.path(folder)));
    list.map(|meta| meta.doing(LIST)).boxed()
}

/// Every blob.
pub(super) fn blobs(store: &S3Store) -> BoxStream<'_, Result<StoredBlob, BlobError>> {
    pointers(store).map_ok(|(blob, _)| blob).boxed()
}

/// What is no blob and was written before then.
///
/// The pointers are read before the bytes are listed; so bytes of an upload that is published
/// meanwhile are among what is found. Its session was there before, which the caller knows.
pub(super) fn leftovers(
    store: &S3Store,
    older_than_ms: i64,
) -> BoxStream<'_, Result<Leftover, BlobError>> {
    let staged = objects(store, "uploads");
    let data = stream::once(async move {
        let note = async |mut named: HashSet<[u8; 16]>, (_, pointer): (_, Pointer)| {
            named.insert(short(&pointer.data));
            Ok(named)
        };
        let named = pointers(store).try_fold(HashSet::new(), note).await?;
        let nobodys = move |meta: &ObjectMeta| {
            let key = store.bucket.key(&meta.location);
            future::ready(key.is_some_and(|key| !named.contains(&short(&key))))
        };
        Ok::<_, BlobError>(objects(store, "data").try_filter(nobodys))
    })
    .try_flatten();
    let leftover = move |meta: ObjectMeta| {
        let modified_ms = meta.last_modified.timestamp_millis();
        let name = store.bucket.key(&meta.location).filter(|_| modified_ms < older_than_ms)?;
        // `uploads/<id>/…` or `data/<id>.…`
        let upload = name.split(['/', '.']).nth(1)?.to_owned();
        Some(Leftover { name, upload, size: meta.size, modified_ms })
    };
    staged.chain(data).try_filter_map(move |meta| future::ready(Ok(leftover(meta)))).boxed()
}

/// Enough of a key to tell it from others, so that a million of them fit into memory.
fn short(key: &str) -> [u8; 16] {
    let hash = sha2::Sha256::digest(key.as_bytes());
    hash[..16].try_into().expect("32 bytes begin with 16")
}
