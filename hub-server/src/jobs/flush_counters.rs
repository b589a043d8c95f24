//! Writes down pulls, uses of credentials, refusals, blobs that were asked for and what was not
//! found, a batch at a time.

use crate::App;
use crate::services::{audit, search::missed};

/// One flush. What cannot be written is kept for the next one.
pub(crate) async fn run(app: &App) {
    let pulls = app.pulls.take();
    if !pulls.is_empty() {
        match app.db.add_pulls(&pulls, app.now_ms()).await {
            Ok(false) => {}
            Ok(true) => app.kick(),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "pulls wait for the next flush");
                app.pulls.put_back(pulls);
            }
        }
    }
    let asked = app.asked.take();
    if !asked.is_empty()
        && let Err(error) = app.db.renew_links(&asked).await
    {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "blobs that were asked for wait for the next flush");
        app.asked.put_back(asked);
    }
    if let Err(error) = missed::flush(app).await {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "searches that found nothing wait for the next flush");
    }
    if let Err(error) = audit::flush(app).await {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "refusals wait for the next flush");
    }
    // What is lost of these the next use of the same credential says again.
    let uses = app.uses.take();
    let (tokens, robots, keys) = (&uses.tokens, &uses.robots, &uses.keys);
    for written in [
        if tokens.is_empty() { Ok(()) } else { app.db.touch_tokens(tokens).await },
        if robots.is_empty() { Ok(()) } else { app.db.touch_robots(robots).await },
        if keys.is_empty() { Ok(()) } else { app.db.touch_access_keys(keys).await },
    ] {
        if let Err(error) = written {
            let error = &error as &dyn std::error::Error;
            tracing::debug!(error, "uses of credentials were not noted");
        }
    }
}
