//! Drops uploads that nobody went on with.

use crate::App;
use crate::services::{hours_ms, uploads};

/// How many are dropped in one go.
const BATCH: i64 = 200;

pub(crate) async fn run(app: &App) -> Result<(), super::Failure> {
    let before = app.now_ms().saturating_sub(hours_ms(app.config.registry.upload_hours));
    let mut after = (i64::MIN, String::new());
    loop {
        let stale = app.db.stale_uploads(before, (after.0, &after.1), BATCH).await?;
        let Some(last) = stale.last() else { return Ok(()) };
        after = last.clone();
        for (_, id) in &stale {
            // One that cannot be dropped does not stop the others: the next round tries it again.
            if let Err(error) = uploads::expire(app, id, before).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, upload = id.as_str(), "could not drop an old upload");
            }
        }
        tracing::debug!(uploads = stale.len(), "looked at uploads that nobody went on with");
    }
}
