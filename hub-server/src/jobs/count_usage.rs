//! Folds what changes noted about the use of organisations, and counts it anew once in a while.

use crate::App;

/// How many organisations are looked at in one go.
const BATCH: i64 = 200;

/// Milliseconds of an hour.
const HOUR_MS: i64 = 3_600_000;

pub(crate) async fn run(app: &App) -> Result<(), super::Failure> {
    let hours = i64::try_from(app.config.quota.recount_hours).unwrap_or(i64::MAX / HOUR_MS);
    let due = app.now_ms().saturating_sub(hours.saturating_mul(HOUR_MS));
    let mut after = 0;
    loop {
        // Two changes at once may have counted one blob twice, and what was folded says nothing of
        // that: so everything is due once in a while, also what did not change since.
        let found = app.db.usage_to_fold(after, due, BATCH).await?;
        for &(org_id, counted_at_ms) in &found {
            let mut change = app.db.change().await?;
            if counted_at_ms <= due {
                change.recount_usage(org_id, app.now_ms()).await?;
            }
            change.fold_usage(org_id).await?;
            change.commit().await?;
            after = org_id;
        }
        if found.is_empty() {
            return Ok(());
        }
    }
}
