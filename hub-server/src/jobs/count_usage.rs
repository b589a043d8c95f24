//! Folds what changes noted about the use of organisations, and counts it anew once in a while.

use crate::App;
use crate::services::hours_ms;

/// How many organisations are looked at in one go.
const BATCH: i64 = 200;

pub(crate) async fn run(app: &App) -> Result<(), super::Failure> {
    let due = app.now_ms().saturating_sub(hours_ms(app.config.quota.recount_hours));
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
