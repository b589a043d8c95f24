//! Jobs: work that one replica does once, later.
//!
//! A row is `queued` until a worker claims it, `running` while its worker keeps the lease, and
//! gone when the work is done; `failed` rows stay until somebody asks for the work again.
//! Whoever asks while the work is going on may want what its worker already passed by, so the
//! row remembers to be queued once more when it ends.

use hub_model::{ClaimedJob, Job};
use sqlx::FromRow;

use crate::rows::{json, json_text, parsed};
use crate::{Change, Db, DbError, Doing};

/// How often a job is begun before it counts as failed.
const MAX_ATTEMPTS: i64 = 5;

statements! {
    ENQUEUE =
        "INSERT INTO job (kind, key, payload, state, run_at_ms, attempts, max_attempts, locked_by,
                          locked_until_ms)
         VALUES ($1, $2, $3, 'queued', $4, 0, $5, '', 0)
         ON CONFLICT (key) DO UPDATE
         SET kind = excluded.kind,
             payload = excluded.payload,
             max_attempts = excluded.max_attempts,
             state = CASE job.state WHEN 'running' THEN 'running' ELSE 'queued' END,
             attempts = CASE job.state WHEN 'running' THEN job.attempts ELSE 0 END,
             run_at_ms = CASE
                 WHEN job.state = 'running' THEN job.run_at_ms
                 WHEN job.state = 'queued' AND job.run_at_ms < excluded.run_at_ms
                     THEN job.run_at_ms
                 ELSE excluded.run_at_ms END,
             again_at_ms = CASE
                 WHEN job.state <> 'running' THEN NULL
                 WHEN job.again_at_ms < excluded.run_at_ms THEN job.again_at_ms
                 ELSE excluded.run_at_ms END";
    RENEW_JOB =
        "UPDATE job
         SET locked_until_ms = $3
         WHERE id = $1 AND locked_by = $2 AND state = 'running'";
    DELETE_JOB =
        "DELETE FROM job
         WHERE id = $1 AND locked_by = $2 AND state = 'running' AND again_at_ms IS NULL";
    QUEUE_AGAIN =
        "UPDATE job
         SET state = 'queued', run_at_ms = again_at_ms, again_at_ms = NULL, attempts = 0,
             locked_by = '', locked_until_ms = 0, last_error = NULL
         WHERE id = $1 AND locked_by = $2 AND state = 'running' AND again_at_ms IS NOT NULL";
    FAIL_JOB =
        "UPDATE job
         SET state = CASE WHEN COALESCE(again_at_ms, $4) IS NULL THEN 'failed' ELSE 'queued' END,
             run_at_ms = COALESCE(again_at_ms, $4, run_at_ms),
             attempts = CASE WHEN again_at_ms IS NULL THEN attempts ELSE 0 END,
             again_at_ms = NULL,
             locked_by = '',
             locked_until_ms = 0,
             last_error = $3
         WHERE id = $1 AND locked_by = $2 AND state = 'running'";
    OPEN_JOBS =
        "SELECT COUNT(*)
         FROM job
         WHERE state IN ('queued', 'running')";
}

/// What a claim answers.
#[derive(FromRow)]
pub(crate) struct ClaimRow {
    id: i64,
    payload: String,
    attempts: i64,
    max_attempts: i64,
}

impl TryFrom<ClaimRow> for ClaimedJob {
    type Error = sqlx::Error;

    fn try_from(row: ClaimRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            job: json::<Job>(&row.payload)?,
            attempts: parsed(u32::try_from(row.attempts))?,
            max_attempts: parsed(u32::try_from(row.max_attempts))?,
        })
    }
}

impl Db {
    /// Takes the next job that is due, or whose holder was not heard of in time. It is the
    /// holder's until `until_ms`, or longer by [`Db::renew_job`].
    ///
    /// A job whose holders vanished too often counts as failed, and so does one that this
    /// program cannot read: they are passed over.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn claim_job(
        &self,
        holder: &str,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<Option<ClaimedJob>, DbError> {
        loop {
            let row = self.claim(holder, now_ms, until_ms).await.doing("claim a job")?;
            let Some(row) = row else { return Ok(None) };
            let id = row.id;
            let reason = match ClaimedJob::try_from(row) {
                Ok(job) if job.attempts <= job.max_attempts => return Ok(Some(job)),
                Ok(_) => "its worker vanished each time".to_owned(),
                Err(error) => format!("it cannot be read: {error}"),
            };
            self.fail_job(id, holder, &reason, None).await?;
        }
    }

    /// Keeps a job longer; tells whether `holder` still has it.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn renew_job(&self, id: i64, holder: &str, until_ms: i64) -> Result<bool, DbError> {
        alone!(self, pool => {
            let done = sqlx::query(RENEW_JOB).bind(id).bind(holder).bind(until_ms);
            done.execute(pool).await.map(|done| done.rows_affected() == 1)
        })
        .doing("keep the job")
    }

    /// The job is done: it goes, or waits anew when somebody asked for it meanwhile. Nothing
    /// happens when `holder` does not have it any more.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn finish_job(&self, id: i64, holder: &str) -> Result<(), DbError> {
        // In this order: a request that comes in between finds no row and makes one.
        let deleted = alone!(self, pool => {
            let done = sqlx::query(DELETE_JOB).bind(id).bind(holder).execute(pool).await;
            done.map(|done| done.rows_affected() > 0)
        })
        .doing("finish the job")?;
        if deleted {
            return Ok(());
        }
        alone!(self, pool => {
            sqlx::query(QUEUE_AGAIN).bind(id).bind(holder).execute(pool).await.map(drop)
        })
        .doing("queue the job once more")
    }

    /// The job failed: it waits until `retry_at_ms`; with `None` it counts as failed, unless
    /// somebody asked for it meanwhile. Nothing happens when `holder` does not have it any more.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn fail_job(
        &self,
        id: i64,
        holder: &str,
        error: &str,
        retry_at_ms: Option<i64>,
    ) -> Result<(), DbError> {
        alone!(self, pool => {
            sqlx::query(FAIL_JOB)
                .bind(id)
                .bind(holder)
                .bind(error)
                .bind(retry_at_ms)
                .execute(pool)
                .await
                .map(drop)
        })
        .doing("put the failed job back")
    }

    /// Number of jobs that wait or are being done.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn open_jobs(&self) -> Result<i64, DbError> {
        read!(self, pool => sqlx::query_scalar(OPEN_JOBS).fetch_one(pool).await)
            .doing("count the jobs")
    }
}

impl Change {
    /// Asks for work not before `run_at_ms`. Asking twice is one job, at the earlier time; asking
    /// for what is being done right now has it done once more.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn enqueue(&mut self, job: &Job, run_at_ms: i64) -> Result<(), DbError> {
        let doing = "queue the job";
        let payload = json_text(job).doing(doing)?;
        within!(self, on => {
            sqlx::query(ENQUEUE)
                .bind(job.kind())
                .bind(job.key())
                .bind(payload)
                .bind(run_at_ms)
                .bind(MAX_ATTEMPTS)
                .execute(on)
                .await
                .map(drop)
        })
        .doing(doing)
    }
}

#[cfg(test)]
mod tests;
