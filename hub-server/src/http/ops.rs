//! Health, readiness and metrics, for probes and for Prometheus.

use std::fmt::Write;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::App;
use crate::telemetry;

/// How long a probe waits for each of the memories.
const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(app)
}

/// Alive: the process answers.
async fn healthz() -> &'static str {
    "ok\n"
}

/// Ready: new callers are welcome, and the memories answer.
async fn readyz(State(app): State<App>) -> Response {
    let database = tokio::time::timeout(PATIENCE, app.db.ping()).await;
    let blobs = tokio::time::timeout(PATIENCE, app.blobs.ready()).await;
    let checks = [
        ("database", matches!(database, Ok(Ok(())))),
        ("blobs", matches!(blobs, Ok(Ok(())))),
        // An index that is being rebuilt still answers, from what it had.
        ("index", app.index.position() >= 0),
        ("draining", !app.is_draining()),
    ];
    let mut text = String::new();
    for (what, good) in checks {
        let said = match (what, good) {
            ("draining", false) => "yes",
            ("draining", true) => "no",
            (_, true) => "ok",
            (_, false) => "failed",
        };
        let _ = writeln!(text, "{what}: {said}");
    }
    let ready = checks.iter().all(|(_, good)| *good);
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, [(header::CACHE_CONTROL, "no-store")], text).into_response()
}

/// Everything that is counted, in the form of Prometheus.
async fn metrics() -> Response {
    let Some(handle) = telemetry::metrics() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "nothing is counted\n").into_response();
    };
    let kind = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (kind, handle.render()).into_response()
}
