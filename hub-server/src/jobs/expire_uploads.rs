//! Drops uploads that nobody went on with.

use crate::App;
use crate::services::uploads;

/// How many are dropped in one go.
const BATCH: i64 = 200;

pub(crate) async fn run(app: &App) -> Result<(), super::Failure> {
    let hours = i64::try_from(app.config.registry.upload_hours).unwrap_or(i64::MAX / 3_600_000);
    let before = app.now_ms().saturating_sub(hours.saturating_mul(3_600_000));
    loop {
        let stale = app.db.stale_uploads(before, BATCH).await?;
        for id in &stale {
            uploads::expire(app, id, before).await?;
        }
        if stale.is_empty() {
            return Ok(());
        }
        tracing::debug!(uploads = stale.len(), "dropped uploads that nobody went on with");
    }
}
