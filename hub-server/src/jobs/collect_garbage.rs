//! Begins the runs of the collector: those that somebody asked for, and one each interval.

use crate::App;
use crate::services::gc::{self, GcError, GcOrder};

/// Milliseconds of a minute.
const MINUTE_MS: i64 = 60_000;

/// What the runs are for that nobody asked for.
const CAUSE: &str = "interval";

/// Does a run when one is due. Answers whether it did.
pub(crate) async fn run_one(app: &App) -> Result<bool, GcError> {
    let id = match app.db.queued_gc_run().await? {
        Some(run) => run.id,
        None if is_due(app).await? => {
            gc::write_down(app, CAUSE, &GcOrder::default().wish(app)).await?
        }
        None => return Ok(false),
    };
    match gc::run(app, id, None).await {
        Ok(run) => {
            let report = &run.report;
            tracing::info!(
                run = run.id,
                state = run.state.as_str(),
                dry_run = run.wish.dry_run,
                blobs = report.blobs,
                bytes = report.bytes,
                links = report.links,
                manifests = report.manifests + report.orphans,
                documents = report.documents,
                errors = report.errors,
                "collected garbage"
            );
            Ok(true)
        }
        // Another replica is at it; it takes this run up, too.
        Err(GcError::Busy) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the interval is over, for all replicas together.
async fn is_due(app: &App) -> Result<bool, GcError> {
    let minutes = i64::try_from(app.config.gc.interval_minutes).unwrap_or(i64::MAX);
    if minutes == 0 {
        return Ok(false);
    }
    let interval_ms = minutes.saturating_mul(MINUTE_MS);
    let last = app.db.last_gc_start().await?.unwrap_or(app.started_ms);
    let now = app.now_ms();
    // A clock that was set back must not put it off for long.
    Ok(now >= last.saturating_add(interval_ms) || now < last.saturating_sub(interval_ms))
}
