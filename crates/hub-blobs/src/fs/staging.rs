//! Staged files: bytes on their way in.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, IoSlice, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use bytes::Bytes;
use futures::StreamExt as _;

use crate::error::Doing as _;
use crate::{BlobError, ByteStream, Hash, Staged};

/// Bytes that are written and hashed in one go. Source: measured, below it the hops between
/// threads cost more, above it nothing is won.
const BATCH: usize = 1 << 20;

/// Pieces of one batch: each keeps the buffer alive that it was cut from, and a body may consist
/// of single bytes.
const BATCH_PIECES: usize = 256;

/// Most bytes of one call to write. The page cache asks for pages as large as the call, and on a
/// machine whose memory is in use the kernel moves others out of the way for them: calls of 1 MiB
/// cost a third more than calls of half of that. Source: `docs/reference/performance.md`.
const CALL: usize = 512 << 10;

/// What a failed write was for.
pub(super) const WRITE: &str = "write a staged file";

/// A part of a body.
pub(super) struct Batch {
    pub(super) pieces: Vec<Bytes>,
    /// How the body ended, if it did.
    pub(super) end: Option<io::Result<()>>,
}

/// Takes about [`BATCH`] bytes, or what is left, from `body`.
pub(super) async fn gather(body: &mut ByteStream<'_>) -> Batch {
    let mut pieces = Vec::new();
    let mut size = 0;
    let end = loop {
        if size >= BATCH || pieces.len() >= BATCH_PIECES {
            break None;
        }
        match body.next().await {
            Some(Ok(piece)) if piece.is_empty() => {}
            Some(Ok(piece)) => {
                size += piece.len();
                pieces.push(piece);
            }
            Some(Err(error)) => break Some(Err(error)),
            None => break Some(Ok(())),
        }
    };
    Batch { pieces, end }
}

/// What a body that ended so means to its receiver.
pub(super) fn ending(end: Option<io::Result<()>>) -> Result<(), BlobError> {
    end.unwrap_or(Ok(())).map_err(|source| BlobError::Body { source })
}

/// A staged file, open at its end.
pub(super) struct Writer {
    file: File,
    /// Up to here the bytes outlive a power cut.
    synced: u64,
    pub(super) offset: u64,
    pub(super) hash: Hash,
}

impl Writer {
    pub(super) fn open(path: &Path, staged: Staged) -> Result<Self, BlobError> {
        let file = open_at(path, staged.offset).doing("open a staged file")?;
        let Staged { offset, hash, .. } = staged;
        Ok(Self { file, synced: offset, offset, hash })
    }

    /// Writes and hashes `pieces`: all of them, or none when it fails.
    pub(super) fn write(&mut self, pieces: &[Bytes]) -> Result<(), BlobError> {
        if let Err(error) = write_all(&mut self.file, pieces) {
            // What was written of this batch is given back to the full disk now; should that
            // fail too, the next append cuts it off.
            let _ = self.file.set_len(self.offset);
            return Err(error).doing(WRITE);
        }
        for piece in pieces {
            self.offset += piece.len() as u64;
            self.hash.update(piece);
        }
        Ok(())
    }

    /// Makes what was written outlive a power cut.
    pub(super) fn sync(&mut self) -> Result<(), BlobError> {
        if self.synced < self.offset {
            self.file.sync_data().doing("sync a staged file")?;
            self.synced = self.offset;
        }
        Ok(())
    }
}

/// Opens the staged file at `path` for writing at `offset` and cuts off what lies beyond.
///
/// Nobody else has it open for writing: a request that was given up may still be finishing its
/// last batch, and the lock waits for it.
pub(super) fn open_at(path: &Path, offset: u64) -> io::Result<File> {
    let create = offset == 0;
    let file =
        OpenOptions::new().read(true).write(true).create(create).truncate(false).open(path)?;
    claim(file, path, offset)
}

/// Waits until `file`, opened at `path`, is free and sets it to `offset`.
///
/// Whoever had it before may have published it, and a published blob is not touched: then it is
/// not found.
fn claim(mut file: File, path: &Path, offset: u64) -> io::Result<File> {
    lock(&file)?;
    let (ours, there) = (file.metadata()?, fs::metadata(path)?);
    if (ours.dev(), ours.ino()) != (there.dev(), there.ino()) {
        let message = "another file took the place of the staged one";
        return Err(io::Error::new(io::ErrorKind::NotFound, message));
    }
    let length = ours.len();
    if length < offset {
        let message = format!("{length} bytes are staged instead of {offset}");
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
    }
    if length > offset {
        file.set_len(offset)?;
    }
    file.seek(SeekFrom::Start(offset))?;
    Ok(file)
}

/// Locks where the volume knows locks; elsewhere the caller's lease has to do.
fn lock(file: &File) -> io::Result<()> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => file.lock(),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn write_all(file: &mut File, pieces: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
    let mut rest = slices.as_mut_slice();
    while !rest.is_empty() {
        match file.write_vectored(&rest[..at_once(rest)]) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut rest, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// How many slices are written by one call.
fn at_once(slices: &[IoSlice<'_>]) -> usize {
    let mut size = 0;
    let within = slices.iter().take_while(|slice| {
        size += slice.len();
        size <= CALL
    });
    within.count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_takes_at_least_one_slice_and_no_more_than_it_should() {
        let (small, half) = (vec![0; 10], vec![0; CALL / 2]);
        let large = vec![0; CALL + 1];
        let count = |slices: &[&[u8]]| {
            at_once(&slices.iter().map(|slice| IoSlice::new(slice)).collect::<Vec<_>>())
        };
        assert_eq!(count(&[&half, &half]), 2);
        assert_eq!(count(&[&half, &half, &small]), 2);
        assert_eq!(count(&[&large, &small]), 1);
        assert_eq!(count(&[&small]), 1);
    }

    #[test]
    fn every_byte_is_written_in_order_however_many_calls_it_takes() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("upload");
        let pieces: Vec<_> = (0..7_u8).map(|n| Bytes::from(vec![n; CALL / 3 + 1])).collect();
        write_all(&mut File::create(&path).unwrap(), &pieces).unwrap();
        assert_eq!(fs::read(&path).unwrap(), pieces.concat());
    }

    #[test]
    fn a_file_that_was_published_while_its_lock_was_awaited_is_not_cut_off() {
        let dir = tempfile::TempDir::new().unwrap();
        let (upload, blob) = (dir.path().join("upload"), dir.path().join("blob"));
        fs::write(&upload, b"bytes").unwrap();
        let open = |path| OpenOptions::new().read(true).write(true).open(path).unwrap();
        let (second, third) = (open(&upload), open(&upload));
        fs::rename(&upload, &blob).unwrap();

        let error = claim(second, &upload, 0).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        fs::write(&upload, b"others").unwrap();
        let error = claim(third, &upload, 0).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert_eq!(fs::read(&blob).unwrap(), b"bytes");
        assert_eq!(fs::read(&upload).unwrap(), b"others");
    }
}
