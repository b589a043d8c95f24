//! Locks between the collector of garbage and everybody else. On SQLite one change writes at a
//! time anyway; on PostgreSQL the rows themselves are locked.
//!
//! Whoever puts something into a repository keeps its row with `KEY SHARE`, which others may do
//! at the same time; the collector takes `UPDATE`, and passes over what somebody keeps. In one
//! change the order is: repository, manifests, blobs, documents, outbox; several of a kind by their
//! digests.

use hub_model::Digest;

use crate::{Change, Db, DbError, Doing};

macro_rules! both {
    ($($lite:ident, $pg:ident = $sql:literal, $lock:literal;)+) => {
        $(const $lite: &str = $sql; const $pg: &str = concat!($sql, " ", $lock);)+
        #[cfg(test)]
        pub(crate) const LITE_STATEMENTS: &[(&str, &str)] = &[$((stringify!($lite), $lite)),+];
        #[cfg(test)]
        pub(crate) const PG_STATEMENTS: &[(&str, &str)] = &[
            $((stringify!($pg), $pg),)+
            ("SORTED_MANIFESTS", SORTED_MANIFESTS),
            ("SORTED_BLOBS", SORTED_BLOBS),
        ];
    };
}

both! {
    KEPT_BLOB_LITE, KEPT_BLOB_PG =
        "SELECT size_bytes, state
         FROM blob
         WHERE digest = $1",
        "FOR KEY SHARE";
    LOCKED_BLOB_LITE, LOCKED_BLOB_PG =
        "SELECT size_bytes, state
         FROM blob
         WHERE digest = $1",
        "FOR UPDATE";
    KEPT_MANIFEST_LITE, KEPT_MANIFEST_PG =
        "SELECT digest
         FROM manifest
         WHERE digest = $1",
        "FOR KEY SHARE";
    LONE_BLOBS_LITE, LONE_BLOBS_PG =
        "SELECT digest, size_bytes
         FROM blob
         WHERE unreferenced_since_ms IS NOT NULL AND unreferenced_since_ms <= $1
           AND state <> 'deleting'
         ORDER BY unreferenced_since_ms, digest
         LIMIT $2",
        "FOR UPDATE SKIP LOCKED";
    CONDEMNED_LITE, CONDEMNED_PG =
        "SELECT digest, size_bytes
         FROM blob
         WHERE state <> 'live' AND state = 'deleting' AND digest > $1
         ORDER BY digest
         LIMIT $2",
        "FOR UPDATE SKIP LOCKED";
    LONE_DOCUMENTS_LITE, LONE_DOCUMENTS_PG =
        "SELECT digest
         FROM document
         WHERE unreferenced_since_ms IS NOT NULL AND unreferenced_since_ms <= $1
         ORDER BY unreferenced_since_ms, digest
         LIMIT $2",
        "FOR UPDATE SKIP LOCKED";
    LONE_MANIFESTS_LITE, LONE_MANIFESTS_PG =
        "SELECT digest, size_bytes
         FROM manifest
         WHERE unreferenced_since_ms IS NOT NULL AND unreferenced_since_ms <= $1
         ORDER BY unreferenced_since_ms, digest
         LIMIT $2",
        "FOR UPDATE SKIP LOCKED";
}

/// Two changes that mark the same rows in different orders would wait for each other.
const SORTED_MANIFESTS: &str = "SELECT COUNT(*)
     FROM (SELECT m.digest
           FROM manifest m
           JOIN repo_manifest r ON r.digest = m.digest
           WHERE r.repo_id = $1
           ORDER BY m.digest
           FOR NO KEY UPDATE OF m) AS locked";

const SORTED_BLOBS: &str = "SELECT COUNT(*)
     FROM (SELECT b.digest
           FROM blob b
           JOIN repo_blob r ON r.digest = b.digest
           WHERE r.repo_id = $1
           ORDER BY b.digest
           FOR NO KEY UPDATE OF b) AS locked";

const ALIVE: &str = "SELECT 1";

/// Blobs whose bytes may go now: nobody can bring them back to life while this is held.
#[derive(Debug)]
pub struct Condemned {
    /// Digests and sizes in bytes.
    pub blobs: Vec<(Digest, u64)>,
    /// Holds the rows on PostgreSQL, where another replica may have the same in hand. On SQLite
    /// there is one process, and a change would keep every writer waiting for the disk.
    change: Option<Change>,
}

impl Condemned {
    /// Makes sure that the blobs are still held: a server ends a change whose connection broke,
    /// and its locks with it.
    ///
    /// # Errors
    ///
    /// When they are not: then no more bytes of them may go.
    pub async fn still_held(&mut self) -> Result<(), DbError> {
        let Some(Change::Pg(tx)) = &mut self.change else { return Ok(()) };
        let alive = sqlx::query(ALIVE).execute(&mut **tx).await.map(drop);
        alive.doing("hold the blobs to be removed")
    }

    /// Removes the rows of blobs whose bytes are gone; the others stay condemned.
    ///
    /// # Errors
    ///
    /// When a statement fails; then all of them stay condemned.
    pub async fn bury(self, db: &Db, gone: &[Digest]) -> Result<(), DbError> {
        let mut change = match self.change {
            Some(change) => change,
            None => db.change().await?,
        };
        change.bury_blobs(gone).await?;
        change.commit().await
    }
}

impl Db {
    /// Takes blobs whose bytes are to go, those behind `after` in the order of their digests.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn condemned_blobs(&self, after: &str, limit: i64) -> Result<Condemned, DbError> {
        let doing = "list the blobs to be removed";
        match self {
            Self::Lite(_) => {
                let rows = read!(self, pool => {
                    let list = sqlx::query_as(CONDEMNED_LITE).bind(after).bind(limit);
                    list.fetch_all(pool).await
                });
                let blobs = rows.and_then(crate::garbage::digests_and_sizes).doing(doing)?;
                Ok(Condemned { blobs, change: None })
            }
            Self::Pg(_) => {
                let mut change = self.change().await?;
                let rows = within!(&mut change, on => {
                    let list = sqlx::query_as(CONDEMNED_PG).bind(after).bind(limit);
                    list.fetch_all(on).await
                });
                let blobs = rows.and_then(crate::garbage::digests_and_sizes).doing(doing)?;
                Ok(Condemned { blobs, change: Some(change) })
            }
        }
    }
}

impl Change {
    const fn pick(&self, lite: &'static str, pg: &'static str) -> &'static str {
        match self {
            Self::Lite(_) => lite,
            Self::Pg(_) => pg,
        }
    }

    /// Size and state of a blob that cannot be collected until this change ends.
    pub(crate) async fn kept_blob(
        &mut self,
        digest: &Digest,
    ) -> Result<Option<(i64, String)>, sqlx::Error> {
        let sql = self.pick(KEPT_BLOB_LITE, KEPT_BLOB_PG);
        within!(self, on => sqlx::query_as(sql).bind(digest.as_str()).fetch_optional(on).await)
    }

    /// Size and state of a blob that nobody else keeps or changes until this change ends.
    pub(crate) async fn locked_blob(
        &mut self,
        digest: &Digest,
    ) -> Result<Option<(i64, String)>, sqlx::Error> {
        let sql = self.pick(LOCKED_BLOB_LITE, LOCKED_BLOB_PG);
        within!(self, on => sqlx::query_as(sql).bind(digest.as_str()).fetch_optional(on).await)
    }

    /// Whether a manifest is stored, which then cannot be collected until this change ends.
    pub(crate) async fn keep_manifest(&mut self, digest: &Digest) -> Result<bool, sqlx::Error> {
        let sql = self.pick(KEPT_MANIFEST_LITE, KEPT_MANIFEST_PG);
        let found: Option<String> = within!(self, on => {
            sqlx::query_scalar(sql).bind(digest.as_str()).fetch_optional(on).await
        })?;
        Ok(found.is_some())
    }

    /// Locks blobs that perhaps nobody holds, as long as nobody else has them locked.
    pub(crate) async fn lone_blobs(
        &mut self,
        before_ms: i64,
        limit: i64,
    ) -> Result<Vec<(String, i64)>, sqlx::Error> {
        let sql = self.pick(LONE_BLOBS_LITE, LONE_BLOBS_PG);
        within!(self, on => sqlx::query_as(sql).bind(before_ms).bind(limit).fetch_all(on).await)
    }

    /// Locks manifests that perhaps no repository holds, as long as nobody else has them locked.
    pub(crate) async fn lone_manifests(
        &mut self,
        before_ms: i64,
        limit: i64,
    ) -> Result<Vec<(String, i64)>, sqlx::Error> {
        let sql = self.pick(LONE_MANIFESTS_LITE, LONE_MANIFESTS_PG);
        within!(self, on => sqlx::query_as(sql).bind(before_ms).bind(limit).fetch_all(on).await)
    }

    /// Locks documents that perhaps nothing names, as long as nobody else has them locked.
    pub(crate) async fn lone_documents(
        &mut self,
        before_ms: i64,
        limit: i64,
    ) -> Result<Vec<String>, sqlx::Error> {
        let sql = self.pick(LONE_DOCUMENTS_LITE, LONE_DOCUMENTS_PG);
        within!(self, on => sqlx::query_scalar(sql).bind(before_ms).bind(limit).fetch_all(on).await)
    }

    /// Locks everything that a repository holds, in the one order that everybody keeps.
    pub(crate) async fn lock_holdings(&mut self, repo_id: i64) -> Result<(), sqlx::Error> {
        let Self::Pg(tx) = self else { return Ok(()) };
        for sql in [SORTED_MANIFESTS, SORTED_BLOBS] {
            sqlx::query(sql).bind(repo_id).execute(&mut **tx).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{digest, engines};

    #[tokio::test]
    async fn condemned_blobs_are_held_until_the_connection_ends() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            change.put_blob(&digest(1), 1, 1).await.unwrap();
            change.condemn_blobs(9, 9).await.unwrap();
            change.commit().await.unwrap();
            let mut condemned = db.condemned_blobs("", 9).await.unwrap();
            assert_eq!(condemned.blobs, [(digest(1), 1)]);
            condemned.still_held().await.unwrap();
            // On SQLite nobody else is there, and nothing is held.
            let Db::Pg(pool) = &db else { continue };
            sqlx::query(
                "SELECT pg_terminate_backend(pid)
                 FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .execute(pool)
            .await
            .unwrap();
            assert!(condemned.still_held().await.is_err());
        }
    }

    #[tokio::test]
    async fn the_collector_finds_its_blobs_by_indexes() {
        for (db, _fresh) in engines().await {
            // A planner of PostgreSQL reads tables of no rows as a whole.
            let Db::Lite(lite) = &db else { continue };
            for (sql, index) in
                [(CONDEMNED_LITE, "blob_by_state"), (LONE_BLOBS_LITE, "blob_unreferenced")]
            {
                let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
                let plan: Vec<(i64, i64, i64, String)> =
                    sqlx::query_as(explain).fetch_all(&lite.reader).await.unwrap();
                let plan: Vec<_> = plan.into_iter().map(|(.., step)| step).collect();
                assert_eq!(plan.len(), 1, "it is sorted by the index: {plan:?}");
                assert!(plan[0].contains(index), "{plan:?}");
            }
        }
    }
}
