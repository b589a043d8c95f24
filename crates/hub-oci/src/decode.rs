//! Decompression by what the bytes are, whatever their media type says.

use std::io::{self, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

use crate::meter::{Compressed, Expanded, Meter};

/// Bytes fetched from the store at once.
const BUFFER_BYTES: usize = 256 << 10;

/// A reader of the archive inside a layer.
///
/// gzip may have many members (eStargz) and zstd many frames, also skippable ones (zstd:chunked);
/// all are read. What is neither is taken for an archive that is not compressed.
pub(crate) fn decode<'a>(
    layer: Box<dyn Read + Send>,
    meter: &'a Meter<'a>,
) -> io::Result<Box<dyn Read + 'a>> {
    let mut source = Compressed { inner: layer, meter };
    let mut magic = Vec::with_capacity(4);
    source.by_ref().take(4).read_to_end(&mut magic)?;
    let kind = <[u8; 4]>::try_from(magic.as_slice()).unwrap_or_default();
    let whole = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(magic).chain(source));
    Ok(match kind {
        [0x1f, 0x8b, ..] => Box::new(Expanded { inner: MultiGzDecoder::new(whole), meter }),
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
            let decoder = zstd::Decoder::with_buffer(whole)?;
            // The decoder hands out small pieces; the archive asks for blocks of 512 bytes.
            let decoder = BufReader::with_capacity(BUFFER_BYTES, decoder);
            Box::new(Expanded { inner: decoder, meter })
        }
        _ => Box::new(Expanded { inner: whole, meter }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;
    use crate::build::{gzip, zstd};
    use crate::meter::{Budget, Stop};

    fn expand(bytes: Vec<u8>, limits: &Limits) -> Result<Vec<u8>, Stop> {
        let budget = Budget::new(limits);
        let meter = Meter::new(&budget);
        let mut expanded = Vec::new();
        let read = decode(Box::new(Cursor::new(bytes)), &meter)
            .and_then(|mut reader| reader.read_to_end(&mut expanded));
        match read {
            Ok(_) => Ok(expanded),
            Err(error) => Err(meter.reason(&error).unwrap()),
        }
    }

    #[test]
    fn the_bytes_decide_about_the_decoder() {
        let limits = Limits::default();
        let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        for (name, bytes) in [
            ("plain", b"hello world".to_vec()),
            ("gzip", gzip(b"hello world")),
            ("members", [gzip(b"hello "), gzip(b""), gzip(b"world")].concat()),
            ("zstd", zstd(b"hello world")),
            ("frames", [zstd(b"hello "), skippable.clone(), zstd(b"world")].concat()),
            ("skippable first", [skippable, zstd(b"hello world")].concat()),
        ] {
            assert_eq!(expand(bytes, &limits).unwrap(), b"hello world", "{name}");
        }
        assert_eq!(expand(Vec::new(), &limits).unwrap(), b"");
        assert_eq!(expand(vec![0x1f], &limits).unwrap(), [0x1f]);
    }

    #[test]
    fn bombs_end_at_the_cap_that_they_break() {
        let zeros = vec![0; 4 << 20];
        let roomy = Limits::default();
        let tight = Limits { ratio: 50, ratio_free_bytes: 1 << 20, ..Limits::default() };
        for bomb in [gzip(&zeros), zstd(&zeros)] {
            assert!(expand(bomb.clone(), &roomy).is_ok());
            assert_eq!(expand(bomb.clone(), &tight), Err(Stop::Ratio(50)));
            let small = Limits { layer_bytes: 1 << 20, ..Limits::default() };
            assert_eq!(expand(bomb, &small), Err(Stop::Expanded(1 << 20)));
        }
        let short = Limits { layer_compressed_bytes: 1 << 10, ..Limits::default() };
        assert_eq!(expand(zeros, &short), Err(Stop::Compressed(1 << 10)));
        let truncated = gzip(b"hello world")[..14].to_vec();
        assert!(matches!(expand(truncated, &roomy), Err(Stop::Damaged(_))));
        let hurried = Limits { time: std::time::Duration::ZERO, ..Limits::default() };
        assert_eq!(expand(gzip(b"x"), &hurried), Err(Stop::Time(0)));
    }
}
