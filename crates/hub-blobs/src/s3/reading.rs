//! Blobs on their way out.

use std::io::{self, Read};
use std::ops::Range;

use bytes::{Buf as _, Bytes};
use futures::{StreamExt as _, stream};
use object_store::{Error, GetOptions, GetRange, ObjectStore as _};
use tokio::runtime::Handle;

use super::S3Store;
use super::objects::io_error;
use crate::ByteStream;

/// Most bytes per piece.
const PIECE: usize = 512 << 10;

impl S3Store {
    /// The bytes of an object from `range.start` up to `range.end`, where it does not end before.
    pub(super) async fn stream(
        &self,
        key: &str,
        range: Range<u64>,
    ) -> Result<ByteStream<'static>, Error> {
        if range.is_empty() {
            return Ok(stream::empty().boxed());
        }
        let length = range.end - range.start;
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..Default::default() };
        let found = self.bucket.client.get_opts(&self.bucket.path(key), options).await?;
        let body = found.into_stream().map(|piece| piece.map_err(io_error)).boxed();
        Ok(exactly(body, length))
    }
}

/// The same bytes in pieces that are not too large; an error when there are fewer or more than
/// promised.
fn exactly(body: ByteStream<'static>, length: u64) -> ByteStream<'static> {
    stream::try_unfold((body, Bytes::new(), length), async |(mut body, mut piece, left)| {
        while piece.is_empty() {
            match body.next().await {
                Some(next) => piece = next?,
                None if left == 0 => return Ok(None),
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let next = piece.split_to(piece.len().min(PIECE));
        let left = left.checked_sub(next.len() as u64);
        let left = left.ok_or_else(|| io::Error::other("more bytes came than were asked for"))?;
        Ok(Some((next, (body, piece, left))))
    })
    .boxed()
}

/// A blob for those who block.
pub(super) struct Reader {
    pub(super) handle: Handle,
    pub(super) stream: ByteStream<'static>,
    pub(super) piece: Bytes,
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.handle.block_on(self.stream.next()) {
                Some(piece) => self.piece = piece?,
                None => return Ok(0),
            }
        }
        let size = buffer.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut buffer[..size]);
        Ok(size)
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt as _;

    use super::*;
    use crate::stream_of;

    #[tokio::test]
    async fn a_stream_has_as_many_bytes_as_promised_or_fails() {
        let read = |bytes: Vec<u8>, length| exactly(stream_of(bytes), length).try_collect();
        let whole: Vec<Bytes> = read(vec![1; 1_200_000], 1_200_000).await.unwrap();
        assert_eq!(whole.concat(), vec![1; 1_200_000]);
        assert!(whole.iter().all(|piece| piece.len() <= PIECE));
        let short: io::Result<Vec<Bytes>> = read(vec![1; 9], 10).await;
        assert_eq!(short.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        let long: io::Result<Vec<Bytes>> = read(vec![1; 11], 10).await;
        assert!(long.is_err());
    }
}
