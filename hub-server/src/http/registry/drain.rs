//! What is left of a body when the answer is ready before its end.
//!
//! A client that still sends while its connection is closed sees a broken pipe instead of the
//! answer, and cannot know that it was refused, and why. So the rest is taken in and thrown away,
//! within limits.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, header};
use futures::StreamExt as _;
use http_body::{Frame, SizeHint};

/// Most bytes that are taken in for nothing.
const MOST_BYTES: usize = 16 << 20;

/// Longest time that is spent on them.
const PATIENCE: Duration = Duration::from_secs(5);

/// A body whose rest can still be read when its reader dropped it.
#[derive(Debug, Clone)]
pub(super) struct Kept(Arc<Mutex<Body>>);

impl Kept {
    /// Splits a body into one for the reader and one for [`Kept::drain`]. `None` when there is
    /// nothing to drain: without a body, or when the client waits for leave to send it.
    pub(super) fn split(headers: &HeaderMap, body: Body) -> (Body, Option<Self>) {
        if body.is_end_stream() || headers.contains_key(header::EXPECT) {
            return (body, None);
        }
        let kept = Self(Arc::new(Mutex::new(body)));
        (Body::new(kept.clone()), Some(kept))
    }

    /// Reads what nobody read.
    pub(super) async fn drain(self) {
        let mut rest = Body::new(self).into_data_stream();
        let reading = async {
            let mut read = 0;
            while let Some(Ok(piece)) = rest.next().await {
                read += piece.len();
                if read > MOST_BYTES {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(PATIENCE, reading).await;
    }
}

impl HttpBody for Kept {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut body = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Pin::new(&mut *body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).size_hint()
    }
}
