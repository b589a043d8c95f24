//! The one door: what surrounds every request, and which surface answers it.
//!
//! Each request gets an id, a line in the log, counters and a net for panics. That is done here by
//! hand and not by layers of tower: what is pulled all day would otherwise pass a dozen of them,
//! each with a future in a box of its own (`docs/reference/performance.md`).

use std::any::Any;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{BoxError, Router};
use futures::FutureExt;
use futures::future::BoxFuture;
use tower::{Service, ServiceExt};
use tracing::{Instrument, Span};

use super::meter::{self, Surface};
use super::{proxies, registry, surfaces};
use crate::App;
use crate::app::Origin;

/// Header that carries the id of a request, ours or the one of a proxy before us.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken over from outside, in bytes: it ends in every log line.
const LONGEST_ID: usize = 64;

/// The id of a request, as an extension of it: answers to 5xx name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Everything that the hub serves. A cheap handle.
#[derive(Debug, Clone)]
pub struct Door(Arc<Inside>);

#[derive(Debug)]
struct Inside {
    app: App,
    /// Whatever is not below `/v2/`.
    others: Router,
}

impl Door {
    /// The door of a hub.
    #[must_use]
    pub fn new(app: &App) -> Self {
        Self(Arc::new(Inside { app: app.clone(), others: surfaces(app) }))
    }

    /// The door as one connection sees it, with the address at its other end.
    #[must_use]
    pub fn for_peer(&self, peer: SocketAddr) -> Visit {
        Visit { door: self.clone(), peer: peer.ip() }
    }

    /// Answers a request that came from `peer`, when that is known.
    pub async fn answer(&self, peer: Option<IpAddr>, request: Request) -> Response {
        let began = Instant::now();
        let id = request_id(request.headers().get(REQUEST_ID));
        let method = request.method().clone();
        // A cheap handle: the text itself is shared.
        let uri = request.uri().clone();
        let surface = Surface::of(uri.path());

        let span = tracing::info_span!("request", request_id = id);
        let answer = AssertUnwindSafe(self.inside(peer, &id, request)).catch_unwind();
        let answer = answer.instrument(span.clone()).await;
        let mut response = answer.unwrap_or_else(|what| span.in_scope(|| panicked(&*what)));

        if let Ok(value) = HeaderValue::try_from(id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        // Who is asked to come back is told when.
        if matches!(response.status().as_u16(), 429 | 503) {
            let soon = HeaderValue::from_static("5");
            response.headers_mut().entry(header::RETRY_AFTER).or_insert(soon);
        }
        let took = began.elapsed();
        meter::count(surface, response.status(), took);
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        log(&span, surface, (method.as_str(), &uri), response.status(), duration_ms);
        response
    }

    /// Settles who asks whom, and calls the surface.
    async fn inside(&self, peer: Option<IpAddr>, id: &str, mut request: Request) -> Response {
        let client = match proxies::settle(&self.0.app.config, peer, &mut request) {
            Ok(client) => client,
            Err(refusal) => return refusal,
        };
        let origin = || Origin { address: client.text(), request_id: id.to_owned() };
        if registry::answers(request.uri().path()) {
            // Who signs in may fail to, and that is noted with where they came from.
            let reads = request.method().is_safe() && !signs_in(request.headers());
            let answer = registry::answer(&self.0.app, client, request);
            // Nothing is noted of who reads by token, and who pulls all day should not pay for it.
            return if reads { answer.await } else { Box::pin(origin().of(answer)).await };
        }
        request.extensions_mut().insert(RequestId(id.to_owned()));
        request.extensions_mut().insert(client);
        let answer = self.0.others.clone().oneshot(request);
        let Ok(response) = Box::pin(origin().of(answer)).await;
        response
    }
}

/// Whether a request comes with a name and a password.
fn signs_in(headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
    given.and_then(|given| given.get(..6)).is_some_and(|word| word.eq_ignore_ascii_case(b"basic "))
}

/// One connection's way in.
#[derive(Debug, Clone)]
pub struct Visit {
    door: Door,
    peer: IpAddr,
}

impl<B> Service<axum::http::Request<B>> for Visit
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: axum::http::Request<B>) -> Self::Future {
        let Self { door, peer } = self.clone();
        Box::pin(async move { Ok(door.answer(Some(peer), request.map(Body::new)).await) })
    }
}

/// One line for each request.
fn log(span: &Span, surface: Surface, asked: (&str, &Uri), status: StatusCode, duration_ms: u64) {
    let (method, uri) = asked;
    span.in_scope(|| {
        // Without the query: it may hold what somebody typed, or a signature.
        let (path, status, name) = (uri.path(), status.as_u16(), surface.as_str());
        if surface == Surface::Ops {
            tracing::debug!(surface = name, status, duration_ms, "{method} {path} {status}");
        } else {
            tracing::info!(surface = name, status, duration_ms, "{method} {path} {status}");
        }
    });
}

/// The id that came along, when it is harmless; else a new one.
fn request_id(given: Option<&HeaderValue>) -> String {
    let harmless = |id: &&str| {
        (1..=LONGEST_ID).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    let given = given.and_then(|value| value.to_str().ok()).filter(harmless);
    given.map_or_else(fresh_id, str::to_owned)
}

/// An id that no other request has: random for this process, then counted.
fn fresh_id() -> String {
    static BEGIN: LazyLock<(u64, AtomicU64)> =
        LazyLock::new(|| (rand::random(), AtomicU64::new(rand::random())));
    let (process, next) = &*BEGIN;
    format!("{process:016x}{:016x}", next.fetch_add(1, Ordering::Relaxed))
}

/// The answer of a request that panicked.
fn panicked(what: &(dyn Any + Send)) -> Response {
    let text = what
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| what.downcast_ref::<&str>().copied())
        .unwrap_or("no text");
    tracing::error!(panic = text, "a request panicked");
    (StatusCode::INTERNAL_SERVER_ERROR, "the hub failed, its log says more\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_harmless_id_is_taken_over_and_others_are_replaced() {
        let given = |text| HeaderValue::from_bytes(text).unwrap();
        assert_eq!(request_id(Some(&given(b"abc-1"))), "abc-1");
        for bad in [&b""[..], b"a b", b"x\"y", "é".as_bytes(), &[b'a'; 65]] {
            assert_eq!(request_id(Some(&given(bad))).len(), 32);
        }
        assert_ne!(request_id(None), request_id(None));
    }
}
