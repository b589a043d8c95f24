//! From a staged file to a blob.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use hub_model::{Algorithm, Digest};

use super::reading::PIECE;
use super::staging;
use crate::error::Doing as _;
use crate::{BlobError, Hash, Staged};

/// Verifies the staged file `upload` and renames it to `blob`.
pub(super) fn publish(
    upload: &Path,
    blob: &Path,
    staged: Staged,
    expected: &Digest,
) -> Result<u64, BlobError> {
    let size = staged.offset;
    let file = match staging::open_at(upload, size) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // An earlier call got here before its caller could remember it.
            let stored = size_of(blob).doing("look for a blob")? == Some(size);
            let same = staged.hash.finish() == *expected;
            return if stored && same { Ok(size) } else { Err(error).doing("open a staged file") };
        }
        file => file.doing("open a staged file")?,
    };
    let found = if staged.hash.algorithm() == expected.algorithm() {
        staged.hash.finish()
    } else {
        hash_file(upload, expected.algorithm()).doing("read a staged file")?
    };
    if found != *expected {
        remove(upload).doing("drop a staged file")?;
        return Err(BlobError::Mismatch { expected: expected.clone(), found });
    }
    file.sync_all().doing("sync a staged file")?;
    move_to(upload, blob, size).doing("move a staged file to its place")?;
    Ok(size)
}

/// Moves the synced file at `upload` to `blob`, unless it is there already.
fn move_to(upload: &Path, blob: &Path, size: u64) -> io::Result<()> {
    let folder = blob.parent().expect("a blob lies in a folder");
    if size_of(blob)? == Some(size) {
        remove(upload)?;
    } else {
        make_folder(folder)?;
        fs::rename(upload, blob)?;
    }
    // Also when somebody else moved it: that call may not have come this far.
    File::open(folder)?.sync_all()
}

/// Makes a folder, and the one above it, so that they outlive a power cut.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    for parent in folder.ancestors().skip(1).take(2) {
        File::open(parent)?.sync_all()?;
    }
    Ok(())
}

/// Moves a blob into the folder of damaged ones, so that it stays there after a power cut: its
/// row says so next.
pub(super) fn set_aside(blob: &Path, damaged: &Path, name: &str) -> io::Result<()> {
    make_folder(damaged)?;
    fs::rename(blob, damaged.join(name))?;
    File::open(damaged)?.sync_all()?;
    File::open(blob.parent().expect("a blob lies in a folder"))?.sync_all()
}

/// Makes the file `path` with `text`, by way of `draft`, unless it is there: whole or not at all.
pub(super) fn create(draft: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let made = match fs::hard_link(draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // Not every volume knows links.
        Err(_) if !path.exists() => fs::rename(draft, path),
        outcome => outcome,
    };
    remove(draft)?;
    made?;
    File::open(path.parent().expect("the file lies in a folder"))?.sync_all()
}

fn hash_file(path: &Path, algorithm: Algorithm) -> io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut hash = Hash::new(algorithm);
    let mut piece = vec![0; PIECE];
    loop {
        match file.read(&mut piece) {
            Ok(0) => return Ok(hash.finish()),
            Ok(read) => hash.update(&piece[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Removes a file and says whether it was there.
pub(super) fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        result => result.map(|()| true),
    }
}

/// Length of the file at `path`, if there is one.
pub(super) fn size_of(path: &Path) -> io::Result<Option<u64>> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        result => result.map(|metadata| Some(metadata.len())),
    }
}
