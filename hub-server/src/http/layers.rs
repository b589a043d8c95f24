//! What surrounds every request: its id, one line in the log, counters, and a net for panics.

use std::any::Any;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use tracing::Instrument;

use super::meter::{self, Surface};
use super::proxies;
use crate::App;

/// Header that carries the id of a request, ours or the one of a proxy before us.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id that is taken over from outside, in bytes: it ends in every log line.
const LONGEST_ID: usize = 64;

/// Smallest answer that is worth compressing, in bytes: one packet.
const WORTH_COMPRESSING: u64 = 1400;

/// How long a request may take where no blobs travel.
const PATIENCE: Duration = Duration::from_mins(1);

/// The id of a request, as an extension of it: answers to 5xx name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// The layers around all surfaces.
pub(super) fn outermost(app: &App, router: Router) -> Router {
    router
        .layer(from_fn_with_state(app.clone(), proxies::settle))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(observe))
}

/// The layers around surfaces that answer texts: compression, a limit on bodies and on time.
pub(super) fn texts(router: Router, max_body_bytes: usize) -> Router {
    let compression =
        CompressionLayer::new().compress_when(SizeAbove::new(WORTH_COMPRESSING).and(is_text));
    router
        // Ours counts instead of axum's 2 MB.
        .layer(axum::extract::DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(max_body_bytes))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .layer(compression)
}

/// HTML, JSON, feeds, style sheets and scripts; pictures are compressed already.
fn is_text(
    _: StatusCode,
    _: axum::http::Version,
    headers: &axum::http::HeaderMap,
    _: &axum::http::Extensions,
) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    kind.starts_with("text/")
        || kind.ends_with("json")
        || kind.ends_with("xml")
        || kind.ends_with("javascript")
}

/// Gives the request an id, runs it inside a span, writes one line and counts.
async fn observe(mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = request_id(request.headers().get(REQUEST_ID));
    let method = request.method().clone();
    // Cheap handles: the text itself is shared.
    let uri = request.uri().clone();
    let surface = Surface::of(uri.path());
    request.extensions_mut().insert(RequestId(id.clone()));

    let span = tracing::info_span!("request", request_id = id);
    let mut response = next.run(request).instrument(span.clone()).await;

    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    // Who is asked to come back is told when.
    if matches!(response.status().as_u16(), 429 | 503) {
        let soon = HeaderValue::from_static("5");
        response.headers_mut().entry(header::RETRY_AFTER).or_insert(soon);
    }
    let took = began.elapsed();
    meter::count(surface, response.status(), took);
    let status = response.status().as_u16();
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| {
        // Without the query: it may hold what somebody typed, or a signature.
        let path = uri.path();
        let name = surface.as_str();
        if surface == Surface::Ops {
            tracing::debug!(surface = name, status, duration_ms, "{method} {path} {status}");
        } else {
            tracing::info!(surface = name, status, duration_ms, "{method} {path} {status}");
        }
    });
    response
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

#[expect(clippy::needless_pass_by_value, reason = "the layer hands the box over")]
fn panicked(what: Box<dyn Any + Send + 'static>) -> Response {
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
