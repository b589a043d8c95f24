//! Blobs in a bucket of a service that speaks S3.

mod listing;
mod objects;
mod pointer;
mod publishing;
mod reading;
mod settings;
mod staging;
mod state;

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use hub_model::Digest;
use moka::future::Cache;
use object_store::signer::{SignedUrlOptions, Signer as _};
use object_store::{Error, ObjectStore as _};
use tokio::runtime::Handle;
use url::Url;

use self::objects::{Bucket, Doing as _};
use self::pointer::Pointer;
pub use self::settings::S3Settings;
use crate::store::check_id;
use crate::{BlobError, BlobStore, ByteStream, Leftover, Staged, StoredBlob};

/// Key of the object that holds the name of the store.
const NAME: &str = "store-id";

/// Pointers that are remembered: some 300 bytes each.
const KNOWN: u64 = 20_000;

/// Blobs in a bucket.
///
/// ```text
/// <prefix>/blobs/sha256/e3/e3b0c442…    a pointer: where the bytes are, and how many
/// <prefix>/data/<upload>.<random>       the bytes: complete, verified before a pointer names them
/// <prefix>/uploads/<upload>/….tail      staged bytes that are too few for a part
/// <prefix>/uploads/<upload>/….multipart names a multipart upload that is not complete
/// <prefix>/store-id                     the name of the store
/// ```
///
/// The blob begins to exist when its pointer does, and that is put on condition that there is
/// none. No byte is copied or read again for it. The service has to know conditional writes
/// (`If-None-Match: *`); [`S3Store::open`] looks.
#[derive(Debug, Clone)]
pub struct S3Store {
    bucket: Bucket,
    known: Cache<Digest, Arc<Pointer>>,
    /// For those who read on a thread that blocks.
    handle: Handle,
}

impl S3Store {
    /// Opens the store and sees whether the bucket can be used.
    ///
    /// # Errors
    ///
    /// When the bucket cannot be written to, or the service ignores conditions.
    pub async fn open(settings: &S3Settings) -> Result<Self, BlobError> {
        let client = settings.client().doing("make sense of the settings of the bucket")?;
        let prefix = settings.prefix.trim_matches('/').to_owned();
        let store = Self {
            bucket: Bucket { client, prefix },
            known: Cache::new(KNOWN),
            handle: Handle::current(),
        };
        store.probe().await?;
        Ok(store)
    }

    /// Sees whether a second object under the same key is refused.
    async fn probe(&self) -> Result<(), BlobError> {
        const PROBE: &str = "write into the bucket";
        let key = format!("probe/{}", random());
        self.bucket.put(&key, Bytes::from_static(b"first\n")).await.doing(PROBE)?;
        let second = self.bucket.create(&key, Bytes::from_static(b"second\n")).await;
        let first = self.bucket.get(&key).await.doing("read from the bucket")?;
        self.bucket.remove(&key).await.doing("delete from the bucket")?;
        if second.doing(PROBE)? || first.is_none_or(|bytes| bytes != b"first\n"[..]) {
            let message = "it ignores `If-None-Match: *`, without which two uploads of one blob \
                           could harm each other";
            let source = io::Error::new(io::ErrorKind::Unsupported, message);
            return Err(BlobError::Io { doing: "use this S3 service", source });
        }
        Ok(())
    }
}

#[async_trait]
impl BlobStore for S3Store {
    async fn append(&self, staged: &mut Staged, body: ByteStream<'_>) -> Result<u64, BlobError> {
        check_id(&staged.id)?;
        let before = staged.offset;
        staging::append(self, staged, body).await?;
        Ok(staged.offset - before)
    }

    async fn publish(&self, staged: Staged, expected: &Digest) -> Result<u64, BlobError> {
        check_id(&staged.id)?;
        publishing::publish(self, staged, expected).await
    }

    async fn discard(&self, id: &str) -> Result<(), BlobError> {
        let folder = self.bucket.path(&format!("uploads/{}", check_id(id)?));
        let mut objects = self.bucket.client.list(Some(&folder));
        while let Some(object) = objects.next().await {
            let object = object.doing("look for staged bytes")?;
            if let Some(key) = self.bucket.key(&object.location) {
                self.drop_object(&key).await?;
            }
        }
        Ok(())
    }

    async fn stat(&self, digest: &Digest) -> Result<Option<u64>, BlobError> {
        Ok(self.intact(digest).await?.map(|pointer| pointer.size))
    }

    async fn read(
        &self,
        digest: &Digest,
        range: Range<u64>,
    ) -> Result<ByteStream<'static>, BlobError> {
        let missing = || BlobError::NotFound { digest: digest.clone() };
        let within = |size: u64| range.start..range.end.min(size);
        let pointer = self.remembered(digest).await?.ok_or_else(missing)?;
        match self.stream(&pointer.data, within(pointer.size)).await {
            Err(Error::NotFound { .. }) => {}
            found => return found.doing("read a blob"),
        }
        // Another replica may have deleted the blob, and somebody pushed it again.
        let pointer = self.pointer(digest).await?.ok_or_else(missing)?;
        match self.stream(&pointer.data, within(pointer.size)).await {
            Err(Error::NotFound { .. }) => Err(missing()),
            found => found.doing("read a blob"),
        }
    }

    fn open(&self, digest: &Digest) -> Result<Box<dyn Read + Send>, BlobError> {
        let stream = self.handle.block_on(self.read(digest, 0..u64::MAX))?;
        let handle = self.handle.clone();
        Ok(Box::new(reading::Reader { handle, stream, piece: Bytes::new() }))
    }

    async fn delete(&self, digest: &Digest) -> Result<(), BlobError> {
        let pointer = self.pointer(digest).await?;
        let pointer = pointer.ok_or_else(|| BlobError::NotFound { digest: digest.clone() })?;
        self.bucket.remove(&pointer::key(digest)).await.doing("delete a blob")?;
        self.known.invalidate(digest).await;
        self.bucket.remove(&pointer.data).await.doing("delete the bytes of a blob")
    }

    async fn name(&self) -> Result<Option<String>, BlobError> {
        let found = self.bucket.get(NAME).await.doing("read the store's name")?;
        Ok(found.map(|text| String::from_utf8_lossy(&text).trim().to_owned()))
    }

    async fn give_name(&self, name: &str) -> Result<(), BlobError> {
        let text = format!("{}\n", check_id(name)?);
        self.bucket.create(NAME, text.into()).await.doing("name the store").map(drop)
    }

    async fn ready(&self) -> Result<(), BlobError> {
        // One key for all replicas: this is asked every few seconds.
        let put = self.bucket.put("probe/ready", Bytes::from_static(b"ready\n")).await;
        put.doing("write into the bucket")
    }

    fn list(&self) -> BoxStream<'_, Result<StoredBlob, BlobError>> {
        listing::blobs(self)
    }

    fn list_leftovers(&self, older_than_ms: i64) -> BoxStream<'_, Result<Leftover, BlobError>> {
        listing::leftovers(self, older_than_ms)
    }

    async fn remove_leftover(&self, leftover: &Leftover) -> Result<(), BlobError> {
        self.drop_object(&leftover.name).await
    }

    fn min_chunk(&self) -> Option<u64> {
        Some(state::LEAST_PART as u64)
    }

    async fn redirect(&self, digest: &Digest, ttl: Duration) -> Result<Option<Url>, BlobError> {
        // As it is now: whoever follows the address cannot come back when the bytes are gone.
        let pointer = self.pointer(digest).await?;
        let pointer = pointer.ok_or_else(|| BlobError::NotFound { digest: digest.clone() })?;
        // Also for objects that somebody else put there.
        let options = SignedUrlOptions::default()
            .with_query([("response-content-type", "application/octet-stream")]);
        let path = self.bucket.path(&pointer.data);
        let signed = self.bucket.client.signed_url_opts(http::Method::GET, &path, ttl, &options);
        signed.await.doing("sign an address").map(Some)
    }
}

/// A part of a key that nobody else makes.
fn random() -> String {
    hex::encode(rand::random::<[u8; 12]>())
}
