//! Several ranges of a blob in one answer: `multipart/byteranges`.
//!
//! Clients that pull only the parts of a layer that they lack ask so, and fail on a refusal.
//! Source: RFC 9110, sections 14.6 and 15.3.7.2.

use std::future::ready;
use std::io;
use std::ops::Range;

use axum::http::HeaderValue;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, stream};

use crate::services::blobs::Readable;

/// An answer of several parts.
pub(super) struct Multipart {
    boundary: String,
    parts: Vec<Range<u64>>,
    size: u64,
}

impl Multipart {
    /// These parts, in this order, of a blob of `size` bytes.
    pub(super) fn new(parts: Vec<Range<u64>>, size: u64) -> Self {
        // Never twice the same, so that no blob can hold it on purpose.
        Self { boundary: uuid::Uuid::now_v7().simple().to_string(), parts, size }
    }

    /// The media type, with the line that separates the parts.
    pub(super) fn content_type(&self) -> HeaderValue {
        super::ascii(&format!("multipart/byteranges; boundary={}", self.boundary))
    }

    /// Length of the whole answer, in bytes.
    pub(super) fn length(&self) -> u64 {
        let of = |part: &Range<u64>| self.head(part).len() as u64 + part.end - part.start;
        self.parts.iter().map(of).sum::<u64>() + self.end().len() as u64
    }

    /// The parts, each read when the one before is through.
    pub(super) fn pieces(self, blob: Readable) -> BoxStream<'static, io::Result<Bytes>> {
        let end = Bytes::from(self.end());
        let parts: Vec<_> =
            self.parts.iter().map(|part| (Bytes::from(self.head(part)), part.clone())).collect();
        let parts = stream::iter(parts).then(move |(head, part)| {
            let blob = blob.clone();
            async move {
                let head = stream::once(ready(Ok(head)));
                match blob.read(part).await {
                    Ok(bytes) => head.chain(bytes).boxed(),
                    Err(error) => stream::once(ready(Err(io::Error::other(error)))).boxed(),
                }
            }
        });
        parts.flatten().chain(stream::once(ready(Ok(end)))).boxed()
    }

    fn head(&self, part: &Range<u64>) -> String {
        format!(
            "\r\n--{}\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes {}-{}/{}\r\n\r\n",
            self.boundary,
            part.start,
            part.end - 1,
            self.size,
        )
    }

    fn end(&self) -> String {
        format!("\r\n--{}--\r\n", self.boundary)
    }
}
