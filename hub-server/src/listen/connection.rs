//! A connection that must move: it has to say something, it has to read what it is answered, and
//! there are only so many of it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

use crate::config::Listen;

/// Bytes after which it is known whether a connection speaks HTTP/1 or HTTP/2: until then no
/// library watches the clock. Source: RFC 9113, HTTP/2 Connection Preface.
const PREFACE: u64 = 24;

/// The limits of connections.
#[derive(Debug, Clone)]
pub(super) struct Limited {
    /// How long a caller may take to begin.
    begin: Duration,
    /// How long a caller may leave what it is answered unread.
    unread: Duration,
    room: Option<Arc<Semaphore>>,
}

impl Limited {
    pub(super) fn new(listen: &Listen) -> Self {
        let room =
            (listen.max_connections > 0).then(|| Arc::new(Semaphore::new(listen.max_connections)));
        Self {
            begin: Duration::from_secs(listen.header_timeout_seconds),
            unread: Duration::from_secs(listen.write_timeout_seconds),
            room,
        }
    }

    /// These limits around another acceptor.
    pub(super) const fn around<A>(self, inner: A) -> LimitedAcceptor<A> {
        LimitedAcceptor { inner, limits: self }
    }
}

/// An acceptor of connections within limits.
#[derive(Debug, Clone)]
pub(super) struct LimitedAcceptor<A> {
    inner: A,
    limits: Limited,
}

type Accepted<I, S> = Pin<Box<dyn Future<Output = io::Result<(I, S)>> + Send>>;

impl<A, I, S> Accept<I, S> for LimitedAcceptor<A>
where
    A: Accept<I, S> + Clone + Send + 'static,
    A::Future: Send,
    I: Send + 'static,
    S: Send + 'static,
{
    type Stream = Moving<A::Stream>;
    type Service = A::Service;
    type Future = Accepted<Self::Stream, Self::Service>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let Self { inner, limits } = self.clone();
        Box::pin(async move {
            let permit = match limits.room.clone() {
                // A caller waits for as long as it may take to begin; then it is turned away.
                Some(room) => Some(
                    tokio::time::timeout(limits.begin, room.acquire_owned())
                        .await
                        .map_err(|_| io::ErrorKind::ConnectionRefused)?
                        .map_err(io::Error::other)?,
                ),
                None => None,
            };
            let (stream, service) = inner.accept(stream, service).await?;
            Ok((Moving::new(stream, &limits, permit), service))
        })
    }
}

/// A connection with a clock.
#[derive(Debug)]
pub(super) struct Moving<S> {
    inner: S,
    unread: Duration,
    /// Runs until the caller has begun.
    begin: Option<Pin<Box<Sleep>>>,
    heard: u64,
    /// Runs while something cannot be written.
    stuck: Option<Pin<Box<Sleep>>>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl<S> Moving<S> {
    fn new(inner: S, limits: &Limited, permit: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            inner,
            unread: limits.unread,
            begin: Some(Box::pin(tokio::time::sleep(limits.begin))),
            heard: 0,
            stuck: None,
            _permit: permit,
        }
    }

    /// What writing came to; too long a pause is an error.
    fn written<T>(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stuck = None;
            self.begin = None;
            return result;
        }
        let unread = self.unread;
        let stuck =
            self.stuck.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(after(unread))));
        ready!(stuck.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

fn after(pause: Duration) -> Instant {
    Instant::now() + pause
}

impl<S: AsyncRead + Unpin> AsyncRead for Moving<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.inner).poll_read(cx, buf);
        if let Some(begin) = &mut self.begin {
            if result.is_pending() {
                ready!(begin.as_mut().poll(cx));
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.heard += u64::try_from(buf.filled().len() - before).unwrap_or(u64::MAX);
            if self.heard >= PREFACE {
                self.begin = None;
            }
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Moving<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.written(cx, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.written(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_flush(cx);
        // Flushing succeeds at once when there is nothing to flush: that is no sign of life.
        if result.is_ready() && self.stuck.is_none() {
            return result;
        }
        self.written(cx, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.written(cx, result)
    }
}
