//! Blobs on their way out.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use tokio::task;

use crate::ByteStream;

/// Bytes per read. A piece should still be in the core's own cache when it is written to the
/// socket. Source: `docs/decisions/0009-reads-from-memory.md`.
pub(super) const PIECE: usize = 256 << 10;

/// Buffers that are kept for the next pieces: memory that comes fresh from the kernel costs as
/// much as the copy into it.
const KEPT: usize = 16;

static FREE: Mutex<Vec<Box<[u8]>>> = Mutex::new(Vec::new());

/// A buffer with what was read into it.
struct Piece {
    buffer: Box<[u8]>,
    length: usize,
}

impl Piece {
    /// A buffer for `left` more bytes.
    fn for_bytes(left: u64) -> Self {
        let length = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
        if length < PIECE {
            return Self { buffer: vec![0; length].into(), length };
        }
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Self { buffer: free.unwrap_or_else(|| vec![0; PIECE].into()), length }
    }

    /// The first `length` bytes.
    fn cut(mut self, length: usize) -> Bytes {
        self.length = length;
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        if self.buffer.len() == PIECE && free.len() < KEPT {
            free.push(std::mem::take(&mut self.buffer));
        }
    }
}

/// A file that is being read.
pub(super) struct Reading {
    file: Arc<File>,
    offset: u64,
    left: u64,
    /// Read already, not sent yet.
    first: Option<Bytes>,
}

impl Reading {
    /// Opens the file at `path`, and reads the first piece of `range`. Blocks.
    pub(super) fn open(path: &Path, range: &Range<u64>) -> io::Result<Self> {
        let file = Arc::new(File::open(path)?);
        let end = range.end.min(file.metadata()?.len());
        let left = end.saturating_sub(range.start);
        let mut reading = Self { file, offset: range.start, left, first: None };
        if left > 0 {
            let piece = read(&reading.file, reading.offset, left)?;
            reading.went(piece.len());
            reading.first = Some(piece);
        }
        Ok(reading)
    }

    /// The bytes. Those that the system has in memory are copied here and now; for the others a
    /// thread waits, one per piece and not one per download, so that a slow reader holds none.
    pub(super) fn pieces(self) -> ByteStream<'static> {
        stream::try_unfold(self, |mut reading| async move {
            if let Some(first) = reading.first.take() {
                return Ok(Some((first, reading)));
            }
            if reading.left == 0 {
                return Ok(None);
            }
            let (offset, left) = (reading.offset, reading.left);
            let piece = if let Some(piece) = read_at_once(&reading.file, offset, left) {
                piece
            } else {
                let file = Arc::clone(&reading.file);
                let waiting = task::spawn_blocking(move || read(&file, offset, left));
                waiting.await.map_err(io::Error::other)??
            };
            reading.went(piece.len());
            Ok(Some((piece, reading)))
        })
        .boxed()
    }

    fn went(&mut self, bytes: usize) {
        self.offset += bytes as u64;
        self.left -= bytes as u64;
    }
}

/// The next piece, once it is there.
fn read(file: &File, offset: u64, left: u64) -> io::Result<Bytes> {
    let mut piece = Piece::for_bytes(left);
    let wanted = piece.length;
    file.read_exact_at(&mut piece.buffer[..wanted], offset)?;
    Ok(piece.cut(wanted))
}

/// The next piece, or the beginning of it, when the system has it in memory.
#[cfg(target_os = "linux")]
fn read_at_once(file: &File, offset: u64, left: u64) -> Option<Bytes> {
    use std::io::IoSliceMut;

    use rustix::io::{ReadWriteFlags, preadv2};

    let mut piece = Piece::for_bytes(left);
    let wanted = piece.length;
    let into = &mut [IoSliceMut::new(&mut piece.buffer[..wanted])];
    // What cannot be had so, for whatever reason, is read by waiting, and fails there if at all.
    match preadv2(file, into, offset, ReadWriteFlags::NOWAIT) {
        Ok(read) if read > 0 => Some(piece.cut(read)),
        Ok(_) | Err(_) => None,
    }
}

/// Other systems cannot tell.
#[cfg(not(target_os = "linux"))]
fn read_at_once(_: &File, _: u64, _: u64) -> Option<Bytes> {
    None
}
