//! What the checks ask: whether records agree with each other, with the bytes and with the index.

use hub_model::{BlobState, Digest};
use sqlx::QueryBuilder;

use crate::lists::{LONGEST, push_in};
use crate::rows::{count, known, parsed};
use crate::{Change, Db, DbError, Doing};

statements! {
    BLOBS =
        "SELECT digest, size_bytes, state
         FROM blob
         WHERE digest > $1
         ORDER BY digest
         LIMIT $2";
    UNCHECKED =
        "SELECT digest, size_bytes, state
         FROM blob
         WHERE checked_at_ms <= $1 AND state = 'live'
         ORDER BY checked_at_ms, digest
         LIMIT $2";
    CHECKED =
        "UPDATE blob
         SET checked_at_ms = $2
         WHERE digest = $1 AND state = 'live'";
    DAMAGE =
        "UPDATE blob
         SET state = 'damaged', checked_at_ms = $2
         WHERE digest = $1 AND state = 'live'";
    DAMAGED =
        "SELECT COUNT(*)
         FROM blob
         WHERE state <> 'live' AND state = 'damaged'";
    UPLOAD_IDS =
        "SELECT id
         FROM upload";
    NEEDED_BY =
        "SELECT r.name, h.digest,
                (SELECT MIN(i.tag)
                 FROM img i
                 WHERE i.repo_id = h.repo_id AND i.digest = h.digest) AS tag
         FROM manifest_link l
         JOIN repo_manifest h ON h.digest = l.parent
         JOIN repo r ON r.id = h.repo_id
         WHERE l.target = $1 AND l.kind <> 'manifest'
         ORDER BY r.name, h.digest
         LIMIT $2";
    HOLDERS_OF =
        "SELECT r.name
         FROM repo_blob b
         JOIN repo r ON r.id = b.repo_id
         WHERE b.digest = $1";
    CHECKED_AT =
        "SELECT checked_at_ms
         FROM blob
         WHERE digest = $1";
    MISSING_BLOBS =
        "SELECT r.name, h.digest, l.target
         FROM repo_manifest h
         JOIN repo r ON r.id = h.repo_id
         JOIN manifest_link l ON l.parent = h.digest
         LEFT JOIN repo_blob b ON b.repo_id = h.repo_id AND b.digest = l.target
         WHERE l.kind <> 'manifest' AND NOT l.elsewhere AND b.digest IS NULL
         LIMIT $1";
    LOST_TAGS =
        "SELECT r.name, i.tag, i.digest
         FROM img i
         JOIN repo r ON r.id = i.repo_id
         LEFT JOIN repo_manifest h ON h.repo_id = i.repo_id AND h.digest = i.digest
         WHERE i.digest IS NOT NULL AND h.digest IS NULL
         LIMIT $1";
    WRONG_STARS =
        "SELECT name, said, found
         FROM (SELECT r.name, r.stars AS said,
                      (SELECT COUNT(*) FROM star s WHERE s.repo_id = r.id) AS found
               FROM repo r) AS counted
         WHERE said <> found
         LIMIT $1";
    SET_STARS =
        "UPDATE repo
         SET stars = (SELECT COUNT(*) FROM star s WHERE s.repo_id = repo.id)
         WHERE name = $1";
    FORGOTTEN_LINKS =
        "SELECT COUNT(*)
         FROM repo_blob b
         WHERE b.unused_since_ms IS NULL
           AND NOT EXISTS (SELECT 1
                           FROM manifest_link l
                           JOIN repo_manifest h ON h.digest = l.parent
                           WHERE l.target = b.digest AND l.kind <> 'manifest'
                             AND h.repo_id = b.repo_id)";
    FORGOTTEN_BLOBS =
        "SELECT COUNT(*)
         FROM blob b
         WHERE b.unreferenced_since_ms IS NULL
           AND NOT EXISTS (SELECT 1 FROM repo_blob r WHERE r.digest = b.digest)";
    FORGOTTEN_MANIFESTS =
        "SELECT COUNT(*)
         FROM manifest m
         WHERE m.unreferenced_since_ms IS NULL
           AND NOT EXISTS (SELECT 1 FROM repo_manifest r WHERE r.digest = m.digest)";
    MARK_LINKS =
        "UPDATE repo_blob
         SET unused_since_ms = $1
         WHERE unused_since_ms IS NULL
           AND NOT EXISTS (SELECT 1
                           FROM manifest_link l
                           JOIN repo_manifest h ON h.digest = l.parent
                           WHERE l.target = repo_blob.digest AND l.kind <> 'manifest'
                             AND h.repo_id = repo_blob.repo_id)";
    MARK_BLOBS =
        "UPDATE blob
         SET unreferenced_since_ms = $1
         WHERE unreferenced_since_ms IS NULL
           AND NOT EXISTS (SELECT 1 FROM repo_blob r WHERE r.digest = blob.digest)";
    MARK_MANIFESTS =
        "UPDATE manifest
         SET unreferenced_since_ms = $1
         WHERE unreferenced_since_ms IS NULL
           AND NOT EXISTS (SELECT 1 FROM repo_manifest r WHERE r.digest = manifest.digest)";
}

/// A blob as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobRecord {
    /// Its digest.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// How it stands.
    pub state: BlobState,
}

fn records(rows: Vec<(String, i64, String)>) -> Result<Vec<BlobRecord>, sqlx::Error> {
    let record = |(digest, size, state): (String, i64, String)| {
        Ok(BlobRecord {
            digest: parsed(Digest::parse(&digest))?,
            size: count(size)?,
            state: known(&state, BlobState::parse(&state))?,
        })
    };
    rows.into_iter().map(record).collect()
}

impl Db {
    /// Blobs in the order of their digests, those behind `after`.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn blob_records(&self, after: &str, limit: i64) -> Result<Vec<BlobRecord>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as(BLOBS).bind(after).bind(limit).fetch_all(pool).await
        });
        rows.and_then(records).doing("list the blobs")
    }

    /// Live blobs whose bytes were not read since `before_ms`, the oldest first.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn unchecked_blobs(
        &self,
        before_ms: i64,
        limit: i64,
    ) -> Result<Vec<BlobRecord>, DbError> {
        let rows = read!(self, pool => {
            sqlx::query_as(UNCHECKED).bind(before_ms).bind(limit).fetch_all(pool).await
        });
        rows.and_then(records).doing("list the blobs to be checked")
    }

    /// Writes down that the bytes of a blob were looked at, so that others come first next time.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn blob_checked(&self, digest: &Digest, at_ms: i64) -> Result<(), DbError> {
        alone!(self, pool => {
            let checked = sqlx::query(CHECKED).bind(digest.as_str()).bind(at_ms);
            checked.execute(pool).await.map(drop)
        })
        .doing("write down that the blob was checked")
    }

    /// When the bytes of a blob were last looked at or stored again, in milliseconds.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn blob_checked_at(&self, digest: &Digest) -> Result<Option<i64>, DbError> {
        read!(self, pool => {
            sqlx::query_scalar(CHECKED_AT).bind(digest.as_str()).fetch_optional(pool).await
        })
        .doing("read when the blob was checked")
    }

    /// Number of damaged blobs.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_damaged(&self) -> Result<u64, DbError> {
        let found = read!(self, pool => sqlx::query_scalar(DAMAGED).fetch_one(pool).await);
        found.and_then(count).doing("count the damaged blobs")
    }

    /// Those of `digests` of which there is a record.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn known_blobs(&self, digests: &[Digest]) -> Result<Vec<Digest>, DbError> {
        let doing = "look for records of blobs";
        let mut known = Vec::with_capacity(digests.len());
        for some in digests.chunks(LONGEST) {
            let rows: Vec<String> = read!(self, pool => {
                let mut query = QueryBuilder::new("SELECT digest FROM blob WHERE digest");
                push_in(&mut query, some.iter().map(Digest::as_str));
                query.build_query_scalar().persistent(false).fetch_all(pool).await
            })
            .doing(doing)?;
            for digest in rows {
                known.push(parsed(Digest::parse(&digest)).doing(doing)?);
            }
        }
        Ok(known)
    }

    /// Ids of all uploads that go on.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn upload_ids(&self) -> Result<Vec<String>, DbError> {
        read!(self, pool => sqlx::query_scalar(UPLOAD_IDS).fetch_all(pool).await)
            .doing("list the uploads")
    }

    /// Images that name a blob: `repository:tag`, or `repository@digest` without a tag.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn needed_by(&self, digest: &Digest, limit: i64) -> Result<Vec<String>, DbError> {
        let rows: Result<Vec<(String, String, Option<String>)>, _> = read!(self, pool => {
            sqlx::query_as(NEEDED_BY).bind(digest.as_str()).bind(limit).fetch_all(pool).await
        });
        let name = |(repo, digest, tag): (String, String, Option<String>)| match tag {
            Some(tag) => format!("{repo}:{tag}"),
            None => format!("{repo}@{digest}"),
        };
        rows.map(|rows| rows.into_iter().map(name).collect()).doing("list the images of the blob")
    }

    /// Names of repositories that hold a blob, damaged or not.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn holders_of(&self, digest: &Digest) -> Result<Vec<String>, DbError> {
        read!(self, pool => {
            sqlx::query_scalar(HOLDERS_OF).bind(digest.as_str()).fetch_all(pool).await
        })
        .doing("list the repositories that hold the blob")
    }

    /// Manifests that name a blob which their repository does not hold: repository, manifest,
    /// blob.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn missing_blobs(
        &self,
        limit: i64,
    ) -> Result<Vec<(String, String, String)>, DbError> {
        read!(self, pool => sqlx::query_as(MISSING_BLOBS).bind(limit).fetch_all(pool).await)
            .doing("look for manifests without their blobs")
    }

    /// Tags that name a manifest which their repository does not hold: repository, tag, manifest.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn lost_tags(&self, limit: i64) -> Result<Vec<(String, String, String)>, DbError> {
        read!(self, pool => sqlx::query_as(LOST_TAGS).bind(limit).fetch_all(pool).await)
            .doing("look for tags without their manifests")
    }

    /// Repositories whose number of stars is wrong: name, number, right number.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn wrong_stars(&self, limit: i64) -> Result<Vec<(String, i64, i64)>, DbError> {
        read!(self, pool => sqlx::query_as(WRONG_STARS).bind(limit).fetch_all(pool).await)
            .doing("count the stars")
    }

    /// Number of things that nothing needs and that the collector would never look at: blobs of
    /// repositories, blobs, manifests.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn forgotten(&self) -> Result<[u64; 3], DbError> {
        let mut found = [0; 3];
        let statements = [FORGOTTEN_LINKS, FORGOTTEN_BLOBS, FORGOTTEN_MANIFESTS];
        for (found, statement) in found.iter_mut().zip(statements) {
            let rows = read!(self, pool => sqlx::query_scalar(statement).fetch_one(pool).await);
            *found = rows.and_then(count).doing("look for forgotten garbage")?;
        }
        Ok(found)
    }
}

impl Change {
    /// Size in bytes and state of a blob, which nobody else can change, keep or collect until
    /// this change ends.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn lock_blob(
        &mut self,
        digest: &Digest,
    ) -> Result<Option<(u64, BlobState)>, DbError> {
        self.locked_blob(digest).await.and_then(crate::blobs::size_and_state).doing("lock the blob")
    }

    /// When the bytes of a blob were last looked at or stored again, in milliseconds.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn blob_checked_at(&mut self, digest: &Digest) -> Result<Option<i64>, DbError> {
        within!(self, on => {
            sqlx::query_scalar(CHECKED_AT).bind(digest.as_str()).fetch_optional(on).await
        })
        .doing("read when the blob was checked")
    }

    /// Writes down that the bytes of a live blob are lost or changed.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn damage_blob(&mut self, digest: &Digest, at_ms: i64) -> Result<(), DbError> {
        within!(self, on => {
            sqlx::query(DAMAGE).bind(digest.as_str()).bind(at_ms).execute(on).await.map(drop)
        })
        .doing("record the damage of the blob")
    }

    /// Counts the stars of a repository anew.
    ///
    /// # Errors
    ///
    /// When the statement fails.
    pub async fn count_stars(&mut self, repo: &str) -> Result<(), DbError> {
        within!(self, on => sqlx::query(SET_STARS).bind(repo).execute(on).await.map(drop))
            .doing("set the stars of the repository")
    }

    /// Marks what [`Db::forgotten`] counts, so that the collector looks at it.
    ///
    /// # Errors
    ///
    /// When a statement fails.
    pub async fn mark_forgotten(&mut self, at_ms: i64) -> Result<u64, DbError> {
        let mut marked = 0;
        for statement in [MARK_LINKS, MARK_BLOBS, MARK_MANIFESTS] {
            let done = within!(&mut *self, on => {
                sqlx::query(statement).bind(at_ms).execute(on).await.map(|d| d.rows_affected())
            });
            marked += done.doing("mark forgotten garbage")?;
        }
        Ok(marked)
    }
}
