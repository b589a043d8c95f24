//! The layers around surfaces that answer texts.

use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

/// Smallest answer that is worth compressing, in bytes: one packet.
const WORTH_COMPRESSING: u64 = 1400;

/// How long a request may take where no blobs travel.
const PATIENCE: Duration = Duration::from_mins(1);

/// Compression, a limit on bodies and on time.
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
