//! One HTTP/1.1 connection that is kept open: cheap enough not to be what is measured.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use futures::future::{Either, select};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HOST, HeaderValue,
};
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;

/// How long one exchange may take: a server that hangs ends the run.
const PATIENCE: Duration = Duration::from_mins(3);

/// The body of a request: pieces that are shared, never copied.
#[derive(Debug, Clone, Default)]
pub(crate) struct Payload {
    /// Handed out again and again until `repeated_bytes` are sent.
    pub(crate) piece: Bytes,
    /// Bytes that are still to be sent out of `piece`.
    pub(crate) repeated_bytes: u64,
    /// Sent at the end.
    pub(crate) tail: Bytes,
}

impl Payload {
    /// Bytes that are still to be sent.
    pub(crate) fn len(&self) -> u64 {
        self.repeated_bytes + self.tail.len() as u64
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let next = if self.repeated_bytes > 0 {
            let most = usize::try_from(self.repeated_bytes).unwrap_or(usize::MAX);
            let piece = self.piece.slice(..most.min(self.piece.len()));
            self.repeated_bytes -= piece.len() as u64;
            piece
        } else {
            std::mem::take(&mut self.tail)
        };
        Poll::Ready((!next.is_empty()).then(|| Ok(Frame::data(next))))
    }

    fn is_end_stream(&self) -> bool {
        self.len() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.len())
    }
}

/// What is done with the body of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Take {
    /// Its bytes are counted.
    Count,
    /// They are counted and hashed.
    Hash,
    /// They are kept.
    Keep,
}

/// One request.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    /// `GET`, …
    pub(crate) method: Method,
    /// Path and query.
    pub(crate) path: &'a str,
    /// Sent as `Content-Type`.
    pub(crate) media_type: Option<&'static str>,
    /// Sent as `Accept`.
    pub(crate) accept: Option<&'static str>,
    /// Sent as `Content-Range`.
    pub(crate) range: Option<String>,
    /// Sent as the body.
    pub(crate) body: Payload,
    /// What is done with the answer.
    pub(crate) take: Take,
}

impl<'a> Ask<'a> {
    /// A request without a body.
    pub(crate) fn new(method: Method, path: &'a str) -> Self {
        let body = Payload::default();
        Self { method, path, media_type: None, accept: None, range: None, body, take: Take::Count }
    }

    /// With a body of that media type.
    #[must_use]
    pub(crate) fn with(mut self, media_type: &'static str, body: Payload) -> Self {
        self.media_type = Some(media_type);
        self.body = body;
        self
    }

    /// With the media types that the answer may have.
    #[must_use]
    pub(crate) fn accepting(mut self, media_types: &'static str) -> Self {
        self.accept = Some(media_types);
        self
    }

    /// As the part of a larger body that begins at byte `from`.
    #[must_use]
    pub(crate) fn part_at(mut self, from: u64) -> Self {
        self.range = Some(format!("{from}-{}", from + self.body.len() - 1));
        self
    }

    /// With something else done with the answer.
    #[must_use]
    pub(crate) fn take(mut self, take: Take) -> Self {
        self.take = take;
        self
    }
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// From the first byte of the request to the head of the answer.
    pub(crate) first_byte: Duration,
    /// Bytes of its body.
    pub(crate) bytes: u64,
    /// `sha256:…` of its body, with [`Take::Hash`].
    pub(crate) digest: Option<String>,
    /// Its body, with [`Take::Keep`].
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header, when it is readable text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Bytes that the head promises.
    pub(crate) fn content_length(&self) -> Option<u64> {
        self.header(CONTENT_LENGTH.as_str())?.parse().ok()
    }

    /// Fails unless the answer has this status.
    pub(crate) fn expect(self, status: StatusCode, doing: &str) -> Result<Self> {
        if self.status != status {
            let text = String::from_utf8_lossy(&self.body);
            bail!("{doing}: {} instead of {status} {text}", self.status);
        }
        Ok(self)
    }
}

struct Wire {
    sender: SendRequest<Payload>,
    driver: Pin<Box<http1::Connection<TokioIo<TcpStream>, Payload>>>,
    over: bool,
}

/// A connection to one server, opened at the first request and again whenever the server closes it.
pub(crate) struct Connection {
    address: SocketAddr,
    authorization: Option<HeaderValue>,
    wire: Option<Wire>,
}

impl Connection {
    /// A connection that presents `authorization` with every request.
    pub(crate) fn new(address: SocketAddr, authorization: Option<HeaderValue>) -> Self {
        Self { address, authorization, wire: None }
    }

    /// Asks, and reads the whole answer.
    pub(crate) async fn ask(&mut self, ask: Ask<'_>) -> Result<Answer> {
        let doing = format!("{} {}", ask.method, ask.path);
        match tokio::time::timeout(PATIENCE, self.exchange(ask)).await {
            Ok(answer) => answer.context(doing),
            Err(_) => bail!("{doing}: no answer within {PATIENCE:?}"),
        }
    }

    async fn exchange(&mut self, ask: Ask<'_>) -> Result<Answer> {
        let mut request = Request::builder().method(ask.method).uri(ask.path);
        request = request.header(HOST, HeaderValue::from_str(&self.address.to_string())?);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if let Some(media_type) = ask.media_type {
            request = request.header(CONTENT_TYPE, media_type);
        }
        if let Some(accept) = ask.accept {
            request = request.header(ACCEPT, accept);
        }
        if let Some(range) = ask.range {
            request = request.header(CONTENT_RANGE, range);
        }
        let request = request.body(ask.body)?;
        let mut wire = match self.wire.take() {
            Some(wire) if !wire.over && !wire.sender.is_closed() => wire,
            _ => open(self.address).await?,
        };
        // One task drives the connection and reads from it: no other has to be woken.
        let exchanged = {
            let reading = pin!(read(&mut wire.sender, request, ask.take));
            match select(reading, &mut wire.driver).await {
                Either::Left((answer, _)) => answer,
                Either::Right((_, reading)) => {
                    wire.over = true;
                    reading.await
                }
            }
        };
        self.wire = Some(wire);
        exchanged
    }
}

async fn open(address: SocketAddr) -> Result<Wire> {
    let stream = TcpStream::connect(address).await.context("could not connect")?;
    stream.set_nodelay(true)?;
    let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
    Ok(Wire { sender, driver: Box::pin(driver), over: false })
}

async fn read(
    sender: &mut SendRequest<Payload>,
    request: Request<Payload>,
    take: Take,
) -> Result<Answer> {
    let began = Instant::now();
    sender.ready().await?;
    let (head, mut body) = sender.send_request(request).await?.into_parts();
    let first_byte = began.elapsed();
    // What a refusal says is worth reading.
    let take = if head.status.is_success() || take == Take::Keep { take } else { Take::Keep };
    let mut hash = Sha256::new();
    let (mut bytes, mut kept) = (0, Vec::new());
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        bytes += data.len() as u64;
        match take {
            Take::Count => {}
            Take::Hash => hash.update(&data),
            Take::Keep => kept.extend_from_slice(&data),
        }
    }
    let digest = (take == Take::Hash).then(|| format!("sha256:{}", hex::encode(hash.finalize())));
    Ok(Answer { status: head.status, headers: head.headers, first_byte, bytes, digest, body: kept })
}
