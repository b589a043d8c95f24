//! The collector of garbage: what nothing needs any more goes, while everybody goes on working.
//!
//! Reachability stands in the database. Each step works in small changes that look again, under
//! a lock, before anything goes, so it may be cut off anywhere and the next run goes on:
//!
//! 1. blobs that an earlier run condemned: their bytes, then their rows;
//! 2. untagged manifests, when the policy wants them gone;
//! 3. manifests that no repository holds;
//! 4. blobs of repositories that no manifest there names;
//! 5. blobs that no repository holds: condemned, then their bytes, then their rows;
//! 6. documents that no details name.
//!
//! One collector works at a time, over all replicas: it holds a lease. It needs none to be safe
//! (rows are locked), only to be no burden.

mod documents;
mod links;
mod manifests;
mod removal;
mod run;
#[cfg(test)]
mod tests;

use hub_db::DbError;
use hub_model::{Actor, GcRun, GcWish};
use serde_json::json;

use super::access::{self, AccessError};
use super::audit::{self, Act};
use super::hours_ms;
use crate::App;

pub use run::{Stop, Tell, run, run_now};

/// Most runs that are listed.
const LISTED: i64 = 50;

/// Why nothing was collected.
#[derive(Debug, thiserror::Error)]
pub enum GcError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such run.
    #[error("there is no run {id} of the collector")]
    Unknown {
        /// Its number.
        id: i64,
    },
    /// Another collector works, here or on another replica.
    #[error("another collector is at work, it began before this one")]
    Busy,
    /// The lease of the collector was lost to another one.
    #[error("another collector took over")]
    Lost,
    /// The metadata store failed.
    #[error("could not collect garbage")]
    Db(#[from] DbError),
}

/// What somebody wants otherwise than the settings say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GcOrder {
    /// Only find out what would go.
    pub dry_run: bool,
    /// How long something must have been without use, in milliseconds.
    pub grace_ms: Option<i64>,
    /// How long a manifest must have been untagged, in milliseconds; 0 keeps them all.
    pub untagged_ms: Option<i64>,
}

impl GcOrder {
    /// The order, completed by the settings.
    #[must_use]
    pub fn wish(self, app: &App) -> GcWish {
        let settings = &app.config.gc;
        let untagged_hours = settings.untagged_days.saturating_mul(24);
        let untagged = self.untagged_ms.unwrap_or_else(|| hours_ms(untagged_hours));
        GcWish {
            dry_run: self.dry_run,
            grace_ms: self.grace_ms.unwrap_or_else(|| hours_ms(settings.grace_hours)).max(0),
            untagged_ms: Some(untagged).filter(|ms| *ms > 0),
        }
    }
}

/// Asks for a run, which the collector of this or of another replica begins soon.
///
/// # Errors
///
/// When the caller does not administer the hub.
pub async fn ask(app: &App, actor: &Actor, order: GcOrder) -> Result<GcRun, GcError> {
    access::administer(app, actor, ("gc.start", ""))?;
    let wish = order.wish(app);
    let mut change = app.db.change().await?;
    let id = change.add_gc_run(actor.name(), &wish, app.now_ms()).await?;
    let told = json!({"run": id, "dryRun": wish.dry_run, "graceSeconds": wish.grace_ms / 1000,
        "untaggedSeconds": wish.untagged_ms.map(|ms| ms / 1000)});
    let act = Act { action: "gc.start", target: "", org_id: None };
    audit::done(app, &mut change, actor, act, ((), told)).await?;
    change.commit().await?;
    app.wake_gc.notify_one();
    get(app, actor, id).await
}

/// Writes down that a run is wanted; answers its number.
///
/// # Errors
///
/// When the metadata store fails.
pub(crate) async fn write_down(app: &App, cause: &str, wish: &GcWish) -> Result<i64, DbError> {
    let mut change = app.db.change().await?;
    let id = change.add_gc_run(cause, wish, app.now_ms()).await?;
    change.commit().await?;
    Ok(id)
}

/// The last runs, the newest first.
///
/// # Errors
///
/// When the caller does not administer the hub.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<GcRun>, GcError> {
    access::require_administrator(actor)?;
    Ok(app.db.gc_runs(LISTED).await?)
}

/// One run, with how far it is.
///
/// # Errors
///
/// [`GcError::Unknown`] when there is none of that number.
pub async fn get(app: &App, actor: &Actor, id: i64) -> Result<GcRun, GcError> {
    access::require_administrator(actor)?;
    app.db.gc_run(id).await?.ok_or(GcError::Unknown { id })
}
