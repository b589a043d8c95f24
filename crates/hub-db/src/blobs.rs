//! Blobs, and which repositories hold them.

use std::collections::HashMap;

use hub_model::{BlobState, Digest};
use sqlx::QueryBuilder;

use crate::lists::{LONGEST, push_in};
use crate::rows::{count, int, known, parsed};
use crate::{Change, Db, DbError, Doing};

statements! {
    PUT_BLOB =
        "INSERT INTO blob (digest, size_bytes, created_at_ms, unreferenced_since_ms, checked_at_ms)
         VALUES ($1, $2, $3, $3, $3)
         ON CONFLICT (digest) DO NOTHING";
    LINK_BLOB =
        "INSERT INTO repo_blob (repo_id, digest, unused_since_ms)
         VALUES ($1, $2, $3)
         ON CONFLICT (repo_id, digest) DO NOTHING";
    KEEP_BLOB =
        "UPDATE blob
         SET unreferenced_since_ms = NULL
         WHERE digest = $1 AND unreferenced_since_ms IS NOT NULL";
    CLAIM_BLOB =
        "UPDATE blob
         SET unreferenced_since_ms = $2
         WHERE digest = $1 AND state <> 'deleting' AND unreferenced_since_ms < $2";
    HEAL_BLOB =
        "UPDATE blob
         SET state = 'live', size_bytes = $2, checked_at_ms = $3
         WHERE digest = $1 AND state = 'damaged'";
    BLOB_IN =
        "SELECT b.size_bytes, r.unused_since_ms
         FROM repo_blob r
         JOIN blob b ON b.digest = r.digest
         WHERE r.repo_id = $1 AND r.digest = $2 AND b.state = 'live'";
    DAMAGED_IN =
        "SELECT COUNT(*)
         FROM repo_blob r
         JOIN blob b ON b.digest = r.digest
         WHERE r.repo_id = $1 AND r.digest = $2 AND b.state = 'damaged'";
    BLOB =
        "SELECT size_bytes, state
         FROM blob
         WHERE digest = $1";
    RENEW_LINK =
        "UPDATE repo_blob
         SET unused_since_ms = $3
         WHERE repo_id = $1 AND digest = $2 AND unused_since_ms < $3";
    LEAVE_BLOB =
        "UPDATE blob
         SET unreferenced_since_ms = $2
         WHERE digest = $1";
    UNLINK_BLOB =
        "DELETE FROM repo_blob
         WHERE repo_id = $1 AND digest = $2";
    BLOB_USED =
        "SELECT COUNT(*)
         FROM (SELECT 1
               FROM manifest_link l
               JOIN repo_manifest r ON r.digest = l.parent
               WHERE r.repo_id = $1 AND l.target = $2 AND l.kind <> 'manifest'
               LIMIT 1) AS first";
}

/// A blob that a repository holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeldBlob {
    /// Its size in bytes.
    pub size: u64,
    /// Whether perhaps no manifest of the repository names it: then it goes when its grace ends,
    /// unless somebody asks for it.
    pub unused: bool,
}

impl Db {
    /// Size of a blob that a repository holds, in bytes. A damaged one counts as absent.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn blob_in(&self, repo_id: i64, digest: &Digest) -> Result<Option<u64>, DbError> {
        Ok(self.held_blob(repo_id, digest).await?.map(|held| held.size))
    }

    /// A blob that a repository holds. A damaged one counts as absent.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn held_blob(
        &self,
        repo_id: i64,
        digest: &Digest,
    ) -> Result<Option<HeldBlob>, DbError> {
        let row: Result<Option<(i64, Option<i64>)>, _> = read!(self, pool => {
            sqlx::query_as(BLOB_IN)
                .bind(repo_id)
                .bind(digest.as_str())
                .fetch_optional(pool)
                .await
        });
        row.and_then(|row| {
            row.map(|(size, since)| Ok(HeldBlob { size: count(size)?, unused: since.is_some() }))
                .transpose()
        })
        .doing("read the blob of the repository")
    }

    /// Whether a repository holds a blob that is damaged.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn is_damaged_in(&self, repo_id: i64, digest: &Digest) -> Result<bool, DbError> {
        let found: Result<i64, _> = read!(self, pool => {
            let ask = sqlx::query_scalar(DAMAGED_IN).bind(repo_id).bind(digest.as_str());
            ask.fetch_one(pool).await
        });
        found.map(|found| found > 0).doing("look for damage of the blob")
    }

    /// Size in bytes and state of a blob that is known, whoever holds it.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn blob(&self, digest: &Digest) -> Result<Option<(u64, BlobState)>, DbError> {
        let row = read!(self, pool => {
            sqlx::query_as(BLOB).bind(digest.as_str()).fetch_optional(pool).await
        });
        row.and_then(size_and_state).doing("read the blob")
    }

    /// Keeps a blob that no repository holds for another grace time, because an upload is about
    /// to store it. One that is being deleted is not kept.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn claim_blob(&self, digest: &Digest, now_ms: i64) -> Result<(), DbError> {
        alone!(self, pool => {
            let claim = sqlx::query(CLAIM_BLOB).bind(digest.as_str()).bind(now_ms);
            claim.execute(pool).await.map(drop)
        })
        .doing("claim the blob")
    }

    /// Keeps unused blobs of repositories for another grace time, because somebody asked for
    /// them. Each is a change of its own: without the locks of their repositories, who held two
    /// of these rows at once would wait for a publication that waits for them.
    ///
    /// # Errors
    ///
    /// When a statement fails; then those behind it are not kept longer.
    pub async fn renew_links(&self, links: &[(i64, Digest, i64)]) -> Result<(), DbError> {
        for (repo_id, digest, at_ms) in links {
            alone!(self, pool => {
                let renew = sqlx::query(RENEW_LINK).bind(repo_id).bind(digest.as_str());
                renew.bind(at_ms).execute(pool).await.map(drop)
            })
            .doing("keep the blobs that were asked for")?;
        }
        Ok(())
    }

    /// Whether a manifest of the repository names the blob.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn blob_used(&self, repo_id: i64, digest: &Digest) -> Result<bool, DbError> {
        let uses: Result<i64, _> = read!(self, pool => {
            sqlx::query_scalar(BLOB_USED).bind(repo_id).bind(digest.as_str()).fetch_one(pool).await
        });
        uses.map(|uses| uses > 0).doing("look for manifests that name the blob")
    }
}

pub(crate) fn size_and_state(
    row: Option<(i64, String)>,
) -> Result<Option<(u64, BlobState)>, sqlx::Error> {
    row.map(|(size, state)| Ok((count(size)?, known(&state, BlobState::parse(&state))?)))
        .transpose()
}

impl Change {
    /// Whether a manifest of the repository names the blob.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn blob_used(&mut self, repo_id: i64, digest: &Digest) -> Result<bool, DbError> {
        let uses = within!(self, on => {
            sqlx::query_scalar::<_, i64>(BLOB_USED)
                .bind(repo_id)
                .bind(digest.as_str())
                .fetch_one(on)
                .await
        });
        uses.map(|uses| uses > 0).doing("look for manifests that name the blob")
    }

    /// Size in bytes and state of a blob, which cannot be collected until this change ends.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn hold_blob(
        &mut self,
        digest: &Digest,
    ) -> Result<Option<(u64, BlobState)>, DbError> {
        self.kept_blob(digest).await.and_then(size_and_state).doing("hold the blob")
    }

    /// Writes down that a blob is stored; one that is known stays as it is. Tells whether it is
    /// new: then nobody else knows of it until this change ends.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn put_blob(
        &mut self,
        digest: &Digest,
        size: u64,
        at_ms: i64,
    ) -> Result<bool, DbError> {
        within!(self, on => {
            let put = sqlx::query(PUT_BLOB).bind(digest.as_str()).bind(int(size)).bind(at_ms);
            put.execute(on).await.map(|done| done.rows_affected() > 0)
        })
        .doing("record the blob")
    }

    /// Writes down that a damaged blob was stored again.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn heal_blob(
        &mut self,
        digest: &Digest,
        size: u64,
        at_ms: i64,
    ) -> Result<(), DbError> {
        within!(self, on => {
            let heal = sqlx::query(HEAL_BLOB).bind(digest.as_str()).bind(int(size)).bind(at_ms);
            heal.execute(on).await.map(drop)
        })
        .doing("record that the blob is whole again")
    }

    /// Puts a known blob, held by [`Change::hold_blob`] or new, into a repository. Until a
    /// manifest names it, it counts as unused since `at_ms`, also when it was there before.
    ///
    /// # Errors
    ///
    /// When the blob is not known ([`DbError::is_in_use`]), or a statement fails.
    pub async fn link_blob(
        &mut self,
        repo_id: i64,
        digest: &Digest,
        at_ms: i64,
    ) -> Result<(), DbError> {
        let digest = digest.as_str();
        let linked = within!(&mut *self, on => async {
            let link = sqlx::query(LINK_BLOB).bind(repo_id).bind(digest).bind(at_ms);
            let new = link.execute(&mut *on).await?.rows_affected() > 0;
            if !new {
                let renew = sqlx::query(RENEW_LINK).bind(repo_id).bind(digest).bind(at_ms);
                renew.execute(on).await?;
            }
            Ok::<_, sqlx::Error>(new)
        }
        .await);
        // What was there before is counted already.
        if linked.doing("put the blob into the repository")? {
            self.note_linked(repo_id, digest).await?;
        }
        within!(self, on => sqlx::query(KEEP_BLOB).bind(digest).execute(on).await.map(drop))
            .doing("keep the blob")
    }

    /// Those of `digests` that the repository holds, with their sizes in bytes. A damaged one
    /// counts as absent.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn blobs_in(
        &mut self,
        repo_id: i64,
        digests: &[Digest],
    ) -> Result<Vec<(Digest, u64)>, DbError> {
        let doing = "read the blobs of the repository";
        let mut sizes = HashMap::with_capacity(digests.len());
        for some in digests.chunks(LONGEST) {
            let rows: Result<Vec<(String, i64)>, _> = within!(&mut *self, on => {
                let mut query = QueryBuilder::new(
                    "SELECT b.digest, b.size_bytes
                     FROM repo_blob r
                     JOIN blob b ON b.digest = r.digest
                     WHERE b.state = 'live' AND r.repo_id = ",
                );
                query.push_bind(repo_id).push(" AND r.digest");
                push_in(&mut query, some.iter().map(Digest::as_str));
                query.build_query_as().persistent(false).fetch_all(on).await
            });
            for (digest, size) in rows.doing(doing)? {
                let digest = parsed(Digest::parse(&digest)).doing(doing)?;
                sizes.insert(digest, count(size).doing(doing)?);
            }
        }
        Ok(sizes.into_iter().collect())
    }

    /// Takes a blob out of a repository; tells whether it was there.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn unlink_blob(
        &mut self,
        repo_id: i64,
        digest: &Digest,
        at_ms: i64,
    ) -> Result<bool, DbError> {
        let doing = "take the blob out of the repository";
        let was_there = self.drop_link(repo_id, digest.as_str()).await.doing(doing)?;
        if was_there {
            // Whether somebody else holds it is asked when its grace has ended.
            within!(&mut *self, on => {
                let leave = sqlx::query(LEAVE_BLOB).bind(digest.as_str()).bind(at_ms);
                leave.execute(on).await.map(drop)
            })
            .doing(doing)?;
            self.note_unlinked(repo_id, digest.as_str()).await?;
        }
        Ok(was_there)
    }

    /// Removes the link alone; tells whether there was one.
    pub(crate) async fn drop_link(
        &mut self,
        repo_id: i64,
        digest: &str,
    ) -> Result<bool, sqlx::Error> {
        within!(self, on => {
            let unlink = sqlx::query(UNLINK_BLOB).bind(repo_id).bind(digest);
            unlink.execute(on).await.map(|done| done.rows_affected() > 0)
        })
    }
}

#[cfg(test)]
mod tests {
    use hub_model::Visibility;

    use super::*;
    use crate::fixtures::{digest, engines, with_repo};

    #[tokio::test]
    async fn a_blob_is_seen_only_where_it_was_put() {
        for (db, _fresh) in engines().await {
            let repo = with_repo(&db).await;
            let mut change = db.change().await.unwrap();
            change.put_blob(&digest(1), 10, 1).await.unwrap();
            change.put_blob(&digest(1), 99, 2).await.unwrap();
            change.put_blob(&digest(2), 20, 1).await.unwrap();
            change.link_blob(repo.id, &digest(1), 1).await.unwrap();
            change.link_blob(repo.id, &digest(1), 1).await.unwrap();
            let held = change.blobs_in(repo.id, &[digest(1), digest(2), digest(3)]).await;
            assert_eq!(held.unwrap(), [(digest(1), 10)]);
            assert!(change.blobs_in(repo.id, &[]).await.unwrap().is_empty());
            change.commit().await.unwrap();

            assert_eq!(db.blob_in(repo.id, &digest(1)).await.unwrap(), Some(10));
            assert_eq!(db.blob_in(repo.id, &digest(2)).await.unwrap(), None);
            assert_eq!(db.blob(&digest(2)).await.unwrap(), Some((20, BlobState::Live)));
            assert_eq!(db.blob(&digest(3)).await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn more_blobs_than_one_list_takes_are_all_found() {
        for (db, _fresh) in engines().await {
            let repo = with_repo(&db).await;
            let last = digest(2 * LONGEST as u64);
            let mut change = db.change().await.unwrap();
            change.put_blob(&last, 7, 1).await.unwrap();
            change.link_blob(repo.id, &last, 1).await.unwrap();
            let asked: Vec<_> = (0..=2 * LONGEST as u64).map(digest).collect();
            assert_eq!(change.blobs_in(repo.id, &asked).await.unwrap(), [(last, 7)]);
        }
    }

    #[tokio::test]
    async fn an_unknown_blob_enters_no_repository() {
        for (db, _fresh) in engines().await {
            let repo = with_repo(&db).await;
            let mut change = db.change().await.unwrap();
            let error = change.link_blob(repo.id, &digest(9), 1).await.unwrap_err();
            assert!(error.is_in_use());
        }
    }

    #[tokio::test]
    async fn repositories_with_a_blob_are_listed_public_ones_first() {
        for (db, _fresh) in engines().await {
            let mut change = db.change().await.unwrap();
            let org = change.an_org("labring").await;
            change.put_blob(&digest(1), 10, 1).await.unwrap();
            for (path, visibility) in [("a", Visibility::Private), ("b", Visibility::Public)] {
                let repo = change.a_repo(&org, path, visibility).await;
                change.link_blob(repo.id, &digest(1), 1).await.unwrap();
            }
            change.commit().await.unwrap();

            let holders = db.repos_with_blob(&digest(1), 10).await.unwrap();
            let paths: Vec<_> = holders.iter().map(|repo| repo.name.path()).collect();
            assert_eq!(paths, ["b", "a"]);

            let mut change = db.change().await.unwrap();
            assert!(change.unlink_blob(holders[0].id, &digest(1), 5).await.unwrap());
            assert!(!change.unlink_blob(holders[0].id, &digest(1), 5).await.unwrap());
            change.commit().await.unwrap();
            assert_eq!(db.repos_with_blob(&digest(1), 10).await.unwrap().len(), 1);
        }
    }
}
