//! Blobs on their way out, so that what nobody reads does not keep a file open.
//!
//! A connection that takes nothing is hung up on (`listen/connection.rs`). One connection of
//! HTTP/2 may go on while the window of a stream in it stays shut: nobody polls the body of that
//! answer, so nothing in it can watch the clock.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::Stream;
use futures::stream::BoxStream;

type Pieces = BoxStream<'static, io::Result<Bytes>>;

/// The bodies of this process that may wait for a reader.
#[derive(Debug, Default)]
pub struct Outgoing(Mutex<Vec<Weak<Mutex<Slot>>>>);

/// What is left of a body.
struct Slot {
    /// `None` once it was let go.
    pieces: Option<Pieces>,
    /// Since when the reader has not come back; `None` while a piece is on its way to it.
    waiting: Option<Instant>,
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}

impl Outgoing {
    /// The same pieces, of which the rest is let go when the reader stays away for too long.
    #[must_use]
    pub fn watch(&self, pieces: Pieces) -> Watched {
        let slot = Slot { pieces: Some(pieces), waiting: Some(Instant::now()) };
        let slot = Arc::new(Mutex::new(slot));
        self.lock().push(Arc::downgrade(&slot));
        Watched(slot)
    }

    /// Lets go of what nobody asked for since `patience` ago.
    pub(crate) fn let_go(&self, patience: Duration) {
        // Looked through outside of the lock, since each new answer takes it.
        let mut slots = std::mem::take(&mut *self.lock());
        slots.retain(|slot| {
            let Some(slot) = slot.upgrade() else { return false };
            // Locked by its reader: that one is there.
            let mut slot = match slot.try_lock() {
                Ok(slot) => slot,
                Err(TryLockError::Poisoned(slot)) => slot.into_inner(),
                Err(TryLockError::WouldBlock) => return true,
            };
            let kept = slot.waiting.is_none_or(|since| since.elapsed() < patience);
            if !kept {
                slot.pieces = None;
            }
            kept
        });
        self.lock().append(&mut slots);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Mutex<Slot>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Pieces under watch.
#[derive(Debug)]
pub struct Watched(Arc<Mutex<Slot>>);

impl Stream for Watched {
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pieces) = &mut slot.pieces else {
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        };
        let next = pieces.as_mut().poll_next(cx);
        slot.waiting = next.is_ready().then(Instant::now);
        next
    }
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, StreamExt, stream};

    use super::*;

    #[tokio::test]
    async fn what_nobody_reads_is_let_go_and_then_ends_with_an_error() {
        let outgoing = Outgoing::default();
        let held = Arc::new(());
        let piece = |held: Arc<()>| async move { Some((Ok(Bytes::from_static(b"x")), held)) };
        let mut read = outgoing.watch(stream::unfold(Arc::clone(&held), piece).boxed());
        assert!(read.next().await.unwrap().is_ok());
        outgoing.let_go(Duration::from_mins(1));
        assert!(read.next().await.unwrap().is_ok());
        outgoing.let_go(Duration::ZERO);
        assert_eq!(Arc::strong_count(&held), 1);
        assert_eq!(read.next().await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(read);
        outgoing.let_go(Duration::from_mins(1));
        assert!(outgoing.lock().is_empty());
    }

    #[tokio::test]
    async fn a_reader_who_waits_for_the_store_is_not_taken_for_one_who_is_away() {
        let outgoing = Outgoing::default();
        let mut read = outgoing.watch(stream::pending().boxed());
        assert!(read.next().now_or_never().is_none());
        outgoing.let_go(Duration::ZERO);
        assert!(read.next().now_or_never().is_none());
    }
}
