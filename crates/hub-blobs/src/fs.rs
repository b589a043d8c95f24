//! Blobs as files below one folder.

mod listing;
mod publishing;
mod reading;
mod staging;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use futures::stream::BoxStream;
use hub_model::Digest;
use tokio::task;

use self::reading::Reading;
use self::staging::Writer;
use crate::error::Doing as _;
use crate::store::check_id;
use crate::{BlobError, BlobStore, ByteStream, Leftover, Staged, StoredBlob};

/// File that holds the name of the store.
const NAME: &str = "store-id";

/// Blobs as files on a local or shared volume.
///
/// ```text
/// <dir>/blobs/sha256/e3/e3b0c442…   published: complete, verified, never changed
/// <dir>/uploads/<id>                staged: may end at any byte
/// <dir>/damaged/sha256-e3b0c442…    set aside: other bytes than the name says
/// <dir>/store-id                    the name of the store
/// ```
///
/// Both folders lie on one volume, so publishing is a rename. The order is: verify, sync the file,
/// rename, sync the folder. A crash between two steps leaves a staged file or a complete blob,
/// never half a blob.
#[derive(Debug, Clone)]
pub struct FsStore {
    blobs: PathBuf,
    uploads: PathBuf,
    name: PathBuf,
}

impl FsStore {
    /// Opens the store in `dir` and makes its folders when they are missing.
    ///
    /// # Errors
    ///
    /// When the folders can be neither found nor made.
    pub async fn open(dir: impl Into<PathBuf>) -> Result<Self, BlobError> {
        let dir = dir.into();
        let (blobs, uploads) = (dir.join("blobs"), dir.join("uploads"));
        let store = Self { blobs, uploads, name: dir.join(NAME) };
        let folders = [store.blobs.clone(), store.uploads.clone()];
        blocking(move || {
            folders.iter().try_for_each(fs::create_dir_all).doing("make the folders for blobs")
        })
        .await?;
        Ok(store)
    }

    fn upload_path(&self, id: &str) -> Result<PathBuf, BlobError> {
        Ok(self.uploads.join(check_id(id)?))
    }

    fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.blobs.join(below(digest))
    }
}

/// Where a blob lies below the folder `blobs`.
fn below(digest: &Digest) -> PathBuf {
    let hex = digest.hex();
    Path::new(digest.algorithm().as_str()).join(&hex[..2]).join(hex)
}

#[async_trait]
impl BlobStore for FsStore {
    async fn append(
        &self,
        staged: &mut Staged,
        mut body: ByteStream<'_>,
    ) -> Result<u64, BlobError> {
        let path = self.upload_path(&staged.id)?;
        let mut batch = staging::gather(&mut body).await;
        if batch.pieces.is_empty() {
            // Nothing is to be written, and the file may have been published already: the last
            // request of an upload is repeated when its caller could not remember that.
            return staging::ending(batch.end).map(|()| 0);
        }
        let (before, state) = (staged.offset, staged.clone());
        let mut writer = blocking(move || Writer::open(&path, state)).await?;
        loop {
            let (pieces, last) = (batch.pieces, batch.end.is_some());
            // A thread is taken per batch, not per upload: slow uploads then hold none. The next
            // batch is gathered meanwhile, so at most two are in memory.
            let writing = task::spawn_blocking(move || {
                let written = writer.write(&pieces);
                let synced = if last || written.is_err() { writer.sync() } else { Ok(()) };
                (writer, written, synced)
            });
            let next = if last { None } else { Some(staging::gather(&mut body).await) };
            let (back, written, synced) =
                writing.await.map_err(io::Error::other).doing(staging::WRITE)?;
            writer = back;
            if synced.is_ok() && (last || written.is_err()) {
                // Not before: the caller saves this, and a power cut must not leave it ahead of
                // the bytes on the disk.
                staged.offset = writer.offset;
                staged.hash = writer.hash.clone();
            }
            written.and(synced)?;
            match next {
                Some(next) => batch = next,
                None => return staging::ending(batch.end).map(|()| staged.offset - before),
            }
        }
    }

    async fn publish(&self, staged: Staged, expected: &Digest) -> Result<u64, BlobError> {
        let upload = self.upload_path(&staged.id)?;
        let blob = self.blob_path(expected);
        let expected = expected.clone();
        blocking(move || publishing::publish(&upload, &blob, staged, &expected)).await
    }

    async fn discard(&self, id: &str) -> Result<(), BlobError> {
        let path = self.upload_path(id)?;
        blocking(move || publishing::remove(&path).doing("drop a staged file").map(drop)).await
    }

    async fn stat(&self, digest: &Digest) -> Result<Option<u64>, BlobError> {
        let path = self.blob_path(digest);
        blocking(move || publishing::size_of(&path).doing("look for a blob")).await
    }

    async fn read(
        &self,
        digest: &Digest,
        range: Range<u64>,
    ) -> Result<ByteStream<'static>, BlobError> {
        let path = self.blob_path(digest);
        let missing = digest.clone();
        let reading = blocking(move || found(Reading::open(&path, &range), missing)).await?;
        Ok(reading.pieces())
    }

    fn open(&self, digest: &Digest) -> Result<Box<dyn Read + Send>, BlobError> {
        let file = found(File::open(self.blob_path(digest)), digest.clone())?;
        Ok(Box::new(io::BufReader::with_capacity(reading::PIECE, file)))
    }

    async fn delete(&self, digest: &Digest) -> Result<(), BlobError> {
        let path = self.blob_path(digest);
        let missing = digest.clone();
        blocking(move || {
            let removed = publishing::remove(&path).doing("delete a blob")?;
            if removed { Ok(()) } else { Err(BlobError::NotFound { digest: missing }) }
        })
        .await
    }

    async fn set_aside(&self, digest: &Digest) -> Result<(), BlobError> {
        let path = self.blob_path(digest);
        let folder = self.blobs.with_file_name("damaged");
        let name = format!("{}-{}", digest.algorithm().as_str(), digest.hex());
        blocking(move || match publishing::set_aside(&path, &folder, &name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            moved => moved.doing("set a damaged blob aside"),
        })
        .await
    }

    async fn name(&self) -> Result<Option<String>, BlobError> {
        let path = self.name.clone();
        blocking(move || match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            text => text.map(|text| Some(text.trim().to_owned())).doing("read the store's name"),
        })
        .await
    }

    async fn give_name(&self, name: &str) -> Result<(), BlobError> {
        let text = format!("{}\n", check_id(name)?);
        // No upload can have this name: ids hold no dot.
        let draft = self.uploads.join(format!(".{NAME}-{name}"));
        let path = self.name.clone();
        blocking(move || publishing::create(&draft, &path, &text).doing("name the store")).await
    }

    async fn ready(&self) -> Result<(), BlobError> {
        // No upload can have this name: ids hold no dot.
        let probe = self.uploads.join(".ready");
        blocking(move || {
            File::create(&probe)
                .and_then(|mut file| file.write_all(b"ready\n"))
                .and_then(|()| publishing::remove(&probe))
                .doing("write into the folder for uploads")
                .map(drop)
        })
        .await
    }

    fn list(&self) -> BoxStream<'_, Result<StoredBlob, BlobError>> {
        listing::blobs(self.blobs.clone())
    }

    fn list_leftovers(&self, older_than_ms: i64) -> BoxStream<'_, Result<Leftover, BlobError>> {
        listing::leftovers(self.uploads.clone(), older_than_ms)
    }

    async fn remove_leftover(&self, leftover: &Leftover) -> Result<(), BlobError> {
        self.discard(&leftover.name).await
    }

    fn local_path(&self, digest: &Digest) -> Option<PathBuf> {
        Some(Path::new("blobs").join(below(digest)))
    }
}

/// Runs `work` on a thread that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BlobError> + Send + 'static,
) -> Result<T, BlobError> {
    let result = task::spawn_blocking(work).await;
    result.map_err(io::Error::other).doing("finish work on files")?
}

/// Tells an absent blob from a failing disk.
fn found<T>(result: io::Result<T>, digest: Digest) -> Result<T, BlobError> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(BlobError::NotFound { digest })
        }
        result => result.doing("open a blob"),
    }
}
