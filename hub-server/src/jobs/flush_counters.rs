//! Writes down pulls, uses of tokens, refusals and blobs that were asked for, a batch at a time.

use crate::App;
use crate::services::audit;

/// One flush. What cannot be written is kept for the next one.
pub(crate) async fn run(app: &App) {
    let pulls = app.pulls.take();
    if !pulls.is_empty()
        && let Err(error) = app.db.add_pulls(&pulls).await
    {
        tracing::warn!(error = &error as &dyn std::error::Error, "pulls wait for the next flush");
        app.pulls.put_back(pulls);
    }
    let asked = app.asked.take();
    if !asked.is_empty()
        && let Err(error) = app.db.renew_links(&asked).await
    {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "blobs that were asked for wait for the next flush");
        app.asked.put_back(asked);
    }
    if let Err(error) = audit::flush(app).await {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "refusals wait for the next flush");
    }
    let uses = app.uses.take();
    if !uses.is_empty()
        && let Err(error) = app.db.touch_tokens(&uses).await
    {
        // Lost: the next use of the same token says the same.
        tracing::debug!(error = &error as &dyn std::error::Error, "uses of tokens were not noted");
    }
}
