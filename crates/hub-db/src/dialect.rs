//! Where the two engines differ: every statement that only one of them understands.

pub(crate) mod locks;

use std::path::Path;

use hub_model::RepoName;
use sqlx::QueryBuilder;

use crate::jobs::ClaimRow;
use crate::lists::push_in;
use crate::open::Lite;
use crate::repos::RepoRow;
use crate::{Change, Db, DbError, Doing, LiteChange};

/// Number of the lock that gives changes their turn in the outbox; any number, only for that.
const OUTBOX_LOCK: i64 = 0x6875_625f_6f75_7462;

/// A deferred transaction that reads first and writes later fails under load
/// (`docs/sources.md#sqlite-busy`).
const BEGIN: &str = "BEGIN IMMEDIATE";

/// Without it a reader of letters meets number 2 before number 1 (`docs/sources.md#pg-sequence`).
const LETTER_LOCK: &str = "SELECT pg_advisory_xact_lock($1)";

const BACKUP: &str = "VACUUM INTO $1";

macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE job
             SET state = 'running', attempts = attempts + 1, locked_by = $1, locked_until_ms = $2
             WHERE id = (SELECT id
                         FROM job
                         WHERE (state = 'queued' AND run_at_ms <= $3)
                            OR (state = 'running' AND locked_until_ms < $3)
                         ORDER BY run_at_ms, id
                         LIMIT 1
                         ",
            $lock,
            ")
             RETURNING id, payload, attempts, max_attempts"
        )
    };
}

const CLAIM_LITE: &str = claim!("");

/// Two replicas that ask at the same time get different jobs, and neither waits for the other.
const CLAIM_PG: &str = claim!("FOR UPDATE SKIP LOCKED");

macro_rules! lock_repo {
    ($lock:literal) => {
        concat!(
            "SELECT id, org_id, name, visibility, latest_tag, latest_semver, latest_mode, keep,
                    official, tags, stars, pulls, recent_pulls, created_at_ms, updated_at_ms,
                    pushed_at_ms, pulled_at_ms
             FROM repo
             WHERE name = $1
             ",
            $lock
        )
    };
}

const LOCK_REPO_LITE: &str = lock_repo!("");

/// `NO KEY`: rows that point at the repository may still come, for example a finished upload.
const LOCK_REPO_PG: &str = lock_repo!("FOR NO KEY UPDATE");

#[cfg(test)]
pub(crate) const LITE_STATEMENTS: &[(&str, &str)] =
    &[("CLAIM_LITE", CLAIM_LITE), ("LOCK_REPO_LITE", LOCK_REPO_LITE), ("BACKUP", BACKUP)];

#[cfg(test)]
pub(crate) const PG_STATEMENTS: &[(&str, &str)] =
    &[("CLAIM_PG", CLAIM_PG), ("LOCK_REPO_PG", LOCK_REPO_PG), ("LETTER_LOCK", LETTER_LOCK)];

impl Db {
    /// Begins a change.
    ///
    /// # Errors
    ///
    /// When no connection is free.
    pub async fn change(&self) -> Result<Change, DbError> {
        match self {
            // A deferred BEGIN that reads first and writes later fails under load (SQLITE_BUSY).
            Self::Lite(Lite { writer, listener, .. }) => writer
                .begin_with(BEGIN)
                .await
                .map(|tx| Change::Lite(LiteChange::new(tx, listener.get().cloned()))),
            Self::Pg(pool) => pool.begin().await.map(Change::Pg),
        }
        .doing("begin a change")
    }

    /// Writes a copy of the store, as it is at one moment, into a new file. Tells whether it did:
    /// a PostgreSQL server has tools of its own for that.
    ///
    /// # Errors
    ///
    /// When the file is there already, or cannot be written.
    pub async fn backup(&self, to: &Path) -> Result<bool, DbError> {
        match self {
            Self::Lite(Lite { writer, .. }) => {
                let to = to.to_string_lossy();
                let done = sqlx::query(BACKUP).bind(to.as_ref()).execute(writer).await;
                done.map(|_| true).doing("back the metadata store up")
            }
            Self::Pg(_) => Ok(false),
        }
    }

    /// Takes the next job whose time has come, or whose holder was not heard of in time.
    pub(crate) async fn claim(
        &self,
        holder: &str,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<Option<ClaimRow>, sqlx::Error> {
        match self {
            Self::Lite(Lite { writer, .. }) => {
                let claim = sqlx::query_as(CLAIM_LITE).bind(holder).bind(until_ms).bind(now_ms);
                claim.fetch_optional(writer).await
            }
            Self::Pg(pool) => {
                let claim = sqlx::query_as(CLAIM_PG).bind(holder).bind(until_ms).bind(now_ms);
                claim.fetch_optional(pool).await
            }
        }
    }
}

impl Change {
    /// Waits for the turn in the outbox, which ends with this change.
    pub(crate) async fn take_turn(&mut self) -> Result<(), sqlx::Error> {
        match self {
            // One change writes at a time anyway.
            Self::Lite(_) => Ok(()),
            // Numbers are given at the insert, but seen at the commit: without this lock a reader
            // meets letter 2 before letter 1 and then never looks back.
            Self::Pg(tx) => {
                let lock = sqlx::query(LETTER_LOCK).bind(OUTBOX_LOCK);
                lock.execute(&mut **tx).await.map(drop)
            }
        }
    }

    /// The row of a repository, locked until this change ends.
    pub(crate) async fn locked_repo(
        &mut self,
        name: &RepoName,
    ) -> Result<Option<RepoRow>, sqlx::Error> {
        match self {
            Self::Lite(tx) => {
                let lock = sqlx::query_as(LOCK_REPO_LITE).bind(name.as_str());
                lock.fetch_optional(&mut **tx).await
            }
            Self::Pg(tx) => {
                let lock = sqlx::query_as(LOCK_REPO_PG).bind(name.as_str());
                lock.fetch_optional(&mut **tx).await
            }
        }
    }

    /// Rows, names and recent pulls of repositories, locked until this change ends.
    pub(crate) async fn locked_counts(
        &mut self,
        ids: &[i64],
    ) -> Result<Vec<(i64, String, i64)>, sqlx::Error> {
        let lock = if matches!(self, Self::Pg(_)) { "FOR NO KEY UPDATE" } else { "" };
        within!(self, on => {
            let mut query = QueryBuilder::new("SELECT id, name, recent_pulls FROM repo WHERE id");
            push_in(&mut query, ids.iter().copied());
            // In the order in which those who add pulls lock them.
            query.push(" ORDER BY id ").push(lock);
            query.build_query_as().persistent(false).fetch_all(on).await
        })
    }
}
