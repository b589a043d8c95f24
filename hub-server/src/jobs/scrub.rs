//! Reads stored bytes again, slowly, so that what changed behind our back is found.

use hub_db::BlobRecord;
use hub_model::Digest;

use crate::App;
use crate::services::damage::{self, Damage, DamageError, Pace};

/// Name of the lease: one replica reads at a time.
const LEASE: &str = "scrub";

/// How long the lease is held without being renewed, in milliseconds. Reading one large blob may
/// take longer; then two replicas read it, which does no harm.
const LEASE_MS: i64 = 120_000;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Blobs read in one go.
const BATCH: i64 = 50;

/// Reads what is due, some blobs. Answers how many they were.
pub(crate) async fn run_some(app: &App) -> Result<usize, DamageError> {
    let settings = &app.config.scrub;
    let now = app.now_ms();
    if settings.bytes_per_second == 0
        || !app.db.take_lease(LEASE, &app.holder, now, now + LEASE_MS).await?
    {
        return Ok(0);
    }
    let days = i64::try_from(settings.every_days).unwrap_or(i64::MAX);
    let before = now.saturating_sub(days.saturating_mul(DAY_MS));
    let due = app.db.unchecked_blobs(before, BATCH).await?;
    let mut pace = Pace::new(settings.bytes_per_second);
    for (read, BlobRecord { digest, size, .. }) in due.iter().enumerate() {
        if app.stop.is_cancelled() {
            return Ok(read);
        }
        let found = tokio::select! {
            found = damage::read(app, digest, *size, &mut pace) => found,
            () = app.stop.cancelled() => return Ok(read),
        };
        match write_down(app, digest, *size, found).await {
            Err(DamageError::Db(error)) => return Err(error.into()),
            // Where nothing can be read, the others are not to pass for read.
            Err(error) if app.blobs.ready().await.is_err() => return Err(error),
            Err(error) => {
                // One that cannot be read does not stop the others: it comes again in its turn.
                app.db.blob_checked(digest, app.now_ms()).await?;
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, blob = digest.as_str(), "could not read a stored blob");
            }
            Ok(()) => {}
        }
        metrics::counter!("hub_scrubbed_blobs_total").increment(1);
        metrics::counter!("hub_scrubbed_bytes_total").increment(*size);
        let now = app.now_ms();
        app.db.take_lease(LEASE, &app.holder, now, now + LEASE_MS).await?;
    }
    Ok(due.len())
}

/// Writes down how a blob was found.
async fn write_down(
    app: &App,
    digest: &Digest,
    size: u64,
    found: Result<Option<Damage>, DamageError>,
) -> Result<(), DamageError> {
    match found? {
        None => Ok(app.db.blob_checked(digest, app.now_ms()).await?),
        Some(found) => damage::record(app, digest, size, &found).await.map(drop),
    }
}

/// Looks at blobs that could not be read as they should.
pub(crate) async fn suspects(app: &App) {
    for digest in app.suspects.take() {
        if let Err(error) = damage::suspect(app, &digest).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, blob = digest.as_str(), "could not look at a suspicious blob");
        }
    }
}
