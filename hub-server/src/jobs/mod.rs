//! Later: what services leave to be done, done by this process or by another replica.
//!
//! Jobs are rows, claimed by one process at a time and begun again when it dies: every one of them
//! may run twice. Letters are read by every replica. Both are found by polling, and at once when
//! this process wrote them ([`App::kick`]).

mod collect_garbage;
mod count_usage;
mod describe_image;
mod describe_repo;
mod expire_uploads;
mod flush_counters;
mod follow_outbox;
mod forget_audit;
mod forget_pulls;
mod runner;
mod scrub;

use std::time::{Duration, Instant};

use hub_db::DbError;

use crate::App;

/// What a job fails with; the runner logs it, notes it and tries again.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Longest wait for open work.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is still something to do.
#[derive(Debug, thiserror::Error)]
pub enum Unsettled {
    /// Jobs are still open, or the index is behind.
    #[error("{jobs} jobs are open, and the index has read letter {read} of {last}")]
    Open {
        /// Number of jobs that wait or run.
        jobs: i64,
        /// The letter that the index has read.
        read: i64,
        /// The last letter.
        last: i64,
    },
    /// The metadata store failed.
    #[error("could not look for open jobs")]
    Db(#[from] DbError),
    /// The index failed.
    #[error("could not bring the index up to date")]
    Follow(#[from] follow_outbox::FollowError),
}

/// Starts the workers of this process.
pub(crate) fn start(app: &App) {
    runner::start(app);
}

/// Builds the index anew out of the records. Answers the number of repositories.
///
/// # Errors
///
/// When the metadata store or the index fails.
pub async fn reindex(app: &App) -> Result<u64, follow_outbox::FollowError> {
    follow_outbox::rebuild(app).await
}

/// Does a run of the collector of garbage when one is due; answers whether it did.
#[cfg(test)]
pub(crate) async fn collect_one(app: &App) -> Result<bool, crate::services::gc::GcError> {
    collect_garbage::run_one(app).await
}

/// Drops uploads that nobody went on with.
#[cfg(test)]
pub(crate) async fn expire_old_uploads(app: &App) {
    expire_uploads::run(app).await.expect("the store answers");
}

/// Writes down what was counted in memory.
pub(crate) async fn flush(app: &App) {
    flush_counters::run(app).await;
    scrub::suspects(app).await;
}

/// Lets the index read the letters that are there.
///
/// # Errors
///
/// When the metadata store or the index fails.
pub async fn catch_up(app: &App) -> Result<usize, follow_outbox::FollowError> {
    follow_outbox::catch_up(app).await
}

/// Reads some stored bytes again; answers how many blobs.
#[cfg(test)]
pub(crate) async fn scrub_some(app: &App) -> Result<usize, crate::services::damage::DamageError> {
    scrub::run_some(app).await
}

/// Does everything that waits, here and now, next to whoever else does so.
pub(crate) async fn settle(app: &App) -> Result<(), Unsettled> {
    let began = Instant::now();
    loop {
        while runner::run_one(app).await? {}
        flush_counters::run(app).await;
        follow_outbox::catch_up(app).await?;
        let jobs = app.db.open_jobs().await?;
        let last = app.db.last_letter().await?;
        let read = app.index.position();
        if jobs == 0 && read >= last {
            return Ok(());
        }
        if began.elapsed() > PATIENCE {
            return Err(Unsettled::Open { jobs, read, last });
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
