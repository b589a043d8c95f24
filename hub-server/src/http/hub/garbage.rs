//! Doors of the collector of garbage, for administrators.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use hub_api::{GcRunView, GcRuns, Problem, StartGc};

use super::error::HubError;
use super::input::{Body, IdInPath, InPath, Who};
use crate::App;
use crate::services::gc::{self, GcOrder};

/// The last runs of the collector, the newest first.
#[utoipa::path(get, path = "/api/v1/gc", tag = "gc",
    responses((status = 200, body = GcRuns), (status = 403, body = Problem)))]
pub(super) async fn list_gc_runs(
    State(app): State<App>,
    Who(actor): Who,
) -> Result<Json<GcRuns>, HubError> {
    let runs = gc::list(&app, &actor).await?;
    Ok(Json(GcRuns { items: runs.into_iter().map(Into::into).collect() }))
}

/// Asks for a run, which begins in a moment; its address tells how far it is.
#[utoipa::path(post, path = "/api/v1/gc", tag = "gc", request_body = StartGc,
    responses((status = 202, body = GcRunView), (status = 403, body = Problem)))]
pub(super) async fn start_gc(
    State(app): State<App>,
    Who(actor): Who,
    Body(wish): Body<StartGc>,
) -> Result<impl IntoResponse, HubError> {
    let order = GcOrder {
        dry_run: wish.dry_run,
        grace_ms: milliseconds("graceSeconds", wish.grace_seconds)?,
        untagged_ms: milliseconds("untaggedSeconds", wish.untagged_seconds)?,
    };
    let run = gc::ask(&app, &actor, order).await?;
    let location = [(header::LOCATION, format!("/api/v1/gc/{}", run.id))];
    Ok((StatusCode::ACCEPTED, location, Json(GcRunView::from(run))))
}

/// One run of the collector, with how far it is.
#[utoipa::path(get, path = "/api/v1/gc/{id}", tag = "gc",
    params(("id" = i64, Path, description = "Number of the run")),
    responses((status = 200, body = GcRunView), (status = 404, body = Problem)))]
pub(super) async fn show_gc_run(
    State(app): State<App>,
    Who(actor): Who,
    InPath(IdInPath { id }): InPath<IdInPath>,
) -> Result<Json<GcRunView>, HubError> {
    Ok(Json(gc::get(&app, &actor, id).await?.into()))
}

fn milliseconds(field: &str, seconds: Option<u64>) -> Result<Option<i64>, HubError> {
    let too_long = || HubError::invalid(field, "it has at most 10 000 000 000 seconds");
    let Some(seconds) = seconds else { return Ok(None) };
    if seconds > 10_000_000_000 {
        return Err(too_long());
    }
    i64::try_from(seconds * 1000).map(Some).map_err(|_| too_long())
}
