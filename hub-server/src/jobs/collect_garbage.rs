//! Begins the runs of the collector: those that somebody asked for, one each interval, and one
//! after another that did not come to its end.

use hub_model::GcState;

use crate::App;
use crate::services::gc::{self, GcError, GcOrder};

/// Milliseconds of a minute.
const MINUTE_MS: i64 = 60_000;

/// Why the runs are that nobody asked for.
const INTERVAL: &str = "interval";

/// Why a run is that ends what another one began.
const UNFINISHED: &str = "unfinished";

/// Does a run when one is due. Answers whether it did.
pub(crate) async fn run_one(app: &App) -> Result<bool, GcError> {
    let wish = GcOrder::default().wish(app);
    let done = if let Some(run) = app.db.queued_gc_run().await? {
        gc::run(app, run.id, None).await
    } else if is_due(app).await? {
        let id = gc::write_down(app, INTERVAL, &wish).await?;
        gc::run(app, id, None).await
    } else if is_unfinished(app).await? {
        gc::run_now(app, UNFINISHED, &wish, None).await
    } else {
        return Ok(false);
    };
    match done {
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

/// Whether the last run left blobs behind that it had condemned: nobody can push those until they
/// are gone. One that another replica is at looks the same; that one holds the lease. After a
/// failure the next one has a minute's time.
async fn is_unfinished(app: &App) -> Result<bool, GcError> {
    let left = match app.db.gc_runs(1).await?.pop() {
        Some(run) => match run.state {
            GcState::Running | GcState::Interrupted => true,
            GcState::Failed => run.ended_at_ms.unwrap_or_default() + MINUTE_MS <= app.now_ms(),
            GcState::Queued | GcState::Done => false,
        },
        None => false,
    };
    Ok(left && app.db.any_condemned().await?)
}
