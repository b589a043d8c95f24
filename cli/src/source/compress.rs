//! Compression: archives that were compressed whole, and layers that were not compressed.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};
use hub_model::{Algorithm, Digest};
use sha2::{Digest as _, Sha256};

use super::Place;

/// Beginning of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// Beginning of a zstd file.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Bytes read at a time.
const PIECE: usize = 256 << 10;

/// How a layer is compressed, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packed {
    /// Not at all.
    Plain,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
}

/// A layer as it will be sent.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) digest: Digest,
    /// Digest of the archive itself, where it was read.
    pub(super) plain_digest: Option<Digest>,
    pub(super) packed: Packed,
    pub(super) place: Place,
}

/// Decompresses an archive that was compressed whole; `None` when it was not.
pub(super) fn plain_archive(path: &Path, scratch: &Path) -> io::Result<Option<PathBuf>> {
    let size = path.metadata()?.len();
    if kind(&Place { file: path.to_owned(), at: 0, size })? != Packed::Gzip {
        return Ok(None);
    }
    let plain = scratch.join("archive.tar");
    let mut from = MultiGzDecoder::new(BufReader::new(File::open(path)?));
    io::copy(&mut from, &mut File::create(&plain)?)?;
    Ok(Some(plain))
}

/// Looks at the first bytes of a layer.
pub(super) fn kind(place: &Place) -> io::Result<Packed> {
    let mut first = Vec::new();
    place.open()?.take(4).read_to_end(&mut first)?;
    Ok(if first.starts_with(&GZIP) {
        Packed::Gzip
    } else if first.starts_with(&ZSTD) {
        Packed::Zstd
    } else {
        Packed::Plain
    })
}

/// Makes a layer ready to be sent: a plain one is compressed into `scratch`. The same layer
/// always gives the same bytes, so that a second push finds it.
pub(super) fn pack(place: &Place, scratch: &Path) -> io::Result<Layer> {
    let packed = kind(place)?;
    if packed != Packed::Plain {
        let digest = digest_of(place)?;
        return Ok(Layer { digest, plain_digest: None, packed, place: place.clone() });
    }
    let mut target = tempfile::Builder::new().prefix("layer").tempfile_in(scratch)?;
    let hashing =
        Hashing { inner: BufWriter::new(target.as_file_mut()), hash: Sha256::new(), bytes: 0 };
    let mut gzip = GzBuilder::new().write(hashing, Compression::default());
    let mut plain = Sha256::new();
    let mut from = place.open()?;
    let mut piece = vec![0; PIECE];
    loop {
        let read = from.read(&mut piece)?;
        if read == 0 {
            break;
        }
        plain.update(&piece[..read]);
        gzip.write_all(&piece[..read])?;
    }
    let mut hashing = gzip.finish()?;
    hashing.flush()?;
    let (digest, size) = (finish(hashing.hash.clone()), hashing.bytes);
    drop(hashing);
    // The scratch folder goes with the source, and the file with it.
    let file = target.into_temp_path().keep().map_err(|error| error.error)?;
    let place = Place { file, at: 0, size };
    Ok(Layer { digest, plain_digest: Some(finish(plain)), packed: Packed::Gzip, place })
}

/// Digest of a range of a file.
pub(super) fn digest_of(place: &Place) -> io::Result<Digest> {
    let mut hash = Sha256::new();
    let mut from = place.open()?;
    let mut piece = vec![0; PIECE];
    loop {
        let read = from.read(&mut piece)?;
        if read == 0 {
            return Ok(finish(hash));
        }
        hash.update(&piece[..read]);
    }
}

fn finish(hash: Sha256) -> Digest {
    Digest::from_hex(Algorithm::Sha256, &hex::encode(hash.finalize()))
        .expect("32 bytes are 64 hexadecimal digits")
}

/// Hashes and counts what passes.
struct Hashing<W> {
    inner: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
