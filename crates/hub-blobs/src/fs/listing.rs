//! What lies in the folders.

use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use hub_model::{Algorithm, Digest};

use super::blocking;
use crate::error::Doing as _;
use crate::store::check_id;
use crate::{BlobError, Leftover, StoredBlob};

/// Every published file below `folder`; one of the 256 folders of an algorithm is read at a time.
pub(super) fn blobs(folder: PathBuf) -> BoxStream<'static, Result<StoredBlob, BlobError>> {
    let folders = [Algorithm::Sha256, Algorithm::Sha512].into_iter().flat_map(move |algorithm| {
        let folder = folder.join(algorithm.as_str());
        (0..=u8::MAX).map(move |byte| (algorithm, folder.join(hex::encode([byte]))))
    });
    stream::iter(folders)
        .then(|(algorithm, folder)| blocking(move || blobs_in(algorithm, &folder)))
        .map_ok(|blobs| stream::iter(blobs.into_iter().map(Ok)))
        .try_flatten()
        .boxed()
}

fn blobs_in(algorithm: Algorithm, folder: &Path) -> Result<Vec<StoredBlob>, BlobError> {
    let blob = |entry: &DirEntry| {
        let Some(digest) = entry.file_name().to_str().and_then(|hex| named(algorithm, hex)) else {
            return Ok(None);
        };
        let Some((size, modified_ms)) = facts(entry)? else { return Ok(None) };
        Ok(Some(StoredBlob { digest, size, modified_ms }))
    };
    entries(folder, blob).doing("list the blobs")
}

fn named(algorithm: Algorithm, hex: &str) -> Option<Digest> {
    Digest::from_hex(algorithm, hex).ok()
}

/// Every staged file in `folder` that was written last before then.
pub(super) fn leftovers(
    folder: PathBuf,
    older_than_ms: i64,
) -> BoxStream<'static, Result<Leftover, BlobError>> {
    let read = move || {
        let leftover = |entry: &DirEntry| {
            let Ok(name) = entry.file_name().into_string() else { return Ok(None) };
            let Some((size, modified_ms)) = facts(entry)? else { return Ok(None) };
            let ours = check_id(&name).is_ok() && modified_ms < older_than_ms;
            Ok(ours.then(|| Leftover { upload: name.clone(), name, size, modified_ms }))
        };
        entries(&folder, leftover).doing("list the staged files")
    };
    stream::once(blocking(read))
        .map_ok(|leftovers| stream::iter(leftovers.into_iter().map(Ok)))
        .try_flatten()
        .boxed()
}

/// What `take` makes of the entries of a folder; none when there is no folder.
fn entries<T>(
    folder: &Path,
    take: impl Fn(&DirEntry) -> io::Result<Option<T>>,
) -> io::Result<Vec<T>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    entries.filter_map(|entry| entry.and_then(|entry| take(&entry)).transpose()).collect()
}

/// Size of a file and when it was written last; `None` when it is gone, or no file.
fn facts(entry: &DirEntry) -> io::Result<Option<(u64, i64)>> {
    let metadata = match entry.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        metadata => metadata?,
    };
    if !metadata.is_file() {
        return Ok(None);
    }
    let age = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Some((metadata.len(), i64::try_from(age.as_millis()).unwrap_or(i64::MAX))))
}
