//! Health, readiness and metrics, for probes and for Prometheus.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hub_model::{AccessTerms, SearchQuery};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::App;
use crate::telemetry;

/// How long a probe waits for each of the memories.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long the memories are not asked again: one look writes to the store, and anybody may ask.
const REMEMBERED: Duration = Duration::from_secs(2);

pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(Probed { app, last: Arc::default() })
}

/// The app, and what its memories said last. Who asks while they are asked waits for the answer.
#[derive(Debug, Clone)]
struct Probed {
    app: App,
    last: Arc<Mutex<Option<(Instant, Verdict)>>>,
}

/// Which of the memories answer.
#[derive(Debug, Clone, Copy)]
struct Verdict {
    database: bool,
    blobs: bool,
    index: bool,
}

impl Probed {
    async fn verdict(&self) -> Verdict {
        let mut last = self.last.lock().await;
        if let Some((at, verdict)) = *last
            && at.elapsed() < REMEMBERED
        {
            return verdict;
        }
        let verdict = look(&self.app).await;
        *last = Some((Instant::now(), verdict));
        verdict
    }
}

/// Asks the memories.
async fn look(app: &App) -> Verdict {
    let database = timeout(PATIENCE, app.db.ping());
    let blobs = timeout(PATIENCE, app.blobs.ready());
    // An index that is being rebuilt still answers, from what it had.
    let index = app.index.clone();
    let query = SearchQuery { limit: 1, ..SearchQuery::new("", AccessTerms::Everything) };
    let index = tokio::task::spawn_blocking(move || index.search(&query).is_ok());
    let (database, blobs, index) = tokio::join!(database, blobs, timeout(PATIENCE, index));
    Verdict {
        database: matches!(database, Ok(Ok(()))),
        blobs: matches!(blobs, Ok(Ok(()))),
        index: matches!(index, Ok(Ok(true))),
    }
}

/// Alive: the process answers.
async fn healthz() -> &'static str {
    "ok\n"
}

/// Ready: new callers are welcome, and the memories answer.
async fn readyz(State(probed): State<Probed>) -> Response {
    let Verdict { database, blobs, index } = probed.verdict().await;
    let stale = probed.app.index.is_stale();
    let checks = [
        ("database", database),
        ("blobs", blobs),
        ("index", index),
        ("draining", !probed.app.is_draining()),
    ];
    let mut text = String::new();
    for (what, good) in checks {
        let said = match (what, good) {
            ("draining", false) => "yes",
            ("draining", true) => "no",
            // It answers meanwhile, from what it has.
            ("index", true) if stale => "rebuilding",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_memories_are_not_asked_at_every_question() {
        let (app, _dir) = App::for_tests().await;
        let probed = Probed { app: app.clone(), last: Arc::default() };
        assert!(probed.verdict().await.database);
        app.db.close().await;
        // As remembered, however long this test took until here.
        if let Some((at, _)) = &mut *probed.last.lock().await {
            *at = Instant::now();
        }
        assert!(probed.verdict().await.database);
        *probed.last.lock().await = None;
        let verdict = probed.verdict().await;
        assert!(!verdict.database && verdict.blobs && verdict.index);
    }

    #[tokio::test]
    async fn an_index_that_is_built_anew_is_ready_and_says_so() {
        let (app, _dir) = App::for_tests().await;
        let probed = Probed { app: app.clone(), last: Arc::default() };
        let said = async || {
            let answer = readyz(State(probed.clone())).await;
            let body = axum::body::to_bytes(answer.into_body(), 1024).await.unwrap();
            String::from_utf8(body.to_vec()).unwrap()
        };
        app.index.outdate();
        assert_eq!(said().await, "database: ok\nblobs: ok\nindex: rebuilding\ndraining: no\n");
        let nothing = std::iter::empty::<Result<_, std::convert::Infallible>>();
        app.index.rebuild(nothing, 0).unwrap();
        assert_eq!(said().await, "database: ok\nblobs: ok\nindex: ok\ndraining: no\n");
    }
}
