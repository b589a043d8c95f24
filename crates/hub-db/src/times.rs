//! Times that lie too far ahead: leases and jobs written down before the clock jumped back.
//!
//! Without this a job would wait, and a lease of a process that died would hold, for as long as
//! the clock was wrong.

use crate::{Db, DbError, Doing};

/// No lease reaches further ahead, in milliseconds; replicas whose clocks
/// differ by less do not disturb each other.
const LEASE_AHEAD_MS: i64 = 10 * 60 * 1000;

/// No job is put off further, in milliseconds: the longest pause before another attempt is
/// twelve minutes.
const JOB_AHEAD_MS: i64 = 60 * 60 * 1000;

statements! {
    UPLOADS_AHEAD =
        "UPDATE upload
         SET until_ms = $1
         WHERE until_ms > $2";
    RUNNING_AHEAD =
        "UPDATE job
         SET locked_until_ms = $1
         WHERE state = 'running' AND locked_until_ms > $2";
    QUEUED_AHEAD =
        "UPDATE job
         SET run_at_ms = $1
         WHERE state = 'queued' AND run_at_ms > $2";
    LEASES_AHEAD =
        "UPDATE lease
         SET until_ms = $1
         WHERE until_ms > $2";
    FREE_UPLOADS =
        "UPDATE upload
         SET holder = '', until_ms = 0
         WHERE holder <> ''";
    FREE_JOBS =
        "UPDATE job
         SET locked_until_ms = 0
         WHERE state = 'running'";
    FREE_LEASES =
        "DELETE FROM lease";
}

impl Db {
    /// Ends leases, and makes jobs due, whose times cannot have been written down by a clock that
    /// shows `now_ms`. Answers how many there were.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn clamp_times(&self, now_ms: i64) -> Result<u64, DbError> {
        let past = now_ms - 1;
        let mut found = 0;
        for (statement, ahead) in [
            (UPLOADS_AHEAD, LEASE_AHEAD_MS),
            (RUNNING_AHEAD, LEASE_AHEAD_MS),
            (QUEUED_AHEAD, JOB_AHEAD_MS),
            (LEASES_AHEAD, LEASE_AHEAD_MS),
        ] {
            found += alone!(self, pool => {
                let done = sqlx::query(statement).bind(past).bind(now_ms + ahead).execute(pool);
                done.await.map(|done| done.rows_affected())
            })
            .doing("mend times that lie too far ahead")?;
        }
        Ok(found)
    }

    /// Ends every lease. Only for who knows that no other process works with this store: then
    /// whoever held one is dead.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn free_leases(&self) -> Result<(), DbError> {
        for statement in [FREE_UPLOADS, FREE_JOBS, FREE_LEASES] {
            alone!(self, pool => sqlx::query(statement).execute(pool).await.map(drop))
                .doing("end the leases of those who died")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use hub_model::{Algorithm, Job, Upload};

    use super::*;
    use crate::fixtures::engines;

    const DAY_MS: i64 = 24 * 60 * 60 * 1000;

    /// An upload and a job that somebody holds, another job that waits, all at `now_ms`.
    async fn held(db: &Db, now_ms: i64) {
        let mut change = db.change().await.unwrap();
        let upload = Upload {
            id: "u1".to_owned(),
            repo: "labring/app".to_owned(),
            user: "alice".to_owned(),
            offset_bytes: 0,
            algorithm: Algorithm::Sha256,
            hash_state: Vec::new(),
            store_state: Vec::new(),
            started_at_ms: now_ms,
            updated_at_ms: now_ms,
        };
        change.add_upload(&upload).await.unwrap();
        change.enqueue(&Job::ExpireUploads, now_ms).await.unwrap();
        change.commit().await.unwrap();
        assert!(db.lease_upload("u1", "dead", now_ms, now_ms + 30_000).await.unwrap());
        assert!(db.claim_job("dead", now_ms, now_ms + 30_000).await.unwrap().is_some());
        let mut change = db.change().await.unwrap();
        let repo = "labring/app".parse().unwrap();
        change.enqueue(&Job::DescribeRepo { repo }, now_ms).await.unwrap();
        change.commit().await.unwrap();
        assert!(db.take_lease("one", "dead", now_ms, now_ms + 30_000).await.unwrap());
    }

    #[tokio::test]
    async fn after_a_jump_back_of_the_clock_nothing_is_held_and_every_job_is_due() {
        for (db, _fresh) in engines().await {
            held(&db, 2 * DAY_MS).await;
            let now = DAY_MS;
            assert!(!db.lease_upload("u1", "new", now, now + 30_000).await.unwrap());
            assert!(db.claim_job("new", now, now + 30_000).await.unwrap().is_none());

            assert_eq!(db.clamp_times(now).await.unwrap(), 4);
            assert_eq!(db.clamp_times(now).await.unwrap(), 0);
            assert!(db.lease_upload("u1", "new", now, now + 30_000).await.unwrap());
            assert!(db.take_lease("one", "new", now, now + 30_000).await.unwrap());
            for _ in 0..2 {
                assert!(db.claim_job("new", now, now + 30_000).await.unwrap().is_some());
            }
        }
    }

    #[tokio::test]
    async fn what_lies_ahead_as_it_should_stays() {
        for (db, _fresh) in engines().await {
            held(&db, DAY_MS).await;
            assert_eq!(db.clamp_times(DAY_MS - 60_000).await.unwrap(), 0);
        }
    }

    #[tokio::test]
    async fn the_only_process_ends_the_leases_of_the_one_before() {
        for (db, _fresh) in engines().await {
            held(&db, DAY_MS).await;
            db.free_leases().await.unwrap();
            assert!(db.lease_upload("u1", "new", DAY_MS, DAY_MS + 30_000).await.unwrap());
            assert!(db.take_lease("one", "new", DAY_MS, DAY_MS + 30_000).await.unwrap());
            for _ in 0..2 {
                assert!(db.claim_job("new", DAY_MS, DAY_MS + 30_000).await.unwrap().is_some());
            }
        }
    }
}
