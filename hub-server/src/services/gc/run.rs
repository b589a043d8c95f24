//! One run of the collector, from its lease to its report.

use std::time::{Duration, Instant};

use hub_db::DbError;
use hub_model::{GcReport, GcRun, GcState, GcWish};
use tokio::sync::MutexGuard;

use super::GcError;
use crate::App;

/// Name of the lease that one collector holds at a time.
const LEASE: &str = "gc";

/// How long the lease is held without being renewed, in milliseconds.
const LEASE_MS: i64 = 30_000;

/// How often the lease is renewed and the report written down.
const NEWS: Duration = Duration::from_secs(2);

/// A place where a test stops the collector, as a crash would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stop {
    /// After blobs were condemned.
    Condemned,
    /// After bytes were removed.
    BytesGone,
    /// After rows of blobs were removed.
    Buried,
    /// After blobs were taken out of repositories.
    Unlinked,
    /// After manifests were taken out.
    Manifests,
}

/// A run that goes on.
pub(super) struct Course<'a> {
    pub(super) app: &'a App,
    pub(super) wish: GcWish,
    pub(super) report: GcReport,
    /// When it began; marks after that are none of its business.
    pub(super) began_ms: i64,
    id: i64,
    turn: &'a Turn<'a>,
    told: Instant,
    stop_at: Option<Stop>,
    tell: Tell<'a>,
}

/// Why a run ends before it is done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Cut {
    #[error("the process stops")]
    Stopped,
    #[error(transparent)]
    Failed(#[from] GcError),
}

impl From<DbError> for Cut {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl Course<'_> {
    /// Marks up to here are old enough.
    pub(super) const fn before_ms(&self) -> i64 {
        self.began_ms.saturating_sub(self.wish.grace_ms)
    }

    /// Between two changes: says how far it is, and finds out whether to go on.
    pub(super) async fn breathe(&mut self) -> Result<(), Cut> {
        if self.app.stop.is_cancelled() {
            return Err(Cut::Stopped);
        }
        if self.told.elapsed() >= NEWS {
            self.told = Instant::now();
            self.renew().await?;
            self.app.db.tell_gc_run(self.id, &self.report, self.app.now_ms()).await?;
            if let Some(tell) = self.tell {
                tell(&self.report);
            }
        }
        Ok(())
    }

    /// Keeps the lease.
    pub(super) async fn renew(&self) -> Result<(), Cut> {
        if self.turn.renew().await? { Ok(()) } else { Err(GcError::Lost.into()) }
    }

    /// Stops here when a test wants it.
    pub(super) fn maybe_stop(&self, here: Stop) -> Result<(), Cut> {
        if self.stop_at == Some(here) { Err(Cut::Stopped) } else { Ok(()) }
    }

    async fn all_steps(&mut self) -> Result<(), Cut> {
        self.report.candidates = self.app.db.count_garbage(self.before_ms()).await?;
        if let Some(untagged_ms) = self.wish.untagged_ms {
            let before = self.began_ms.saturating_sub(untagged_ms);
            self.report.candidates += self.app.db.count_untagged(before).await?;
        }
        if self.wish.dry_run {
            self.would_drop_untagged().await?;
            self.report.orphans = self.app.db.count_orphans().await?;
            self.would_drop_links().await?;
            self.would_remove_blobs().await?;
            return self.would_drop_documents().await;
        }
        self.remove_condemned().await?;
        self.drop_untagged().await?;
        self.drop_orphans().await?;
        self.drop_links().await?;
        self.condemn().await?;
        self.remove_condemned().await?;
        self.drop_documents().await
    }
}

/// Hears how far a run is.
pub type Tell<'a> = Option<&'a (dyn Fn(&GcReport) + Send + Sync)>;

/// Does a run that was written down, here and now. `stop_at` is for tests.
///
/// # Errors
///
/// [`GcError::Busy`] while another collector works; the run then waits for another chance.
pub async fn run(app: &App, id: i64, stop_at: Option<Stop>) -> Result<GcRun, GcError> {
    let turn = Turn::take(app).await?;
    let outcome = turn.attend(id, None, stop_at).await;
    turn.give_back().await?;
    outcome
}

/// Writes a run down and does it, here and now. `tell` hears how far it is.
///
/// # Errors
///
/// [`GcError::Busy`] while another collector works; then nothing is written down.
pub async fn run_now(
    app: &App,
    cause: &str,
    wish: &GcWish,
    tell: Tell<'_>,
) -> Result<GcRun, GcError> {
    let turn = Turn::take(app).await?;
    let outcome = match super::write_down(app, cause, wish).await {
        Ok(id) => turn.attend(id, tell, None).await,
        Err(error) => Err(error.into()),
    };
    turn.give_back().await?;
    outcome
}

/// The right to collect, which one task of all replicas has.
struct Turn<'a> {
    app: &'a App,
    holder: String,
    /// On SQLite there is no other process, but there may be another task.
    _alone: MutexGuard<'a, ()>,
}

impl<'a> Turn<'a> {
    async fn take(app: &'a App) -> Result<Self, GcError> {
        let alone = app.collecting.try_lock().map_err(|_| GcError::Busy)?;
        let turn = Self { app, holder: uuid::Uuid::now_v7().to_string(), _alone: alone };
        if turn.renew().await? { Ok(turn) } else { Err(GcError::Busy) }
    }

    /// Whether it is still ours. Who has the folder of a SQLite file is alone: a lease there is
    /// what a dead process left behind.
    async fn renew(&self) -> Result<bool, DbError> {
        if self.app.config.is_single() {
            return Ok(true);
        }
        let now = self.app.now_ms();
        self.app.db.take_lease(LEASE, &self.holder, now, now + LEASE_MS).await
    }

    async fn give_back(self) -> Result<(), DbError> {
        self.app.db.give_back_lease(LEASE, &self.holder).await
    }

    async fn attend(
        &self,
        id: i64,
        tell: Tell<'_>,
        stop_at: Option<Stop>,
    ) -> Result<GcRun, GcError> {
        let app = self.app;
        let queued = app.db.gc_run(id).await?.ok_or(GcError::Unknown { id })?;
        let began_ms = app.now_ms();
        if !app.db.start_gc_run(id, &self.holder, began_ms).await? {
            return Err(GcError::Busy);
        }
        let mut course = Course {
            app,
            wish: queued.wish,
            report: GcReport::default(),
            began_ms,
            id,
            turn: self,
            told: Instant::now(),
            stop_at,
            tell,
        };
        let began = Instant::now();
        let ended = course.all_steps().await;
        let Course { report, wish, .. } = course;
        let (state, error) = match &ended {
            Ok(()) => (GcState::Done, None),
            Err(Cut::Stopped) => (GcState::Interrupted, None),
            Err(Cut::Failed(error)) => (GcState::Failed, Some(super::super::chain(error))),
        };
        count(&report, &wish, state, began.elapsed());
        app.db.end_gc_run(id, state, &report, error.as_deref(), app.now_ms()).await?;
        app.db.forget_gc_runs(i64::try_from(app.config.gc.reports).unwrap_or(i64::MAX)).await?;
        if let Err(Cut::Failed(error)) = ended {
            return Err(error);
        }
        app.db.gc_run(id).await?.ok_or(GcError::Unknown { id })
    }
}

fn count(report: &GcReport, wish: &GcWish, state: GcState, took: Duration) {
    let dry = if wish.dry_run { "true" } else { "false" };
    metrics::counter!("hub_gc_runs_total", "state" => state.as_str(), "dry_run" => dry)
        .increment(1);
    metrics::histogram!("hub_gc_run_seconds").record(took.as_secs_f64());
    // Counts are far below where a float loses the last digit.
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    metrics::gauge!("hub_gc_candidates").set(report.candidates as f64);
    if wish.dry_run {
        return;
    }
    metrics::counter!("hub_gc_deleted_blobs_total").increment(report.blobs);
    metrics::counter!("hub_gc_deleted_bytes_total").increment(report.bytes);
    metrics::counter!("hub_gc_unlinked_blobs_total").increment(report.links);
    metrics::counter!("hub_gc_deleted_manifests_total")
        .increment(report.manifests + report.orphans);
    metrics::counter!("hub_gc_deleted_documents_total").increment(report.documents);
    metrics::counter!("hub_gc_errors_total").increment(report.errors);
}
