//! Runs of the collector of garbage: asked for, going on, past.

use hub_model::{GcReport, GcRun, GcState, GcWish};
use sqlx::FromRow;

use crate::rows::{all, json, json_text, known, one};
use crate::{Change, Db, DbError, Doing};

statements! {
    ADD_RUN =
        "INSERT INTO gc_run (state, cause, wish, report, holder, asked_at_ms)
         VALUES ('queued', $1, $2, '{}', '', $3)
         RETURNING id";
    RUN =
        "SELECT id, state, cause, wish, report, asked_at_ms, started_at_ms, seen_at_ms,
                ended_at_ms, error
         FROM gc_run
         WHERE id = $1";
    RUNS =
        "SELECT id, state, cause, wish, report, asked_at_ms, started_at_ms, seen_at_ms,
                ended_at_ms, error
         FROM gc_run
         ORDER BY id DESC
         LIMIT $1";
    QUEUED_RUN =
        "SELECT id, state, cause, wish, report, asked_at_ms, started_at_ms, seen_at_ms,
                ended_at_ms, error
         FROM gc_run
         WHERE state = 'queued'
         ORDER BY id
         LIMIT 1";
    LAST_START =
        "SELECT MAX(asked_at_ms)
         FROM gc_run
         WHERE cause = 'interval'";
    BREAK_RUNS =
        "UPDATE gc_run
         SET state = 'interrupted', ended_at_ms = $1
         WHERE state = 'running'";
    START_RUN =
        "UPDATE gc_run
         SET state = 'running', holder = $2, started_at_ms = $3, seen_at_ms = $3
         WHERE id = $1 AND state = 'queued'";
    TELL_RUN =
        "UPDATE gc_run
         SET report = $2, seen_at_ms = $3
         WHERE id = $1 AND state = 'running'";
    END_RUN =
        "UPDATE gc_run
         SET state = $2, report = $3, seen_at_ms = $4, ended_at_ms = $4, error = $5
         WHERE id = $1";
    FORGET_RUNS =
        "DELETE FROM gc_run
         WHERE state NOT IN ('queued', 'running')
           AND id <= (SELECT COALESCE(MAX(id), 0) FROM gc_run) - $1";
}

#[derive(FromRow)]
struct RunRow {
    id: i64,
    state: String,
    cause: String,
    wish: String,
    report: String,
    asked_at_ms: i64,
    started_at_ms: Option<i64>,
    seen_at_ms: Option<i64>,
    ended_at_ms: Option<i64>,
    error: Option<String>,
}

impl TryFrom<RunRow> for GcRun {
    type Error = sqlx::Error;

    fn try_from(row: RunRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            state: known(&row.state, GcState::parse(&row.state))?,
            cause: row.cause,
            wish: json(&row.wish)?,
            report: json(&row.report)?,
            asked_at_ms: row.asked_at_ms,
            started_at_ms: row.started_at_ms,
            seen_at_ms: row.seen_at_ms,
            ended_at_ms: row.ended_at_ms,
            error: row.error,
        })
    }
}

impl Db {
    /// A run.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn gc_run(&self, id: i64) -> Result<Option<GcRun>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, RunRow>(RUN).bind(id).fetch_optional(pool).await
        });
        row.and_then(one).doing("read the run of the collector")
    }

    /// The last runs, the newest first.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn gc_runs(&self, limit: i64) -> Result<Vec<GcRun>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as::<_, RunRow>(RUNS).bind(limit).fetch_all(pool).await
        });
        rows.and_then(all).doing("list the runs of the collector")
    }

    /// The run that waits longest.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn queued_gc_run(&self) -> Result<Option<GcRun>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as::<_, RunRow>(QUEUED_RUN).fetch_optional(pool).await
        });
        row.and_then(one).doing("look for a run of the collector")
    }

    /// When the interval last asked for a run, in milliseconds.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn last_gc_start(&self) -> Result<Option<i64>, DbError> {
        read!(self, pool => sqlx::query_scalar(LAST_START).fetch_one(pool).await)
            .doing("read when the collector began last")
    }

    /// Begins a run that waits; tells whether it still waited. Whoever calls this is the only
    /// collector, so runs that look as if they went on were cut off.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn start_gc_run(&self, id: i64, holder: &str, at_ms: i64) -> Result<bool, DbError> {
        alone!(self, pool => async {
            sqlx::query(BREAK_RUNS).bind(at_ms).execute(pool).await?;
            let start = sqlx::query(START_RUN).bind(id).bind(holder).bind(at_ms);
            start.execute(pool).await.map(|done| done.rows_affected() == 1)
        }
        .await)
        .doing("begin the run of the collector")
    }

    /// Writes down how far a run is.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn tell_gc_run(&self, id: i64, report: &GcReport, at_ms: i64) -> Result<(), DbError> {
        let doing = "write down how far the collector is";
        let report = json_text(report).doing(doing)?;
        alone!(self, pool => {
            sqlx::query(TELL_RUN).bind(id).bind(report).bind(at_ms).execute(pool).await.map(drop)
        })
        .doing(doing)
    }

    /// Writes down how a run ended.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn end_gc_run(
        &self,
        id: i64,
        state: GcState,
        report: &GcReport,
        error: Option<&str>,
        at_ms: i64,
    ) -> Result<(), DbError> {
        let doing = "write down how the collector ended";
        let report = json_text(report).doing(doing)?;
        alone!(self, pool => {
            sqlx::query(END_RUN)
                .bind(id)
                .bind(state.as_str())
                .bind(report)
                .bind(at_ms)
                .bind(error)
                .execute(pool)
                .await
                .map(drop)
        })
        .doing(doing)
    }

    /// Forgets all but the last runs.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn forget_gc_runs(&self, keep: i64) -> Result<(), DbError> {
        alone!(self, pool => sqlx::query(FORGET_RUNS).bind(keep).execute(pool).await.map(drop))
            .doing("forget old runs of the collector")
    }
}

impl Change {
    /// Asks for a run; answers its row.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn add_gc_run(
        &mut self,
        cause: &str,
        wish: &GcWish,
        at_ms: i64,
    ) -> Result<i64, DbError> {
        let doing = "ask for a run of the collector";
        let wish = json_text(wish).doing(doing)?;
        within!(self, on => {
            sqlx::query_scalar(ADD_RUN).bind(cause).bind(wish).bind(at_ms).fetch_one(on).await
        })
        .doing(doing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::engines;

    #[tokio::test]
    async fn a_run_waits_goes_on_ends_and_is_forgotten() {
        for (db, _fresh) in engines().await {
            let wish = GcWish { dry_run: true, grace_ms: 5, untagged_ms: None };
            let mut change = db.change().await.unwrap();
            let id = change.add_gc_run("interval", &wish, 1).await.unwrap();
            let second = change.add_gc_run("alice", &wish, 2).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(db.last_gc_start().await.unwrap(), Some(1));
            assert_eq!(db.queued_gc_run().await.unwrap().unwrap().id, id);
            assert!(db.start_gc_run(id, "a", 3).await.unwrap());
            assert!(!db.start_gc_run(id, "b", 3).await.unwrap());
            assert_eq!(db.gc_run(id).await.unwrap().unwrap().state, GcState::Interrupted);

            assert!(db.start_gc_run(second, "a", 4).await.unwrap());
            let report = GcReport { blobs: 7, examined: 10, ..GcReport::default() };
            db.tell_gc_run(second, &report, 1004).await.unwrap();
            let run = db.gc_run(second).await.unwrap().unwrap();
            assert_eq!((run.state, &run.report, run.rate()), (GcState::Running, &report, Some(10)));
            db.end_gc_run(second, GcState::Failed, &report, Some("why"), 9).await.unwrap();
            let runs = db.gc_runs(9).await.unwrap();
            assert_eq!((runs.len(), runs[0].error.as_deref()), (2, Some("why")));
            db.forget_gc_runs(1).await.unwrap();
            assert_eq!(db.gc_runs(9).await.unwrap().len(), 1);
        }
    }
}
